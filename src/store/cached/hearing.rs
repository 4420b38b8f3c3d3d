use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// Whether announcements are being heard, and since when without a gap.
///
/// Instants are nanoseconds of the cache's stopwatch.
#[derive(Debug)]
pub(super) struct Hearing {
    /// Counts the gaps: what was learnt in one era is nothing in the next.
    era: AtomicU64,
    /// When something was last heard; 0 while nobody listens.
    heard: AtomicU64,
    /// After so long without a word the listener counts as cut off.
    silence: u64,
}

/// A time without a gap in the announcements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Era(u64);

impl Hearing {
    pub(super) const fn new(silence: u64) -> Self {
        Self { era: AtomicU64::new(0), heard: AtomicU64::new(0), silence }
    }

    /// The present era; `None` while what ends may go unheard.
    pub(super) fn era(&self, now: u64) -> Option<Era> {
        let heard = self.heard.load(SeqCst);
        let alive = heard != 0 && now.saturating_sub(heard) <= self.silence;
        alive.then(|| Era(self.era.load(SeqCst)))
    }

    /// Something was heard. If that took too long, there was a gap. Called by one task alone.
    pub(super) fn hear(&self, now: u64) {
        if self.era(now).is_none() {
            self.era.fetch_add(1, SeqCst);
        }
        self.heard.store(now, SeqCst);
    }

    /// Nobody listens any more.
    pub(super) fn stop(&self) {
        self.heard.store(0, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_era_ends_with_the_stream_and_with_a_silence() {
        let hearing = Hearing::new(100);
        assert_eq!(hearing.era(1), None, "nobody listens yet");
        hearing.hear(1);
        let first = hearing.era(101);
        assert!(first.is_some());
        assert_eq!(hearing.era(102), None, "silence");
        hearing.hear(90);
        assert_eq!(hearing.era(102), first, "no gap, no new era");
        hearing.hear(191);
        assert_ne!(hearing.era(191), first, "a gap that nobody saw");
        let second = hearing.era(191);
        hearing.stop();
        assert_eq!(hearing.era(192), None, "cut off");
        hearing.hear(193);
        assert!(hearing.era(193).is_some() && hearing.era(193) != second);
    }
}
