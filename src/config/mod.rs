//! Every knob, with its default and the rule that it comes from.
//!
//! [`Config::production`] is what runs unless something else is said. [`Config::development`] is
//! the only place where the cookie may travel over plain http.

mod defences;
mod error;
#[cfg(feature = "toml")]
mod file;
mod load;
mod monitoring;
mod parts;
#[cfg(feature = "toml")]
mod setup;
#[cfg(test)]
mod tests;
mod validate;

pub use defences::{
    Assurances, Binding, CrossSite, CrossSiteCheck, DeviceCookie, ForwardedHeader, Pace, Proxies, Reaction,
    SecondFactor, Throttle, WithoutHeaders,
};
pub use error::ConfigError;
pub use monitoring::{Monitoring, Spans};
pub use parts::{Bounds, Carriers, Cookie, Lifetime, Limit, Rotation, SameSite, Sweep, WhenFull};
#[cfg(feature = "toml")]
pub(crate) use setup::Setup;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use parts::human_duration;

/// All settings of a [`Sessions`](crate::Sessions).
///
/// Start from a preset and change fields; what contradicts itself is refused when the sessions are
/// built, by an error that names the field.
///
/// ```
/// use countersign::{Config, ConfigError};
/// use std::time::Duration;
///
/// let mut config = Config::production();
/// config.lifetime.idle = Duration::from_secs(10 * 60);
/// config.limit.max = 3;
/// config.validate()?;
///
/// config.refresh_interval = Duration::from_secs(3600);
/// let error = config.validate().unwrap_err();
/// assert_eq!(error.field(), "refresh_interval");
/// # Ok::<(), ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// How long a session lives. Production: 30 min idle, 8 h in all (within NIST SP 800-63B-4
    /// AAL2); development: 4 h and 24 h.
    pub lifetime: Lifetime,
    /// The same for sessions that were asked to be remembered: 14 d idle, 30 d in all (AAL1).
    pub remember: Lifetime,
    /// A sliding window moves at most once per interval, so that reads do not become writes.
    /// An idle timeout may strike early by as much. 60 s; at most a tenth of each idle timeout.
    #[serde(with = "human_duration")]
    pub refresh_interval: Duration,
    /// How long before its end a session [ends soon](crate::Session::ends_soon): 5 min. Zero is never.
    #[serde(with = "human_duration")]
    pub warn_before: Duration,
    /// Whether responses to requests with a session say in `Session-Expires-In` how many seconds it has left, as in
    /// `290;warn-before=300` (an item of RFC 9651). Off unless set.
    pub expires_in_header: bool,
    /// When a session's secret is exchanged for a new one (OWASP session renewal).
    pub rotation: Rotation,
    /// How many live sessions one user may have.
    pub limit: Limit,
    /// Where tokens are looked for.
    pub carriers: Carriers,
    /// The session cookie.
    pub cookie: Cookie,
    /// How much one session may hold.
    pub attributes: Bounds,
    /// How expired sessions are deleted.
    pub sweep: Sweep,
    /// How long one store command may take before it counts as failed: 1 s; development 5 s.
    #[serde(with = "human_duration")]
    pub store_deadline: Duration,
    /// Whom tokens are for, as in `shop-eu-production`: part of what is signed, so that a token of
    /// one environment is nothing in another, even under the same key. Empty unless set.
    pub audience: String,
    /// Where `LoggedIn` and the guards send a browser that has to log in, as in `/login`; with the way
    /// back in `return_to`. Without it, and for other clients, the answer is 401.
    pub login_url: Option<String>,
    /// The second step of a log-in that has two.
    pub second_factor: SecondFactor,
    /// How long sessions live at most that were begun, or raised, at a higher assurance level.
    pub assurance: Assurances,
    /// What happens when a session is used from elsewhere than it was begun.
    pub binding: Binding,
    /// What becomes of requests that other sites made a browser send.
    pub cross_site: CrossSite,
    /// Whether a request that did not come by https is refused: 403. Off unless set, for nobody but you knows how
    /// https ends: see [`OverTls`](crate::OverTls) and [`Proxies`].
    pub require_https: bool,
    /// Whose word on where a request came from is believed.
    pub proxies: Proxies,
    /// How a browser is known again at the next log-in.
    pub device: DeviceCookie,
    /// How guessing is slowed down.
    pub throttle: Throttle,
    /// What is measured, and what traces tell.
    pub monitoring: Monitoring,
}

impl Config {
    /// Safe defaults for the public internet.
    #[must_use]
    pub fn production() -> Self {
        Self {
            lifetime: Lifetime::new(30 * MINUTE, 8 * HOUR),
            remember: Lifetime::new(14 * DAY, 30 * DAY),
            refresh_interval: MINUTE,
            warn_before: 5 * MINUTE,
            expires_in_header: false,
            rotation: Rotation { every: Some(15 * MINUTE), grace: Duration::from_secs(30) },
            limit: Limit { max: 10, when_full: WhenFull::EvictLeastRecentlyUsed },
            carriers: Carriers::CookieAndBearer,
            cookie: Cookie {
                name: "__Host-sid".to_owned(),
                secure: true,
                same_site: SameSite::Lax,
                path: "/".to_owned(),
                domain: None,
            },
            attributes: Bounds { fields: 64, bytes: 32 * 1024, name: 128 },
            sweep: Sweep { every: 5 * MINUTE, batch: 1_000 },
            store_deadline: Duration::from_secs(1),
            audience: String::new(),
            login_url: None,
            second_factor: SecondFactor { within: 10 * MINUTE, url: None },
            assurance: Assurances { aal2: Lifetime::new(HOUR, 24 * HOUR), aal3: Lifetime::new(15 * MINUTE, 12 * HOUR) },
            binding: Binding {
                address: Reaction::Report,
                user_agent: Reaction::Report,
                ipv4_prefix: 24,
                ipv6_prefix: 64,
            },
            cross_site: CrossSite {
                check: CrossSiteCheck::Enforce,
                origins: Vec::new(),
                trust_same_site: false,
                without_headers: WithoutHeaders::Refuse,
            },
            require_https: false,
            proxies: Proxies { trusted: Vec::new(), header: ForwardedHeader::XForwardedFor },
            device: DeviceCookie { name: Some("__Host-did".to_owned()), lifetime: 6 * MONTH },
            throttle: Throttle {
                account: Pace {
                    free: 5,
                    first_delay: Duration::from_secs(30),
                    longest_delay: 15 * MINUTE,
                    forget: DAY,
                },
                network: Pace {
                    free: 100,
                    first_delay: Duration::from_secs(10),
                    longest_delay: 15 * MINUTE,
                    forget: HOUR,
                },
                most_failures: 100,
                ipv4_prefix: 24,
                ipv6_prefix: 64,
                answer_after: Duration::from_millis(500),
            },
            monitoring: Monitoring { count_every: Some(MINUTE), spans: Spans::Off },
        }
    }

    /// For plain http on localhost: a cookie without `Secure` and `__Host-`, long lifetimes, no
    /// rotation, no limit. Never for anything that others can reach.
    #[must_use]
    pub fn development() -> Self {
        let production = Self::production();
        Self {
            lifetime: Lifetime::new(4 * HOUR, DAY),
            rotation: Rotation { every: None, ..production.rotation },
            limit: Limit { max: 0, ..production.limit },
            cookie: Cookie { name: "sid".to_owned(), secure: false, ..production.cookie.clone() },
            store_deadline: Duration::from_secs(5),
            binding: Binding { address: Reaction::Off, user_agent: Reaction::Off, ..production.binding },
            cross_site: CrossSite { without_headers: WithoutHeaders::Allow, ..production.cross_site.clone() },
            device: DeviceCookie { name: Some("did".to_owned()), ..production.device },
            ..production
        }
    }
}

impl Config {
    /// Whether a browser that is refused may be sent to a page of this site.
    pub(crate) const fn sends_browsers_to_a_page(&self) -> bool {
        self.login_url.is_some() || self.second_factor.url.is_some()
    }
}

/// [`Config::production`].
impl Default for Config {
    fn default() -> Self {
        Self::production()
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// A twelfth of a year.
const MONTH: Duration = Duration::from_secs(2_630_016);
