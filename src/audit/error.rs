use std::{error::Error, fmt};

use crate::store::{StoreError, StoreErrorKind};

/// An audit log could not be made, or a sink or a trail has failed.
#[derive(Debug)]
pub struct AuditError {
    kind: AuditErrorKind,
    text: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// In which way it failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuditErrorKind {
    /// It could not be reached, or answered with an error. Later it may go well.
    Unavailable,
    /// It did not answer in time.
    Timeout,
    /// It will never take this. Entries that a sink rejects are dropped, and counted.
    Rejected,
    /// It could not be opened. The text says which and why.
    Open,
    /// A setting is not possible. The text names it.
    Setting,
    /// A cursor is none of this trail's.
    Cursor,
}

impl AuditError {
    /// A sink or a trail could not be reached, or answered with an error.
    #[must_use]
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let text = "the audit log is unavailable".to_owned();
        Self { kind: AuditErrorKind::Unavailable, text, source: Some(source.into()) }
    }

    /// A sink will never take these entries.
    #[must_use]
    pub fn rejected(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let text = "the audit log does not take this entry".to_owned();
        Self { kind: AuditErrorKind::Rejected, text, source: Some(source.into()) }
    }

    /// A cursor that is none of this trail's.
    #[must_use]
    pub fn cursor() -> Self {
        let text = "the cursor is not of this trail: take it as `AuditPage::next` has given it".to_owned();
        Self { kind: AuditErrorKind::Cursor, text, source: None }
    }

    pub(super) fn timeout(what: impl fmt::Display) -> Self {
        Self { kind: AuditErrorKind::Timeout, text: format!("{what} did not answer in time"), source: None }
    }

    pub(super) fn setting(text: impl Into<String>) -> Self {
        Self { kind: AuditErrorKind::Setting, text: text.into(), source: None }
    }

    /// The same failure, met while the audit log at `place` was being opened.
    #[must_use]
    pub fn while_opening(self, place: impl fmt::Display) -> Self {
        let why = self.source.as_ref().map_or_else(|| self.text.clone(), ToString::to_string);
        let text = format!("the audit log {place} could not be opened: {why}");
        Self { kind: AuditErrorKind::Open, text, ..self }
    }

    /// In which way it failed.
    #[must_use]
    pub const fn kind(&self) -> AuditErrorKind {
        self.kind
    }
}

impl fmt::Display for AuditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for AuditError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Of the engine that sessions may be kept in as well.
impl From<StoreError> for AuditError {
    fn from(error: StoreError) -> Self {
        let kind = error.kind();
        match kind {
            StoreErrorKind::Open => {
                Self { kind: AuditErrorKind::Open, text: error.to_string(), source: Some(error.into()) }
            }
            StoreErrorKind::Timeout => Self { source: Some(error.into()), ..Self::timeout("the audit log") },
            _ => Self::unavailable(error),
        }
    }
}
