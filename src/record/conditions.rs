//! What a change relies on: under which conditions it is applied, and by which measure.

use std::sync::Arc;

use super::{Change, Record};

/// What a change relies on.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions {
    expected: Option<u32>,
    seen: Option<Arc<Record>>,
    uncounted: usize,
}

impl Change {
    /// Applies only to this revision of the session; where that has been followed by another, the
    /// change is refused as [outdated](super::ChangeRefused::Outdated).
    pub const fn expect(&mut self, revision: u32) {
        self.conditions.expected = Some(revision);
    }

    /// Hands over the session as whoever makes the change has last seen it. A store may start from
    /// there, and save itself reading it again, if it makes sure in its atomic step that the
    /// session is still at that revision.
    pub fn having_seen(mut self, record: Arc<Record>) -> Self {
        self.conditions.seen = Some(record);
        self
    }

    /// The same without what was handed over as seen.
    pub(crate) fn having_seen_nothing(mut self) -> Self {
        self.conditions.seen = None;
        self
    }

    /// Leaves so many bytes of each value out of the count that is held to the bounds: what sealing
    /// adds to it.
    #[must_use]
    pub const fn leaving_uncounted(mut self, bytes: usize) -> Self {
        self.conditions.uncounted = bytes;
        self
    }

    /// The revision that it applies to, if to one alone.
    #[must_use]
    pub const fn expected(&self) -> Option<u32> {
        self.conditions.expected
    }

    /// The session as whoever makes the change has last seen it, if he says so.
    #[must_use]
    pub const fn seen(&self) -> Option<&Arc<Record>> {
        self.conditions.seen.as_ref()
    }

    /// How many bytes of each value do not count.
    #[must_use]
    pub const fn uncounted(&self) -> usize {
        self.conditions.uncounted
    }
}
