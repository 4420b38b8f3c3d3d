//! What happens to sessions, in numbers: for a recorder of the `metrics` facade, and as a snapshot. `docs/metrics.md` has the table.

mod census;
mod distribution;
mod history;
mod labels;
mod lag;
mod names;
mod snapshot;
mod state;
mod timed;
mod watch;

pub use census::Census;
pub use distribution::Spread;
pub use history::Sample;
pub use snapshot::Snapshot;
pub use watch::MetricsTask;

use std::{any::Any, fmt, sync::Arc};

use metrics::gauge;

use crate::sessions::{Error, Sessions, SessionsBuilder};
use names::{ACTIVE_SESSIONS, ACTIVE_USERS, COUNT_TOOK, COUNTED_AT};
use state::State;
use timed::Timed;

impl SessionsBuilder {
    /// Measures: from now on there are [`Sessions::metrics`], and a recorder of the `metrics` facade is told of all that
    /// happens, if one is installed. Install it first, so that it learns what each metric means.
    ///
    /// It costs two looks at the clock and one more allocation a store command, and a call of the recorder for each event.
    /// Without it, one branch an event.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use countersign::{KeyRing, MemoryStore, Sessions};
    ///
    /// let sessions = Sessions::builder(KeyRing::generate()?, MemoryStore::new()).metrics().build()?;
    /// sessions.log_in("ada").await?;
    ///
    /// let metrics = sessions.metrics().ok_or("the builder was told to measure")?;
    /// let snapshot = metrics.snapshot().await?;
    /// assert_eq!(snapshot.live.map(|live| (live.sessions, live.users)), Some((1, 1)));
    /// assert_eq!(snapshot.store["create"].count, 1);
    /// # Ok(()) }
    /// ```
    pub fn metrics(self) -> Self {
        names::describe();
        let state = Arc::new(State::new());
        let timed = Arc::clone(&state);
        self.metered(state, |store| Timed::new(store, timed))
    }
}

impl Sessions {
    /// What was measured; `None` unless the builder was told [to measure](SessionsBuilder::metrics).
    #[must_use]
    pub fn metrics(&self) -> Option<Metrics> {
        let meter: Arc<dyn Any + Send + Sync> = self.meter()?;
        Some(Metrics { sessions: self.clone(), state: meter.downcast().ok()? })
    }
}

/// What a node has measured. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Metrics {
    sessions: Sessions,
    state: Arc<State>,
}

impl Metrics {
    /// All figures, with a fresh count of the live sessions. What that costs grows with all that the store holds: one command
    /// for every 500 to 10,000 sessions, and 16 bytes for each while it lasts. Where it is asked for often, [`glance`](Self::glance).
    ///
    /// # Errors
    /// If the store fails.
    pub async fn snapshot(&self) -> Result<Snapshot, Error> {
        self.count().await?;
        Ok(self.glance())
    }

    /// The same with the count that was made last, by [`spawn`](Self::spawn)ed task or snapshot: it asks no store.
    #[must_use]
    pub fn glance(&self) -> Snapshot {
        Snapshot::of(&self.sessions, &self.state)
    }

    /// Counts the live sessions of all nodes, and sets the gauges. Counts of one node wait for each other.
    ///
    /// # Errors
    /// If the store fails.
    #[allow(clippy::cast_precision_loss, reason = "gauges are floats: exact to 2^53")]
    pub async fn count(&self) -> Result<Census, Error> {
        let _turn = self.state.counting.lock().await;
        let census = Census::take(&self.sessions).await?;
        gauge!(ACTIVE_SESSIONS).set(census.sessions as f64);
        gauge!(ACTIVE_USERS).set(census.users as f64);
        gauge!(COUNTED_AT).set(census.at.as_millis() as f64 / 1e3);
        gauge!(COUNT_TOOK).set(census.took);
        self.state.keep_census(census);
        Ok(census)
    }

    /// The last hour, minute by minute, the oldest in front. Empty unless the task [runs](Self::spawn).
    #[must_use]
    pub fn history(&self) -> Vec<Sample> {
        self.state.history()
    }

    /// Starts the task that keeps live what no request moves: it counts the live sessions (`monitoring.count_every`), listens to
    /// the ends of sessions, tells how the cache does every five seconds, and takes a sample a minute. It ends when the last
    /// clone of these sessions is dropped, or by [`MetricsTask::stop`].
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn spawn(&self) -> MetricsTask {
        MetricsTask::spawn(self)
    }

    /// The bounds of the buckets that suit the histograms, by name, in seconds: for an exporter, which usually wants to be told.
    pub const BUCKETS: [(&'static str, &'static [f64]); 3] = [
        (
            names::STORE_COMMAND,
            &[0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0],
        ),
        (names::LAG, &[0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5]),
        (
            names::LIVED,
            &[60.0, 300.0, 900.0, 1_800.0, 3_600.0, 7_200.0, 14_400.0, 28_800.0, 86_400.0, 604_800.0, 2_592_000.0],
        ),
    ];
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").field("sessions", &self.sessions).finish_non_exhaustive()
    }
}
