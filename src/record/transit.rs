//! A session between two stores: on its way from one, not yet arrived at the other.

use super::Record;

impl Record {
    /// Whether the session is on its way from one store to another: then no change is applied to
    /// it, but for the one that says where it has arrived.
    #[must_use]
    pub const fn in_transit(&self) -> bool {
        self.in_transit
    }

    /// The same, on its way or not.
    #[must_use]
    pub fn with_transit(self, in_transit: bool) -> Self {
        Self { in_transit, ..self }
    }

    /// The copy that is made of a session on its way. It is ahead of the original by more than any
    /// change could have brought it, and by another step each time: so no copy is taken for another,
    /// and nobody who expects a revision of the original takes the copy for that.
    pub(crate) fn copied(&self, step: u32) -> Self {
        Self { in_transit: true, revision: self.revision.wrapping_add(1 + step % LONGEST_STEP), ..self.clone() }
    }
}

/// 2^24: two copies are told apart but for one time in 16 million, and a session can be moved 250 times
/// before its revisions begin anew.
const LONGEST_STEP: u32 = 1 << 24;
