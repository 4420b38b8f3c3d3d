//! Going through all sessions, part by part.

use std::sync::Arc;

use crate::record::Record;

/// Where the next part of a [scan](super::SessionStore::scan) begins: a store's own bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor(Box<[u8]>);

impl Cursor {
    /// A cursor out of the store's own bytes.
    #[must_use]
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Self {
        Self(bytes.into())
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A part of all live sessions.
#[derive(Clone, Debug, PartialEq)]
pub struct Scanned {
    /// The sessions: perhaps none, although more follow.
    pub records: Vec<Arc<Record>>,
    /// Where the next part begins; `None` after the last.
    pub next: Option<Cursor>,
    /// How much of the whole lies behind, from 0 to 1; an estimate.
    pub done: f64,
}
