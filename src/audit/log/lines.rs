//! The queue before a sink, and what becomes of entries there.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use tokio::{
    sync::{Notify, mpsc, oneshot},
    task::AbortHandle,
};

use crate::audit::AuditEntry;

/// How a sink is doing. Once nothing waits, `offered` is `written` and `dropped` together.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SinkState {
    /// The sink's name.
    pub name: Box<str>,
    /// Entries that were told since the start.
    pub offered: u64,
    /// Those that it has written.
    pub written: u64,
    /// Those that found no room in its queue, or that it has rejected.
    pub dropped: u64,
    /// How often it has failed to write a batch. Each was tried again.
    pub failures: u64,
}

impl SinkState {
    /// Entries that wait for the sink.
    #[must_use]
    pub const fn waiting(&self) -> u64 {
        self.offered.saturating_sub(self.written).saturating_sub(self.dropped)
    }
}

/// What stands in a queue.
pub(super) enum Item {
    Entry(Arc<AuditEntry>),
    /// Is told when all that stands before it is written.
    Flush(oneshot::Sender<()>),
}

/// The way to one sink.
pub(super) struct Line {
    pub(super) queue: mpsc::Sender<Item>,
    pub(super) tally: Arc<Tally>,
    /// So many places are kept free from what anybody can cause.
    pub(super) reserved: usize,
    pub(super) worker: AbortHandle,
}

impl Line {
    /// Puts an entry into the queue if there is room, and waits for nothing.
    pub(super) fn offer(&self, entry: &Arc<AuditEntry>) {
        self.tally.offered.fetch_add(1, Ordering::SeqCst);
        let room = !entry.event.is_anybodys() || self.queue.capacity() > self.reserved;
        if !room || self.queue.try_send(Item::Entry(Arc::clone(entry))).is_err() {
            self.tally.drop_some(1);
        } else if self.queue.max_capacity() - self.queue.capacity() == BATCH {
            self.tally.hurry.notify_one();
        }
    }

    pub(super) fn state(&self) -> SinkState {
        self.tally.state()
    }
}

/// What has become of the entries of one sink.
pub(super) struct Tally {
    pub(super) name: Box<str>,
    offered: AtomicU64,
    pub(super) written: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) failures: AtomicU64,
    /// Told when the worker should not wait for more.
    pub(super) hurry: Notify,
    /// Whether the log has been told that entries are being dropped.
    pub(super) warned: AtomicBool,
}

impl Tally {
    pub(super) fn of(name: &str) -> Self {
        let none = || AtomicU64::new(0);
        let (offered, written, dropped, failures) = (none(), none(), none(), none());
        let (hurry, warned) = (Notify::new(), AtomicBool::new(false));
        Self { name: name.into(), offered, written, dropped, failures, hurry, warned }
    }

    pub(super) fn drop_some(&self, entries: u64) {
        self.dropped.fetch_add(entries, Ordering::SeqCst);
        if !self.warned.swap(true, Ordering::SeqCst) {
            tracing::warn!(sink = &*self.name, "audit entries are being dropped: the sink does not keep up");
        }
    }

    fn state(&self) -> SinkState {
        // What was offered is read last: none of the others is ever ahead of it.
        let [written, dropped, failures, offered] =
            [&self.written, &self.dropped, &self.failures, &self.offered].map(|count| count.load(Ordering::SeqCst));
        SinkState { name: self.name.clone(), offered, written, dropped, failures }
    }
}

/// How many entries are written at once, at most; one more says how many are missing.
pub(super) const BATCH: usize = 256;
