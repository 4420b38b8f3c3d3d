use std::{error, fmt};

use crate::client::error::Error;

/// Why a call through a [`ClientLayer`](crate::client::ClientLayer) has failed.
#[derive(Debug)]
pub enum CallError<E> {
    /// The session: there is no token to make the call with. [`Error::advice`] says what to do.
    Session(Error),
    /// The client below: its own error, as it came.
    Call(E),
}

impl<E> CallError<E> {
    /// The session's part in it, if it was the session.
    pub const fn session(&self) -> Option<&Error> {
        match self {
            Self::Session(error) => Some(error),
            Self::Call(_) => None,
        }
    }
}

impl<E: Into<Box<dyn error::Error + Send + Sync>>> CallError<E> {
    /// What lies in it, in a box: the error of most of Tower's layers. For a client whose own error is such a box
    /// already, `map_err(CallError::into_boxed)` lets those layers go around this one. The session's part is found by
    /// `downcast_ref::<client::Error>()`.
    #[must_use]
    pub fn into_boxed(self) -> Box<dyn error::Error + Send + Sync> {
        match self {
            Self::Session(error) => Box::new(error),
            Self::Call(error) => error.into(),
        }
    }
}

impl<E> From<Error> for CallError<E> {
    fn from(error: Error) -> Self {
        Self::Session(error)
    }
}

impl<E> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session(error) => error.fmt(f),
            Self::Call(_) => f.write_str("the call has failed"),
        }
    }
}

impl<E: error::Error + 'static> error::Error for CallError<E> {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Session(error) => error.source(),
            Self::Call(error) => Some(error),
        }
    }
}
