//! The task of one sink: batches, again until they are written.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    time::{sleep, timeout},
};

use super::{
    Numbers,
    lines::{BATCH, Item, Tally},
};
use crate::{
    audit::{AuditEntry, AuditError, AuditErrorKind, AuditEvent, sink::ErasedSink},
    clock::Clock,
};

/// Entries on their way to a sink, all of them or none.
type Batch = Arc<[Arc<AuditEntry>]>;

pub(super) struct Worker {
    sink: Arc<dyn ErasedSink>,
    tally: Arc<Tally>,
    /// Names what it has to say itself. A number of the log's would be missing elsewhere.
    numbers: Numbers,
    clock: Clock,
    /// Of those dropped, how many the sink has been told of.
    told: u64,
}

impl Worker {
    pub(super) const fn new(sink: Arc<dyn ErasedSink>, tally: Arc<Tally>, numbers: Numbers, clock: Clock) -> Self {
        Self { sink, tally, numbers, clock, told: 0 }
    }

    /// Writes what comes, until nothing can come any more.
    pub(super) async fn run(mut self, queue: mpsc::Receiver<Item>) {
        let mut items = Vec::with_capacity(BATCH);
        let mut queue = Queue { items: queue, taken: 0, tally: Arc::clone(&self.tally) };
        while queue.items.recv_many(&mut items, BATCH).await > 0 {
            if items.len() < BATCH && items.iter().all(|item| matches!(item, Item::Entry(_))) {
                queue.taken = items.len() as u64;
                // Who hurries has filled a batch, or waits for a flush.
                let _ = timeout(LINGER, self.tally.hurry.notified()).await;
                let rest = BATCH - items.len();
                items.extend(std::iter::from_fn(|| queue.items.try_recv().ok()).take(rest));
            }
            let (entries, flushes) = sorted(&mut items);
            let count = entries.len() as u64;
            queue.taken = count;
            let dropped = self.tally.dropped.load(Ordering::SeqCst);
            let batch: Batch = entries.into_iter().chain(self.lost(dropped)).collect();
            let rejected = self.write(batch).await;
            (self.told, queue.taken) = (dropped, 0);
            self.tally.written.fetch_add(count - rejected.min(count), Ordering::SeqCst);
            if rejected > 0 {
                self.tally.drop_some(rejected);
            }
            for flush in flushes {
                // Whoever waits may have gone.
                let _ = flush.send(());
            }
        }
    }

    /// What the sink has to be told of entries that it never got.
    fn lost(&self, dropped: u64) -> Option<Arc<AuditEntry>> {
        let entries = dropped - self.told;
        let entry = || AuditEntry::new(self.numbers.next(), self.clock.now(), AuditEvent::Lost { entries });
        (entries > 0).then(|| Arc::new(entry()))
    }

    /// Writes a batch; says how many of its entries were rejected.
    async fn write(&self, batch: Batch) -> u64 {
        if batch.is_empty() || self.until_written(&batch).await {
            return 0;
        }
        let mut rejected = 0;
        for entry in batch.iter() {
            if !self.until_written(&Arc::from([Arc::clone(entry)])).await {
                tracing::error!(sink = &*self.tally.name, id = %entry.id, "an audit entry was rejected");
                rejected += u64::from(!matches!(entry.event, AuditEvent::Lost { .. }));
            }
        }
        rejected
    }

    /// Tries until the batch is written, or rejected: then `false`.
    async fn until_written(&self, batch: &Batch) -> bool {
        let mut failures = 0;
        loop {
            let error = match self.attempt(batch).await {
                Ok(()) => break,
                Err(error) if error.kind() == AuditErrorKind::Rejected => return false,
                Err(error) => error,
            };
            self.failed(&error);
            sleep(FIRST_PAUSE.saturating_mul(1 << failures).min(LONGEST_PAUSE)).await;
            failures = (failures + 1).min(MOST_DOUBLINGS);
        }
        if self.tally.warned.swap(false, Ordering::SeqCst) {
            let dropped = self.tally.dropped.load(Ordering::SeqCst);
            tracing::warn!(
                sink = &*self.tally.name,
                dropped,
                "audit entries are written again; so many were dropped until now"
            );
        }
        true
    }

    fn failed(&self, error: &AuditError) {
        self.tally.failures.fetch_add(1, Ordering::SeqCst);
        let cause = std::error::Error::source(error).map(tracing::field::display);
        tracing::warn!(sink = &*self.tally.name, %error, cause, "audit entries are not written yet");
    }

    /// One try, as a task of its own: a panic in a sink ends that try, and not all that follow.
    async fn attempt(&self, batch: &Batch) -> Result<(), AuditError> {
        let (sink, batch) = (Arc::clone(&self.sink), Arc::clone(batch));
        let mut task = AbortOnDrop(tokio::spawn(async move { sink.write(&batch).await }));
        match timeout(PATIENCE, &mut task.0).await {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => Err(AuditError::unavailable(panic)),
            Err(_) => Err(AuditError::timeout("the sink")),
        }
    }
}

/// What waits for the worker, and what it is writing. Where it is stopped before its time, as by
/// [`AuditLog::close`](super::AuditLog::close), those are counted as dropped.
struct Queue {
    items: mpsc::Receiver<Item>,
    taken: u64,
    tally: Arc<Tally>,
}

impl Drop for Queue {
    fn drop(&mut self) {
        // Nothing comes to it from now on: whoever has an entry counts it himself.
        self.items.close();
        let left = std::iter::from_fn(|| self.items.try_recv().ok());
        let lost = self.taken + left.filter(|item| matches!(item, Item::Entry(_))).count() as u64;
        if lost > 0 {
            self.tally.drop_some(lost);
        }
    }
}

struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn sorted(items: &mut Vec<Item>) -> (Vec<Arc<AuditEntry>>, Vec<oneshot::Sender<()>>) {
    let (mut entries, mut flushes) = (Vec::with_capacity(items.len() + 1), Vec::new());
    for item in items.drain(..) {
        match item {
            Item::Entry(entry) => entries.push(entry),
            Item::Flush(flush) => flushes.push(flush),
        }
    }
    (entries, flushes)
}

/// How long a batch that is not full waits for more: each costs the sink about the same, however small it is.
const LINGER: Duration = Duration::from_millis(10);

/// How long a sink may take for a batch.
const PATIENCE: Duration = Duration::from_secs(10);

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
const MOST_DOUBLINGS: u32 = 7;
