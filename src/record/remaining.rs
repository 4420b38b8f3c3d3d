use std::time::Duration;

use super::Record;
use crate::clock::Timestamp;

/// How much time a session has left: whichever ends first ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Remaining {
    /// Until it ends if it is not used: a use moves this end away.
    pub idle: Duration,
    /// Until it ends however busy it is.
    pub absolute: Duration,
}

impl Remaining {
    /// Until it ends if nothing more happens.
    #[must_use]
    pub fn first(self) -> Duration {
        self.idle.min(self.absolute)
    }
}

impl Record {
    /// When it ends however busy it is.
    #[must_use]
    pub const fn absolute_at(&self) -> Timestamp {
        self.absolute_at
    }

    /// How much time it has left at `now`: zero where it has none.
    #[must_use]
    pub fn remaining(&self, now: Timestamp) -> Remaining {
        let idle_at = self.last_seen_at.after(Duration::from_millis(self.idle_millis));
        Remaining { idle: idle_at.since(now), absolute: self.absolute_at.since(now) }
    }
}
