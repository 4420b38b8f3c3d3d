//! What went wrong, and so what may be tried again.

use sqlx::{Database, Error};

use crate::store::{StoreError, StoreErrorKind};

/// Why a statement or a step failed.
#[derive(Debug)]
pub(in crate::store) enum Failure {
    /// Another transaction was in the way, and this one has been undone.
    Lost(StoreError),
    /// The connection is dead, and nothing has happened.
    Broken(StoreError),
    /// The connection died before the answer was there: nobody knows what has happened.
    InDoubt(StoreError),
    /// It makes no sense to try it again.
    Other(StoreError),
}

/// How a database says what went wrong.
pub(in crate::store) trait Engine: Database {
    /// Whether the transaction has been undone in favour of another.
    fn has_lost(error: &Error) -> bool;

    /// Whether this is the last that was heard of the connection.
    fn is_broken(error: &Error) -> bool;
}

impl Failure {
    /// Of a statement inside a transaction, or of one that changes nothing.
    pub(in crate::store) fn of<DB: Engine>(error: Error) -> Self {
        if DB::has_lost(&error) {
            return Self::Lost(StoreError::unavailable(error));
        }
        match error {
            Error::Io(_) | Error::Tls(_) | Error::Protocol(_) => Self::Broken(StoreError::unavailable(error)),
            Error::ColumnDecode { .. } | Error::Decode(_) => Self::Other(StoreError::corrupt(error)),
            _ if DB::is_broken(&error) => Self::Broken(StoreError::unavailable(error)),
            _ => Self::Other(StoreError::unavailable(error)),
        }
    }

    /// The same, of a statement that would have changed something for good.
    pub(in crate::store) fn in_doubt(self) -> Self {
        match self {
            Self::Broken(error) => Self::InDoubt(error),
            other => other,
        }
    }

    /// No connection was to be had.
    pub(in crate::store) fn unreached(error: Error) -> Self {
        Self::Other(match error {
            Error::PoolTimedOut => StoreError::of(StoreErrorKind::Timeout),
            error => StoreError::unavailable(error),
        })
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Other(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Lost(error) | Failure::Broken(error) | Failure::InDoubt(error) | Failure::Other(error) => error,
        }
    }
}
