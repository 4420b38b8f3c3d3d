use std::{error::Error, fmt};

/// A store is broken or cut off. What was asked of it has not been answered; whether it was done
/// is unknown.
#[derive(Debug)]
pub struct StoreError {
    kind: StoreErrorKind,
    /// What could not be opened.
    place: Option<String>,
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
    /// It could not be opened. The text says which and why.
    Open,
}

impl StoreError {
    /// The store could not be reached, or answered with an error.
    #[must_use]
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: StoreErrorKind::Unavailable, place: None, source: Some(source.into()) }
    }

    /// The store answered with something that is not a record.
    #[must_use]
    pub fn corrupt(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: StoreErrorKind::Corrupt, place: None, source: Some(source.into()) }
    }

    /// The same failure, met while the store at `place` was being opened.
    #[must_use]
    pub fn while_opening(self, place: impl fmt::Display) -> Self {
        Self { kind: StoreErrorKind::Open, place: Some(place.to_string()), ..self }
    }

    pub(crate) const fn of(kind: StoreErrorKind) -> Self {
        Self { kind, place: None, source: None }
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
            StoreErrorKind::Open => {
                let place = self.place.as_deref().unwrap_or_default();
                write!(f, "the session store {place} could not be opened")?;
                return self.source.as_ref().map_or(Ok(()), |source| write!(f, ": {source}"));
            }
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
