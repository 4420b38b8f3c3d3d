//! Time as a parameter: instants as UTC milliseconds, and the crate's only readers of time.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
#[cfg(feature = "server")]
use tokio::time::Instant;

/// An instant in UTC, in whole milliseconds since 1970-01-01T00:00:00Z.
///
/// Prints as RFC 3339, and converts from and into [`SystemTime`]. Arithmetic saturates: no duration,
/// however large, wraps around.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The instant that lies `millis` milliseconds after the epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// This instant, moved `by` later. Stops at the last representable instant.
    #[must_use]
    pub fn after(self, by: Duration) -> Self {
        Self(self.0.saturating_add(millis(by)))
    }

    /// This instant, moved `by` earlier. Stops at the epoch.
    #[cfg(any(feature = "client", feature = "audit"))]
    pub(crate) fn before(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(millis(by)))
    }

    /// How much later this is than `earlier`: zero if it is not.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        Self(time.duration_since(UNIX_EPOCH).map_or(0, millis))
    }
}

impl From<Timestamp> for SystemTime {
    fn from(timestamp: Timestamp) -> Self {
        UNIX_EPOCH.checked_add(Duration::from_millis(timestamp.0.min(LAST_PRINTABLE))).unwrap_or(UNIX_EPOCH)
    }
}

/// RFC 3339, as in `2026-11-20T09:30:00.000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_rfc3339_millis((*self).into()).fmt(f)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Where [`Sessions`](crate::Sessions) reads the time: the system's clock, or one that tests set.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    manual: Option<Arc<Manual>>,
}

#[derive(Debug)]
struct Manual {
    millis: AtomicU64,
    #[cfg(feature = "server")]
    made: Instant,
}

impl Clock {
    /// The system's wall clock.
    #[must_use]
    pub const fn system() -> Self {
        Self { manual: None }
    }

    /// A clock that stands at `start` until it is [advanced](Self::advance).
    #[must_use]
    pub fn manual(start: SystemTime) -> Self {
        let start = Timestamp::from(start).as_millis();
        let manual = Manual {
            millis: AtomicU64::new(start),
            #[cfg(feature = "server")]
            made: Instant::now(),
        };
        Self { manual: Some(Arc::new(manual)) }
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.manual {
            Some(manual) => Timestamp(manual.millis.load(Ordering::SeqCst)),
            None => SystemTime::now().into(),
        }
    }

    /// Milliseconds of a clock that goes on by itself, for what has to be done every now and then. The system's clock at `now`;
    /// a manual one stands still, so the time since it was made.
    #[cfg(feature = "server")]
    pub(crate) fn ticks(&self, now: Timestamp) -> u64 {
        self.manual.as_ref().map_or(now.0, |manual| millis(manual.made.elapsed()))
    }

    /// Moves a manual clock, and all its clones, forward. Returns whether it moved: the system's
    /// clock does not.
    pub fn advance(&self, by: Duration) -> bool {
        match &self.manual {
            Some(manual) => {
                manual.millis.fetch_add(millis(by), Ordering::SeqCst);
                true
            }
            None => false,
        }
    }
}

/// Measures how long ago something was, by a clock that nobody sets: for what must not grow old,
/// whatever becomes of the wall clock. It runs on tokio's time, which a test can stop; what the
/// machine spends asleep does not count.
#[cfg(feature = "server")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

#[cfg(feature = "server")]
impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Nanoseconds since it was started: never 0, and enough for 584 years.
    pub(crate) fn nanos(&self) -> u64 {
        nanos(self.0.elapsed()).max(1)
    }
}

/// Whole nanoseconds in a duration, saturating.
#[cfg(feature = "server")]
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Whole milliseconds in a duration, saturating.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// 9999-12-31T23:59:59.999Z: the last instant that RFC 3339 can print.
const LAST_PRINTABLE: u64 = 253_402_300_799_999;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_instead_of_wrapping() {
        let last = Timestamp::from_millis(u64::MAX);
        assert_eq!(last.after(Duration::MAX), last);
        assert_eq!(Timestamp::from_millis(1).since(last), Duration::ZERO);
        assert_eq!(last.to_string(), "9999-12-31T23:59:59.999Z");
    }

    #[test]
    fn a_manual_clock_moves_with_all_its_clones() {
        let clock = Clock::manual(UNIX_EPOCH);
        let other = clock.clone();
        assert!(clock.advance(Duration::from_secs(5)));
        assert_eq!(other.now(), Timestamp::from_millis(5_000));
        assert!(!Clock::system().advance(Duration::from_secs(5)));
    }
}
