//! What a store says of its own memory.

use serde::Serialize;

/// How often a [`load`](super::SessionStore::load) was answered out of memory, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CacheFigures {
    /// Loads that were answered out of memory.
    pub hits: u64,
    /// Loads for which the store behind it was asked.
    pub misses: u64,
}

impl CacheFigures {
    /// So many of each.
    #[must_use]
    pub const fn new(hits: u64, misses: u64) -> Self {
        Self { hits, misses }
    }

    /// The part of all loads that was answered out of memory, from 0 to 1; `None` while there were none.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a ratio")]
    pub fn hit_rate(self) -> Option<f64> {
        let all = self.hits + self.misses;
        (all > 0).then(|| self.hits as f64 / all as f64)
    }

    /// What has come to these since.
    #[cfg(feature = "metrics")]
    pub(crate) const fn since(self, earlier: Self) -> Self {
        Self::new(self.hits.saturating_sub(earlier.hits), self.misses.saturating_sub(earlier.misses))
    }

    /// Of two stores, one of which may remember nothing.
    pub(super) fn of_both(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => Some(Self::new(one.hits + other.hits, one.misses + other.misses)),
            (one, other) => one.or(other),
        }
    }
}
