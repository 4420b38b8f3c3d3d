//! The groups of settings that belong together.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The two ends of a session: whichever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lifetime {
    /// Without a request for this long, the session ends.
    #[serde(with = "human_duration")]
    pub idle: Duration,
    /// This long after log-in it ends, however busy it is.
    #[serde(with = "human_duration")]
    pub absolute: Duration,
}

impl Lifetime {
    /// `idle` and `absolute` timeout.
    #[must_use]
    pub const fn new(idle: Duration, absolute: Duration) -> Self {
        Self { idle, absolute }
    }
}

/// When the secret of a cookie-borne session is exchanged for a new one.
///
/// Clients that send `Authorization: Bearer` cannot be handed a new token unasked: for them,
/// [`Session::rotate`](crate::Session::rotate) is the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotation {
    /// After this much time with one secret, the next request gets a new one. `None` (in files
    /// `"off"`) never does. Production: 15 min.
    #[serde(with = "human_duration_or_off")]
    pub every: Option<Duration>,
    /// How long the old secret is honoured once the new one has been used: 30 s.
    #[serde(with = "human_duration")]
    pub grace: Duration,
}

/// How many live sessions one user may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// The greatest number; 0 is no limit. Production: 10.
    pub max: u32,
    /// What a log-in does that would be one too many.
    pub when_full: WhenFull,
}

/// What happens to a log-in that would exceed the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenFull {
    /// The log-in is refused.
    Reject,
    /// The session that was created first ends.
    EvictOldest,
    /// The session that has been unused for longest ends.
    EvictLeastRecentlyUsed,
}

/// Where tokens are looked for. Never in the query, the path or a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Carriers {
    /// A Bearer header decides alone; without one, the cookie.
    CookieAndBearer,
    /// Only the cookie: for services whose Bearer tokens are somebody else's.
    CookieOnly,
    /// Only `Authorization: Bearer`: for services that no browser calls.
    BearerOnly,
}

/// The session cookie. `HttpOnly` cannot be turned off, and there is no `Max-Age` unless the
/// session is to be remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cookie {
    /// Production `__Host-sid`, development `sid`.
    pub name: String,
    /// Whether the cookie travels over https only.
    pub secure: bool,
    /// `lax` unless set.
    pub same_site: SameSite,
    /// `/` unless set.
    pub path: String,
    /// Unset: the cookie belongs to one host alone.
    pub domain: Option<String>,
}

/// On which cross-site requests a browser sends the cookie (RFC 6265bis, SameSite).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SameSite {
    /// On none.
    Strict,
    /// On top-level navigations with a safe method.
    Lax,
    /// On all; needs `secure`.
    None,
}

/// How much one session may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bounds {
    /// Attributes a session: 64.
    pub fields: usize,
    /// Bytes of all names and values together: 32 KiB.
    pub bytes: usize,
    /// Bytes of one name: 128; at most 255.
    pub name: usize,
}

/// How expired sessions are deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// The pause between two sweeps: 5 min.
    #[serde(with = "human_duration")]
    pub every: Duration,
    /// How many sessions one store command deletes at most: 1,000.
    pub batch: usize,
}

/// Durations as people write them: `"30m"`, `"1h 30m"`, `"250ms"`.
pub(super) mod human_duration {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use std::time::Duration;

    pub(in crate::config) fn serialize<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&humantime::format_duration(*duration))
    }

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        parse(&String::deserialize(from)?)
    }

    pub(super) fn parse<E: Error>(text: &str) -> Result<Duration, E> {
        humantime::parse_duration(text).map_err(|error| {
            E::custom(format!("`{text}` is not a duration ({error}); write it as in \"30m\", \"1h 30m\" or \"45s\""))
        })
    }
}

/// The same, or `"off"`.
pub(super) mod human_duration_or_off {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::time::Duration;

    pub(in crate::config) fn serialize<S: Serializer>(duration: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => super::human_duration::serialize(duration, to),
            None => to.serialize_str("off"),
        }
    }

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        match String::deserialize(from)?.as_str() {
            "off" => Ok(None),
            text => super::human_duration::parse(text).map(Some),
        }
    }
}

/// Text, or `"off"`.
pub(super) mod text_or_off {
    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::ref_option, reason = "serde asks for it")]
    pub(in crate::config) fn serialize<S: Serializer>(text: &Option<String>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(text.as_deref().unwrap_or("off"))
    }

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
        Ok(Some(String::deserialize(from)?).filter(|text| text != "off"))
    }
}

/// A list of texts; or one text, in which commas separate them.
pub(super) mod list {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a list of texts, or one text with commas between them")]
    enum Listed {
        Many(Vec<String>),
        One(String),
    }

    pub(in crate::config) fn serialize<S: Serializer>(texts: &[String], to: S) -> Result<S::Ok, S::Error> {
        texts.serialize(to)
    }

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
        Ok(match Listed::deserialize(from)? {
            Listed::Many(texts) => texts,
            Listed::One(text) => {
                text.split(',').map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
            }
        })
    }
}
