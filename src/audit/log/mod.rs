//! The way of an entry: from whoever tells it, who never waits, through a queue a sink, to that sink.

mod builder;
mod flush;
mod lines;
mod sweep;
mod worker;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::watch;

pub use builder::AuditLogBuilder;
pub use flush::Unwritten;
pub use lines::SinkState;

use super::{AuditEntry, AuditEvent, AuditKind, EntryId};
use crate::{
    clock::{Clock, Timestamp},
    sessions::Event,
};
use lines::Line;

/// Writes what happens to sessions into sinks. Cheap to clone; all clones are one.
///
/// Nobody waits for it: an entry is put into a queue of each sink, from which a task of that sink's own writes batches. What does
/// not fit is dropped and [counted](Self::sinks), and once the sink takes entries again, one says how many are missing.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::time::Duration;
///
/// use countersign::{
///     KeyRing, MemoryStore, Sessions,
///     audit::{AuditLog, AuditQuery, AuditTrail, MemoryAudit, TracingAudit},
/// };
///
/// let kept = MemoryAudit::new(10_000);
/// let log = AuditLog::builder().sink(TracingAudit::new()).sink(kept.clone()).build()?;
/// let sessions = Sessions::builder(KeyRing::generate()?, MemoryStore::new()).on_event(log.listener()).build()?;
///
/// let issued = sessions.log_in("ada").await?;
/// log.flush(Duration::from_secs(5)).await?;
/// let page = kept.page(&AuditQuery::new().user("ada")).await?;
/// assert_eq!(page.entries[0].event.session(), Some(issued.session_id()));
/// # Ok(()) }
/// ```
///
/// At the end of a program, [`close`](Self::close) writes what is left. If it is killed instead, what was in the queues and in the
/// batches under way is lost: at most the length of a queue and 257 entries a sink.
#[derive(Clone)]
pub struct AuditLog {
    inner: Arc<Inner>,
}

struct Inner {
    clock: Clock,
    /// The last instant that was told: wall clocks are set back, an order is not.
    last: AtomicU64,
    numbers: Numbers,
    except: Vec<AuditKind>,
    lines: Vec<Line>,
    /// Closed with the last handle: then nothing is swept any more.
    _alive: watch::Sender<()>,
}

impl AuditLog {
    /// Makes one.
    pub fn builder() -> AuditLogBuilder {
        AuditLogBuilder::new()
    }

    /// What [`SessionsBuilder::on_event`](crate::SessionsBuilder::on_event) calls. It holds the log, and nothing of the sessions.
    pub fn listener(&self) -> impl Fn(&Event<'_>) + Send + Sync + 'static + use<> {
        let log = self.clone();
        move |event| {
            if let Some(event) = AuditEvent::of(event) {
                log.record(event);
            }
        }
    }

    /// Adds an entry that no event of sessions tells.
    pub fn record(&self, event: AuditEvent) {
        let inner = &*self.inner;
        if inner.except.contains(&event.kind()) {
            return;
        }
        let now = inner.clock.now().as_millis();
        let at = Timestamp::from_millis(inner.last.fetch_max(now, Ordering::SeqCst).max(now));
        let entry = Arc::new(AuditEntry::new(inner.numbers.next(), at, event));
        inner.lines.iter().for_each(|line| line.offer(&entry));
    }

    /// How each sink is doing.
    #[must_use]
    pub fn sinks(&self) -> Vec<SinkState> {
        self.inner.lines.iter().map(Line::state).collect()
    }

    /// How many entries were dropped, over all sinks.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.sinks().iter().map(|sink| sink.dropped).sum()
    }
}

impl fmt::Debug for AuditLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuditLog").field("sinks", &self.sinks()).finish_non_exhaustive()
    }
}

/// Names entries.
struct Numbers {
    log: u64,
    last: AtomicU64,
}

impl Numbers {
    const fn of(log: u64) -> Self {
        Self { log, last: AtomicU64::new(0) }
    }

    fn next(&self) -> EntryId {
        EntryId::new(self.log, self.last.fetch_add(1, Ordering::SeqCst) + 1)
    }
}
