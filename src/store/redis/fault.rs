//! What an error of the client or of a server means: may the command be sent again, and where to.

use redis::{ErrorKind, RedisError, ServerErrorKind, Value};

use super::place::Address;
use crate::store::{StoreError, StoreErrorKind};

/// Why a command has no answer.
#[derive(Debug)]
pub(super) enum Fault {
    /// It was never sent.
    Unsent(StoreError),
    /// It may have been done, or not.
    Unknown(StoreError),
    /// It has not been done: the server is no master, or not ready.
    NotNow(StoreError),
    /// It has not been done: this server is in charge.
    Moved(Option<Address>),
    /// It has not been done: this server has to be asked, this once.
    Ask(Option<Address>),
    /// It has not been done: the server does not know the script.
    NoScript,
    /// It was refused, and would be again; or it was done, but not as it should.
    Refused(StoreError),
}

impl Fault {
    /// What an error means that came after the command had been handed to a connection. `asked` is who said so.
    pub(super) fn of(error: RedisError, asked: &Address) -> Self {
        use ServerErrorKind::{Ask, BusyLoading, ClusterDown, MasterDown, Moved, NoScript, ReadOnly, TryAgain};

        let redirect = || error.redirect_node().and_then(|(to, _)| address(to, asked));
        match error.kind() {
            ErrorKind::Server(Moved) => Self::Moved(redirect()),
            ErrorKind::Server(Ask) => Self::Ask(redirect()),
            ErrorKind::Server(NoScript) => Self::NoScript,
            ErrorKind::Server(BusyLoading | ClusterDown | MasterDown | ReadOnly | TryAgain) => {
                Self::NotNow(StoreError::unavailable(error))
            }
            ErrorKind::Io | ErrorKind::Parse => Self::Unknown(broken(error)),
            _ => Self::of_text(error),
        }
    }

    /// What a script met in the server is an error of the script in some versions: the text tells.
    fn of_text(error: RedisError) -> Self {
        let text = error.to_string();
        if text.contains("READONLY") || text.contains("NOREPLICAS") {
            return Self::NotNow(StoreError::unavailable(error));
        }
        if text.contains("OOM") {
            return Self::Refused(StoreError::of(StoreErrorKind::Full));
        }
        Self::Refused(StoreError::unavailable(error))
    }

    /// The error that a caller is told of.
    pub(super) fn into_error(self) -> StoreError {
        match self {
            Self::Unsent(error) | Self::Unknown(error) | Self::NotNow(error) | Self::Refused(error) => error,
            Self::Moved(_) | Self::Ask(_) => StoreError::unavailable("the cluster sends commands from node to node"),
            Self::NoScript => StoreError::unavailable("the server forgets scripts as soon as it has them"),
        }
    }
}

/// A connection that failed or did not answer in time.
pub(super) fn broken(error: RedisError) -> StoreError {
    if error.is_timeout() { StoreError::of(StoreErrorKind::Timeout) } else { StoreError::unavailable(error) }
}

/// `host:port`; without a host, that of the server who says so.
pub(super) fn address(text: &str, asked: &Address) -> Option<Address> {
    let (host, port) = text.rsplit_once(':')?;
    let host = if host.is_empty() || host == "?" { &asked.host } else { host };
    Some(Address { host: host.trim_matches(['[', ']']).to_owned(), port: port.parse().ok()? })
}

/// An answer that is not an error.
pub(super) fn answer(value: Value, asked: &Address) -> Result<Value, Fault> {
    match value {
        Value::ServerError(error) => Err(Fault::of(error.into(), asked)),
        value => Ok(value),
    }
}
