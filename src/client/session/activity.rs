//! Which calls are made: counted by atomics, and brought into the metadata with the next save.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;

use super::metadata::SessionMetadata;
use crate::clock::Timestamp;

/// The calls of one session, from one log-in to the next, in this process.
pub(super) struct Activity {
    calls: AtomicU64,
    last_call: AtomicU64,
    server: ArcSwapOption<String>,
    save_at: AtomicU64,
}

impl Activity {
    /// None yet; to be saved by itself after a while.
    pub(super) fn since(now: Timestamp) -> Arc<Self> {
        Arc::new(Self {
            calls: AtomicU64::new(0),
            last_call: AtomicU64::new(0),
            server: ArcSwapOption::empty(),
            save_at: AtomicU64::new(now.after(EVERY).as_millis()),
        })
    }

    pub(super) fn record(&self, server: &str, now: Timestamp) {
        let same = self.server.load().as_ref().is_some_and(|last| **last == server);
        if !same {
            self.server.store(Some(Arc::new(server.to_owned())));
        }
        self.last_call.fetch_max(now.as_millis(), Ordering::Relaxed);
        // Whoever reads this count also reads what was written before it.
        self.calls.fetch_add(1, Ordering::Release);
    }

    /// Whether it is time to save: true for one caller each time.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        let due = self.save_at.load(Ordering::Relaxed);
        let next = now.after(EVERY).as_millis();
        // A due time that lies further ahead than it ever does: the clock was set back.
        let is_due = now.as_millis() >= due || due > next;
        is_due && self.save_at.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    pub(super) fn calls(&self) -> u64 {
        self.calls.load(Ordering::Acquire)
    }

    /// The metadata with all calls, of which `counted` are in it already; and how many calls that were.
    pub(super) fn told_by(&self, metadata: &SessionMetadata, counted: u64) -> (SessionMetadata, u64) {
        let mut told = metadata.clone();
        let calls = self.calls();
        if calls > counted {
            told.calls = told.calls.saturating_add(calls - counted);
            told.last_call_at =
                told.last_call_at.max(Some(Timestamp::from_millis(self.last_call.load(Ordering::Relaxed))));
            told.last_server = self.server.load().as_ref().map(|server| (**server).clone());
        }
        (told, calls)
    }
}

/// So often calls are saved if nothing else is.
const EVERY: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_back_does_not_keep_calls_from_being_saved() {
        let now = Timestamp::from_millis(1_800_000_000_000);
        let activity = Activity::since(now.after(100 * EVERY));
        assert!(activity.is_due(now) && !activity.is_due(now), "once");
        assert!(!activity.is_due(now.after(EVERY / 2)) && activity.is_due(now.after(EVERY)));
    }
}
