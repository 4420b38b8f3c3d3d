//! What can go wrong for whoever holds a session, and what to do then.

use std::{error, fmt, sync::Arc, time::Duration};

use crate::client::{storage::StorageError, tokens::InvalidToken};

/// What went wrong, in any verb of the client half. Cheap to clone: all tasks that wait for one refresh get
/// the same one.
#[derive(Clone, Debug)]
pub struct Error {
    kind: ErrorKind,
    retry_after: Option<Duration>,
    source: Option<Arc<dyn error::Error + Send + Sync>>,
}

/// Kinds of error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// There are no tokens: nobody has logged in, or somebody has logged out.
    NotAuthenticated,
    /// The access token has expired, and nothing is there to renew it with.
    Expired,
    /// The server has refused to renew the tokens: they were revoked, or have been used up.
    RefreshRefused,
    /// Whoever renews or revokes tokens could not be reached, or could not answer.
    Network,
    /// Tokens could not be read or kept.
    Storage,
    /// What was to be a token is none.
    InvalidToken,
}

/// What to do about an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Advice {
    /// Ask the user to log in (again): nothing else helps.
    LogIn,
    /// Do it again, not before so long.
    TryAgain(Duration),
    /// Somebody has to look at the place where tokens are kept; the text says what is wrong there.
    MendStorage,
    /// The program has a mistake, or the server has changed its answers.
    MendProgram,
}

impl Error {
    pub(crate) const fn new(kind: ErrorKind) -> Self {
        Self { kind, retry_after: None, source: None }
    }

    pub(crate) fn because(kind: ErrorKind, source: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        Self { kind, retry_after: None, source: Some(Arc::from(source.into())) }
    }

    pub(crate) const fn with_retry_after(mut self, after: Duration) -> Self {
        self.retry_after = Some(after);
        self
    }

    /// Whether the storage has set aside what it held, and holds nothing now.
    pub(crate) fn has_set_aside(&self) -> bool {
        let source = self.source.as_deref().and_then(|source| source.downcast_ref::<StorageError>());
        source.is_some_and(StorageError::has_set_aside)
    }

    /// What went wrong.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> Advice {
        match self.kind {
            ErrorKind::NotAuthenticated | ErrorKind::Expired | ErrorKind::RefreshRefused => Advice::LogIn,
            ErrorKind::Network => Advice::TryAgain(self.retry_after.unwrap_or(TRY_AGAIN)),
            ErrorKind::Storage => Advice::MendStorage,
            ErrorKind::InvalidToken => Advice::MendProgram,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ErrorKind::NotAuthenticated => "nobody is logged in: log in first",
            ErrorKind::Expired => "the access token has expired, and cannot be renewed: log in again",
            ErrorKind::RefreshRefused => "the server refused to renew the session: log in again",
            ErrorKind::Network => "the server could not be asked, or did not answer: try again",
            ErrorKind::Storage => "tokens could not be read or kept",
            ErrorKind::InvalidToken => "this is no token",
        })?;
        match &self.source {
            Some(source) if matches!(self.kind, ErrorKind::Storage | ErrorKind::InvalidToken) => {
                write!(f, ": {source}")
            }
            _ => Ok(()),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl From<StorageError> for Error {
    fn from(error: StorageError) -> Self {
        Self::because(ErrorKind::Storage, error)
    }
}

impl From<InvalidToken> for Error {
    fn from(error: InvalidToken) -> Self {
        Self::because(ErrorKind::InvalidToken, error)
    }
}

/// How long to wait if nobody has said.
const TRY_AGAIN: Duration = Duration::from_secs(1);
