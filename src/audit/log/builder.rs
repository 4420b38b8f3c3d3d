use std::{fmt, sync::Arc, time::Duration};

use tokio::sync::{mpsc, watch};

use super::{
    AuditLog, Inner, Numbers,
    lines::{Line, Tally},
    sweep::sweep,
    worker::Worker,
};
use crate::{
    audit::{AuditError, AuditKind, AuditSink, sink::ErasedSink},
    clock::Clock,
    key::random_bytes,
};

/// Makes an [`AuditLog`].
#[must_use]
pub struct AuditLogBuilder {
    sinks: Vec<Arc<dyn ErasedSink>>,
    queue: usize,
    except: Vec<AuditKind>,
    retention: Option<Duration>,
    clock: Clock,
}

impl AuditLogBuilder {
    pub(super) fn new() -> Self {
        Self { sinks: Vec::new(), queue: QUEUE, except: Vec::new(), retention: None, clock: Clock::system() }
    }

    /// Adds a sink, beside those that are there. Each has a queue and a task of its own: none waits for another.
    pub fn sink(mut self, sink: impl AuditSink) -> Self {
        self.sinks.push(Arc::new(sink));
        self
    }

    /// How many entries may wait for a sink: 8,192, unless set; about 300 bytes each, which the sinks share.
    ///
    /// What a stranger can cause without end (refusals, failed attempts, sessions without a user) gets half of it. The other half is
    /// kept for what happens to users and their sessions, so that nobody can drown that.
    pub fn queue(self, entries: usize) -> Self {
        Self { queue: entries, ..self }
    }

    /// Leaves out entries of these kinds, besides those that are left out already.
    pub fn except(mut self, kinds: impl IntoIterator<Item = AuditKind>) -> Self {
        self.except.extend(kinds);
        self
    }

    /// Deletes entries that are older than this from every sink that keeps them: now, and every ten minutes. Unless set, they are
    /// kept for ever, or for as long as a sink of bounded length has room.
    pub fn retention(self, age: Duration) -> Self {
        Self { retention: Some(age), ..self }
    }

    /// Replaces the clock.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Starts the log: a task for each sink, and one more for each if there is a [retention](Self::retention). They end when the last
    /// clone of the log and the last of its listeners are dropped, once the queues are empty; or by [`AuditLog::close`].
    /// A sink that is down then is tried until the program ends.
    ///
    /// # Errors
    /// If a setting is not possible, or the system's random generator fails.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn build(self) -> Result<AuditLog, AuditError> {
        if !(1..=LONGEST_QUEUE).contains(&self.queue) {
            return Err(AuditError::setting(format!("queue is {}: take 1 to {LONGEST_QUEUE} entries", self.queue)));
        }
        if self.retention.is_some_and(|age| age.is_zero()) {
            return Err(AuditError::setting("retention is zero: entries would be deleted at once"));
        }
        let alive = watch::Sender::new(());
        let mut lines = Vec::with_capacity(self.sinks.len());
        for sink in self.sinks {
            let tally = Arc::new(Tally::of(sink.name()));
            let (queue, entries) = mpsc::channel(self.queue);
            if let Some(age) = self.retention {
                tokio::spawn(sweep(Arc::clone(&sink), age, self.clock.clone(), alive.subscribe()));
            }
            let worker = Worker::new(sink, Arc::clone(&tally), Numbers::of(random()?), self.clock.clone());
            let worker = tokio::spawn(worker.run(entries)).abort_handle();
            lines.push(Line { queue, tally, reserved: self.queue / 2, worker });
        }
        let (except, numbers) = (self.except, Numbers::of(random()?));
        let last = std::sync::atomic::AtomicU64::new(0);
        Ok(AuditLog { inner: Arc::new(Inner { clock: self.clock, last, numbers, except, lines, _alive: alive }) })
    }
}

fn random() -> Result<u64, AuditError> {
    random_bytes().map(u64::from_be_bytes).map_err(AuditError::unavailable)
}

impl fmt::Debug for AuditLogBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sinks: Vec<&str> = self.sinks.iter().map(|sink| sink.name()).collect();
        f.debug_struct("AuditLogBuilder")
            .field("sinks", &sinks)
            .field("queue", &self.queue)
            .field("except", &self.except)
            .field("retention", &self.retention)
            .finish_non_exhaustive()
    }
}

const QUEUE: usize = 8_192;
const LONGEST_QUEUE: usize = 1 << 24;
