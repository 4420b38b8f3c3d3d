use std::{collections::BTreeMap, fmt, net::IpAddr, str::FromStr, sync::Arc};

use serde::{Serialize, Serializer, de::DeserializeOwned, ser::SerializeStruct};

use super::{Authenticated, Error, ErrorKind};
use crate::{
    clock::Timestamp,
    record::{Assurance, ChangeRefused, Device, FirstFactor, Record, Remaining, SessionId, is_reserved},
    token::Token,
};

/// A session as it stood when it was read: everything about it but its secret.
///
/// Instants print as RFC 3339, and convert into a [`SystemTime`](std::time::SystemTime).
///
/// Serialises without attributes, for lists that a user may see. `idle_left` and `absolute_left` are what
/// [`remaining`](Self::remaining) says, in whole seconds.
#[derive(Clone)]
pub struct SessionInfo {
    record: Arc<Record>,
    current: bool,
    /// When it was read.
    at: Timestamp,
    stale: bool,
    /// Whether its user has to prove again who he is, before it counts as his.
    suspended: bool,
}

impl SessionInfo {
    pub(crate) const fn new(record: Arc<Record>, current: bool, at: Timestamp) -> Self {
        Self { record, current, at, stale: false, suspended: false }
    }

    /// As it presents itself to whoever holds its token: without a user, if that has to be proved again.
    pub(crate) fn of_holder(session: &Authenticated) -> Self {
        let record = Arc::clone(&session.record);
        Self { record, current: true, at: session.at, stale: session.stale, suspended: session.suspended }
    }

    /// The public handle.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.record.id()
    }

    /// The user; empty for an anonymous session, and for one whose user has yet to prove who he is.
    #[must_use]
    pub fn user(&self) -> &str {
        self.record.user().filter(|_| !self.suspended).unwrap_or_default()
    }

    /// What the store has of it, also of what is shown to nobody: for those who end it.
    #[cfg(feature = "dashboard")]
    pub(crate) fn record(&self) -> &Record {
        &self.record
    }

    /// The log-in that waits for its second factor, if there is one. Then there is no user yet.
    #[must_use]
    pub fn first_factor(&self) -> Option<&FirstFactor> {
        self.record.first_factor()
    }

    /// How sure it is that the user is who he says.
    #[must_use]
    pub fn assurance(&self) -> Assurance {
        self.record.assurance()
    }

    /// The ways in which the user has proved who he is, as the application named them, the first one first.
    pub fn methods(&self) -> impl Iterator<Item = &str> {
        self.record.methods()
    }

    /// The roles given at log-in.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.record.roles()
    }

    /// Whether it has this role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().any(|present| present == role)
    }

    /// The device that it was started from.
    #[must_use]
    pub fn device(&self) -> Device {
        self.record.device()
    }

    /// The address that it was started from.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.record.address()
    }

    /// What of it cannot be read, as [`Record::withheld`] has it.
    pub fn withheld(&self) -> impl Iterator<Item = &str> {
        self.record.withheld()
    }

    /// When it was created.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        self.record.created_at()
    }

    /// When its user last proved who he is.
    #[must_use]
    pub fn authenticated_at(&self) -> Timestamp {
        self.record.authenticated_at()
    }

    /// When it was last used, give or take the refresh interval.
    #[must_use]
    pub fn last_seen(&self) -> Timestamp {
        self.record.last_seen_at()
    }

    /// When it ends if nothing more happens.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.record.expires_at()
    }

    /// How much time it had left when it was read.
    #[must_use]
    pub fn remaining(&self) -> Remaining {
        self.record.remaining(self.at)
    }

    /// Whether it is the session that asked.
    #[must_use]
    pub const fn is_current(&self) -> bool {
        self.current
    }

    /// Whether this is what was remembered while the store could not be asked; see
    /// [`Session::is_stale`](crate::Session::is_stale).
    #[must_use]
    pub const fn is_stale(&self) -> bool {
        self.stale
    }

    /// An attribute, or `None` if it is not there.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`] if it is there, but is not a `T`; [`ErrorKind::Unreadable`] if it is
    /// [withheld](Self::withheld).
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        if is_reserved(name) {
            return Ok(None);
        }
        readable(&self.record, name)?;
        self.record.attributes().value(name).map(|value| from_json(name, value)).transpose()
    }
}

impl fmt::Debug for SessionInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.record, f)
    }
}

impl Serialize for SessionInfo {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let record = &self.record;
        let mut out = to.serialize_struct("SessionInfo", 13)?;
        out.serialize_field("session_id", &record.id())?;
        out.serialize_field("current", &self.current)?;
        out.serialize_field("user", &record.user().filter(|_| !self.suspended))?;
        out.serialize_field("roles", &record.roles().collect::<Vec<_>>())?;
        out.serialize_field("device", &self.device())?;
        out.serialize_field("address", &self.address())?;
        out.serialize_field("created_at", &Rfc3339(record.created_at()))?;
        out.serialize_field("authenticated_at", &Rfc3339(record.authenticated_at()))?;
        out.serialize_field("assurance", &record.assurance())?;
        out.serialize_field("last_seen", &Rfc3339(record.last_seen_at()))?;
        out.serialize_field("expires_at", &Rfc3339(record.expires_at()))?;
        let remaining = self.remaining();
        out.serialize_field("idle_left", &remaining.idle.as_secs())?;
        out.serialize_field("absolute_left", &remaining.absolute.as_secs())?;
        out.end()
    }
}

/// A token, fresh from its session: what a log-in's answer gives to an API's client.
///
/// ```json
/// {"token": "…", "session_id": "…", "expires_at": "2026-11-20T17:30:00.000Z"}
/// ```
#[derive(Clone, Debug)]
pub struct Issued {
    token: Token,
    record: Arc<Record>,
}

impl Issued {
    pub(crate) const fn new(token: Token, record: Arc<Record>) -> Self {
        Self { token, record }
    }

    /// The credential.
    #[must_use]
    pub const fn token(&self) -> &Token {
        &self.token
    }

    /// The session.
    #[must_use]
    pub fn session_id(&self) -> SessionId {
        self.record.id()
    }

    /// When it ends if nothing more happens.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        self.record.expires_at()
    }

    pub(crate) const fn record(&self) -> &Arc<Record> {
        &self.record
    }
}

impl Serialize for Issued {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut out = to.serialize_struct("Issued", 3)?;
        out.serialize_field("token", &self.token)?;
        out.serialize_field("session_id", &self.record.id())?;
        out.serialize_field("expires_at", &Rfc3339(self.record.expires_at()))?;
        out.end()
    }
}

/// An attribute's value as JSON.
pub(crate) fn to_json<T: Serialize + ?Sized>(name: &str, value: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|error| invalid_value(name, "cannot be written as JSON", &error))
}

/// An attribute's value out of JSON.
pub(crate) fn from_json<T: DeserializeOwned>(name: &str, value: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(value).map_err(|error| invalid_value(name, "is not of the type asked for", &error))
}

/// Refuses to say that an attribute is not there when it only cannot be read.
pub(crate) fn readable(record: &Record, name: &str) -> Result<(), Error> {
    if record.withholds(name) { Err(ChangeRefused::Withheld(name.into()).into()) } else { Ok(()) }
}

/// The attributes whose names start with `prefix`, keyed by the rest of the name.
pub(crate) fn entries<'a, K: FromStr + Ord, V: DeserializeOwned>(
    prefix: &str,
    attributes: impl Iterator<Item = (&'a str, &'a [u8])>,
) -> Result<BTreeMap<K, V>, Error> {
    let named = attributes.filter_map(|(name, value)| Some((name, name.strip_prefix(prefix)?, value)));
    let read = named.map(|(name, rest, value)| {
        let key = rest.parse().map_err(|_| {
            Error::because(
                ErrorKind::InvalidValue,
                format!("attribute `{name}`: the part after `{prefix}` is no key of the type asked for"),
            )
        })?;
        Ok((key, from_json(name, value)?))
    });
    read.collect()
}

/// Names what is wrong, and where: never the value.
fn invalid_value(name: &str, problem: &str, error: &serde_json::Error) -> Error {
    let what = match error.classify() {
        serde_json::error::Category::Data => "data",
        serde_json::error::Category::Io => "input",
        serde_json::error::Category::Syntax => "syntax",
        serde_json::error::Category::Eof => "length",
    };
    Error::because(ErrorKind::InvalidValue, format!("attribute `{name}` {problem} ({what})"))
}

struct Rfc3339(Timestamp);

impl Serialize for Rfc3339 {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}
