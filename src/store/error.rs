use std::{error::Error, fmt};

/// A store is broken or cut off. What was asked of it has not been answered; whether it was done
/// is unknown.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// In which way a store failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// It could not be reached, or answered with an error.
    Unavailable,
    /// It did not answer within the deadline.
    Timeout,
    /// It has room for no more sessions.
    Full,
    /// It answered with something that is not a record. Only this session is affected.
    Corrupt,
}

impl StoreError {
    /// The store could not be reached, or answered with an error.
    #[must_use]
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: StoreErrorKind::Unavailable, source: Some(source.into()) }
    }

    /// The store answered with something that is not a record.
    #[must_use]
    pub fn corrupt(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: StoreErrorKind::Corrupt, source: Some(source.into()) }
    }

    pub(crate) const fn of(kind: StoreErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// In which way it failed.
    #[must_use]
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            StoreErrorKind::Unavailable => "the session store is unavailable",
            StoreErrorKind::Timeout => "the session store did not answer within its deadline (store_deadline)",
            StoreErrorKind::Full => "the session store is full",
            StoreErrorKind::Corrupt => "the session store holds a record that cannot be read",
        })
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
