//! How long each part of the run takes.

use std::time::Duration;

/// How many different credentials the requests rotate over, at most.
pub const SAMPLE: usize = 4096;

/// How many requests a contender does before it is the next one's turn; a multiple of the stretches
/// that are timed.
pub const BLOCK: usize = 1024;

/// The lengths of a run.
pub struct Plan {
    /// How often each contender has its turn, a scenario.
    pub rounds: usize,
    /// How often each contender's throughput is taken, with one worker and with two, on a machine
    /// that does nothing else.
    pub slices: usize,
    /// How long each of those lasts.
    pub slice: Duration,
}

impl Plan {
    /// The full plan, or one that only shows that everything works.
    pub const fn new(quick: bool) -> Self {
        if quick {
            Self { rounds: 10, slices: 4, slice: Duration::from_millis(30) }
        } else {
            Self { rounds: 120, slices: 16, slice: Duration::from_millis(60) }
        }
    }
}
