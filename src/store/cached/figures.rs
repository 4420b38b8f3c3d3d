use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::{record::SessionId, store::CacheFigures};

/// Counts hits and misses, in several places: workers that serve different sessions do not pass one cache line to and fro.
#[derive(Debug, Default)]
pub(super) struct Figures([Place; PLACES]);

#[derive(Debug, Default)]
#[repr(align(64))]
struct Place {
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Figures {
    pub(super) fn hit(&self, id: SessionId) {
        self.place(id).hits.fetch_add(1, Relaxed);
    }

    pub(super) fn miss(&self, id: SessionId) {
        self.place(id).misses.fetch_add(1, Relaxed);
    }

    pub(super) fn read(&self) -> CacheFigures {
        let sum = |count: fn(&Place) -> &AtomicU64| self.0.iter().map(|place| count(place).load(Relaxed)).sum();
        CacheFigures::new(sum(|place| &place.hits), sum(|place| &place.misses))
    }

    fn place(&self, id: SessionId) -> &Place {
        let [first, ..] = *id.as_bytes();
        &self.0[usize::from(first) % PLACES]
    }
}

/// An id's first byte is random.
const PLACES: usize = 16;
