use std::{error, fmt, time::Duration};

use crate::{
    key::RandomError,
    record::ChangeRefused,
    store::StoreError,
    token::{MalformedToken, RefusalKind},
};

/// What went wrong with a session, in any verb.
///
/// With the feature `axum` it is a response as well, so that a handler can pass it on by `?`.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    source: Option<Box<dyn error::Error + Send + Sync>>,
    retry_after: Option<Duration>,
}

/// Kinds of error, each with the status by which it reaches a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The store is broken or cut off; whether the step was done is unknown. 503.
    Unavailable,
    /// The token is no good. 401.
    Refused(RefusalKind),
    /// The session has ended in the meantime. Nothing was stored. 401.
    Ended,
    /// This needs a user, and the session has none. 401.
    NotLoggedIn,
    /// The user has to prove again who he is, before the session counts as his. 401.
    StepUpRequired,
    /// The credential of a service is no good. 401.
    ServiceRefused(RefusalKind),
    /// The service has not the permission that this needs; the error's text names it. 403.
    NotPermitted,
    /// A service of this name is registered already. 409.
    ServiceExists,
    /// No service of this name is registered. 404.
    NoSuchService,
    /// This is not one of the second factors that the log-in waits for. 403.
    WrongFactor,
    /// Another site made the browser send this request: it may not begin a session, logged in or not. 403.
    CrossSite,
    /// A form's token is missing, or is not of this session. 403.
    InvalidFormToken,
    /// The token in use has been followed by another, and may not be rotated again. 409.
    Superseded,
    /// The user has as many sessions as he may. 409.
    LimitReached,
    /// While this log-in was under way, all sessions of its user were ended; or it took too long. 401.
    Overtaken,
    /// User name or password is wrong; which of them, nobody is told. 401.
    WrongCredentials,
    /// Too many attempts on this account, or from this network: [`Error::retry_after`] says for how long. 429.
    TooManyAttempts,
    /// There is no such session, or it is somebody else's. 404.
    NotFound,
    /// The session's data would exceed its bounds, or what was to be incremented is not an integer. 422.
    ChangeRefused,
    /// An attribute's name, a user's id, or the name of a service or of a permission is empty, too long, or has control characters. 500.
    InvalidName,
    /// An attribute could not be written as JSON, or not be read as the type asked for. 500.
    InvalidValue,
    /// An attribute is [withheld](crate::Sealed#when-something-does-not-open): no key of the ring opens what the
    /// store has of it. It is there still. 500.
    Unreadable,
    /// The request did not pass through a [`SessionLayer`](crate::SessionLayer). 500.
    MissingLayer,
    /// The system's random generator failed. 500.
    Random,
}

impl ErrorKind {
    /// The HTTP status by which it reaches a client.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Unavailable => 503,
            Self::Refused(_)
            | Self::ServiceRefused(_)
            | Self::Ended
            | Self::NotLoggedIn
            | Self::Overtaken
            | Self::StepUpRequired
            | Self::WrongCredentials => 401,
            Self::WrongFactor | Self::CrossSite | Self::InvalidFormToken | Self::NotPermitted => 403,
            Self::Superseded | Self::LimitReached | Self::ServiceExists => 409,
            Self::NotFound | Self::NoSuchService => 404,
            Self::ChangeRefused => 422,
            Self::TooManyAttempts => 429,
            Self::InvalidName | Self::InvalidValue | Self::Unreadable | Self::MissingLayer | Self::Random => 500,
        }
    }
}

impl Error {
    pub(crate) const fn new(kind: ErrorKind) -> Self {
        Self { kind, source: None, retry_after: None }
    }

    pub(crate) fn because(kind: ErrorKind, source: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        Self { kind, source: Some(source.into()), retry_after: None }
    }

    /// [`ErrorKind::TooManyAttempts`], until so much time has passed.
    pub(crate) const fn too_many_attempts(retry_after: Duration) -> Self {
        Self { kind: ErrorKind::TooManyAttempts, source: None, retry_after: Some(retry_after) }
    }

    /// What went wrong.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// After how much time another attempt is worth while, where that is known: for `Retry-After` (RFC 6585, section 4),
    /// rounded up to whole seconds. Of a locked account it is a guess, so that it looks like any other.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ErrorKind::Unavailable => "sessions are unavailable at the moment: try again",
            ErrorKind::Refused(_) => "the session token is not valid: log in",
            ErrorKind::Ended => "the session has ended: log in again",
            ErrorKind::NotLoggedIn => "nobody is logged in: log in first",
            ErrorKind::StepUpRequired => "prove again who you are: log in",
            ErrorKind::WrongFactor => "this log-in waits for another factor: use one that it names",
            ErrorKind::CrossSite => "this request came from another site: start from this one",
            ErrorKind::InvalidFormToken => "this form is not of this session: load the page again",
            ErrorKind::Superseded => "this session token has been replaced: use the new one",
            ErrorKind::LimitReached => "too many sessions: log out elsewhere first",
            ErrorKind::Overtaken => "this log-in took too long, or was overtaken by a change: log in again",
            ErrorKind::WrongCredentials => "user name or password is wrong",
            ErrorKind::TooManyAttempts => "too many attempts: try again later",
            ErrorKind::NotFound => "no such session",
            ErrorKind::ServiceRefused(_) => "the service's token is not valid: give it the one of its last rotation",
            ErrorKind::ServiceExists => {
                "a service of this name is registered already: rotate its secret, or revoke it first"
            }
            ErrorKind::NoSuchService => "no service of this name is registered",
            ErrorKind::MissingLayer => MISSING_LAYER,
            ErrorKind::Random => "the operating system's random generator failed",
            // These say it in the words of their source.
            ErrorKind::ChangeRefused
            | ErrorKind::InvalidName
            | ErrorKind::InvalidValue
            | ErrorKind::Unreadable
            | ErrorKind::NotPermitted => {
                return match &self.source {
                    Some(source) => source.fmt(f),
                    None => f.write_str("the session's data is not acceptable"),
                };
            }
        })
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::because(ErrorKind::Unavailable, error)
    }
}

impl From<ChangeRefused> for Error {
    fn from(refused: ChangeRefused) -> Self {
        let kind = match refused {
            // Somebody else was first, or is moving it: to try again is all that helps.
            ChangeRefused::Outdated | ChangeRefused::InTransit => ErrorKind::Unavailable,
            ChangeRefused::Withheld(_) => ErrorKind::Unreadable,
            _ => ErrorKind::ChangeRefused,
        };
        Self::because(kind, refused)
    }
}

impl From<RandomError> for Error {
    fn from(error: RandomError) -> Self {
        Self::because(ErrorKind::Random, error)
    }
}

impl From<MalformedToken> for Error {
    fn from(error: MalformedToken) -> Self {
        Self::because(ErrorKind::Refused(RefusalKind::Malformed), error)
    }
}

/// How to mend a request that did not pass through the layer.
pub(crate) const MISSING_LAYER: &str = "this request did not pass through countersign's SessionLayer: \
     add `.layer(SessionLayer::new(sessions))` to the router, after its routes";

/// Long enough for a store to come back, short enough for a user to wait.
pub(crate) const RETRY_AFTER_SECONDS: &str = "2";
