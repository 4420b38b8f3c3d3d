//! The settings of what keeps attackers out: second factor, binding, cross-site requests, guessing.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::parts::{Lifetime, human_duration, list, text_or_off};

/// The second step of a log-in that has two.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondFactor {
    /// How long after the first factor the second may be passed: 10 min; at most half an hour (ASVS 6.5.5).
    #[serde(with = "human_duration")]
    pub within: Duration,
    /// Where `LoggedIn` and the guards send a browser that still owes the second factor, as in `/totp`. Without it, and for
    /// other clients, the answer is 401.
    pub url: Option<String>,
}

/// The time-outs of the higher authenticator assurance levels (NIST SP 800-63B-4, sections 2.2.3 and 2.3.3). A session at such
/// a level lives by them wherever they are shorter than its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assurances {
    /// At AAL2: 1 h idle, 24 h in all.
    pub aal2: Lifetime,
    /// At AAL3: 15 min idle, 12 h in all.
    pub aal3: Lifetime,
}

/// What happens when a session is used from another network, or by another browser, than it was begun. A signal, never a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// When the network is another. Production: it is reported.
    pub address: Reaction,
    /// When the user agent is another: not merely another version of the same. Production: it is reported.
    pub user_agent: Reaction,
    /// How many leading bits of an IPv4 address make its network: 24. 32 is the address itself.
    pub ipv4_prefix: u8,
    /// The same of IPv6: 64. 128 is the address itself.
    pub ipv6_prefix: u8,
}

/// What follows when a session is used from elsewhere. In the order of severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reaction {
    /// Nothing: it is not even looked at.
    #[default]
    Off,
    /// An event, once.
    Report,
    /// An event, and the session counts as nobody's until its user has proved again who he is.
    StepUp,
    /// An event, and the request is nobody's. The session goes on where it was begun.
    Refuse,
    /// An event, and the session ends.
    End,
}

/// What becomes of requests that other sites made a browser send (cross-site request forgery).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrossSite {
    /// Whether such requests are refused: 403.
    pub check: CrossSiteCheck,
    /// Origins that are trusted as one's own, as in `https://accounts.example.org`. A comma separates them in the environment.
    #[serde(with = "list")]
    pub origins: Vec<String>,
    /// Whether sites under the same registrable domain are trusted. Off unless set: a forgotten sub-domain is one of them.
    pub trust_same_site: bool,
    /// What becomes of a request with a cookie that does not say where it comes from: no browser of this decade sends one.
    pub without_headers: WithoutHeaders,
}

/// Whether requests from other sites are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CrossSiteCheck {
    /// They are.
    Enforce,
    /// They are not, but an event tells of each that would be: for trying out.
    Report,
    /// They are not looked at.
    Off,
}

/// What becomes of a request that has a cookie, and neither `Sec-Fetch-Site` nor `Origin` nor `Referer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WithoutHeaders {
    /// It counts as one of another site.
    Refuse,
    /// It counts as one of the same site: for programs that keep cookies.
    Allow,
}

/// Whose word on where a request came from is believed: nobody's, unless set (ASVS 4.1.3, 15.3.4).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proxies {
    /// Addresses, or networks as in `10.0.0.0/8`, of one's own proxies. A comma separates them in the environment.
    #[serde(with = "list")]
    pub trusted: Vec<String>,
    /// The header that they set. The other one is not looked at.
    pub header: ForwardedHeader,
}

/// The header by which proxies tell where a request came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForwardedHeader {
    /// `Forwarded` (RFC 7239): `for` and `proto`.
    Forwarded,
    /// `X-Forwarded-For`, with `X-Forwarded-Proto` beside it.
    XForwardedFor,
}

/// The cookie by which a browser is known again at the next log-in. It authenticates nobody: it tells that this user has logged
/// in here before, so that nobody else's guessing locks him out, and that a log-in elsewhere is one on a new device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceCookie {
    /// Production `__Host-did`, development `did`; `None` (in files `"off"`) sets none. It belongs to one host alone, and is
    /// `Secure` and `SameSite` as the session cookie is.
    #[serde(with = "text_or_off")]
    pub name: Option<String>,
    /// How long it is kept after the last log-in: half a year; at most 400 d.
    #[serde(with = "human_duration")]
    pub lifetime: Duration,
}

/// How guessing is slowed down, counted per account and per network in the shared store (ASVS 6.1.1, 6.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Throttle {
    /// Attempts on one account.
    pub account: Pace,
    /// Attempts from one network, on whatever accounts.
    pub network: Pace,
    /// After so many failures in a row an account is locked until somebody unlocks it: 100, and never more (NIST SP 800-63B-4,
    /// section 3.2.2). A device that its user has logged in from before has a count of its own.
    pub most_failures: u32,
    /// How many leading bits of an IPv4 address make its network: 24.
    pub ipv4_prefix: u8,
    /// The same of IPv6: 64.
    pub ipv6_prefix: u8,
    /// A refused attempt is answered no sooner than this after it began, whatever was wrong: 500 ms. Longer than the check of a
    /// password takes (ASVS 6.3.8).
    #[serde(with = "human_duration")]
    pub answer_after: Duration,
}

/// How many attempts are free, and how the delay after each further one grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pace {
    /// Attempts without a delay: an account 5, a network 100. 0 switches the count off.
    pub free: u32,
    /// The delay after these. It doubles with each further attempt.
    #[serde(with = "human_duration")]
    pub first_delay: Duration,
    /// And grows to this.
    #[serde(with = "human_duration")]
    pub longest_delay: Duration,
    /// Without an attempt for this long, all is forgotten.
    #[serde(with = "human_duration")]
    pub forget: Duration,
}
