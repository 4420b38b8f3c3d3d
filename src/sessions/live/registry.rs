use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    task::JoinHandle,
};

use super::{EndReason, task};
use crate::{
    clock::{Timestamp, millis},
    record::{Record, SessionId},
    sessions::{Sessions, verdict::is_among_all},
};

/// The sessions that somebody waits for the end of, on this node.
#[derive(Debug, Default)]
pub(in crate::sessions) struct Live {
    watched: Mutex<Watched>,
    /// Rung when one has come to them.
    pub(super) bell: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Watched {
    /// With how many wait for it.
    entries: HashMap<SessionId, (Arc<Entry>, usize)>,
    /// Those that the task has not looked at yet; none, where there is no task to look.
    fresh: Vec<SessionId>,
    task: Option<JoinHandle<()>>,
}

impl Live {
    pub(in crate::sessions) fn len(&self) -> usize {
        self.lock().entries.len()
    }

    pub(super) fn entry(&self, id: SessionId) -> Option<Arc<Entry>> {
        self.lock().entries.get(&id).map(|(entry, _)| Arc::clone(entry))
    }

    /// All that have not ended.
    pub(super) fn entries(&self) -> Vec<Arc<Entry>> {
        let watched = self.lock();
        let alive = watched.entries.values().filter(|(entry, _)| !entry.has_ended());
        alive.map(|(entry, _)| Arc::clone(entry)).collect()
    }

    pub(super) fn take_fresh(&self) -> Vec<SessionId> {
        std::mem::take(&mut self.lock().fresh)
    }

    /// Lets the task go, if it has nothing to do. Whoever comes next starts another.
    pub(super) fn dismiss(&self) -> bool {
        let mut watched = self.lock();
        let idle = watched.entries.is_empty();
        if idle {
            watched.task = None;
            watched.fresh = Vec::new();
        }
        idle
    }

    fn join(&self, id: SessionId, known: Option<&Record>) -> Arc<Entry> {
        let mut watched = self.lock();
        let looked_after = watched.is_looked_after();
        let Watched { entries, fresh, .. } = &mut *watched;
        let (entry, watchers) = entries.entry(id).or_insert_with(|| {
            // A task that is started looks at all of them.
            if looked_after {
                fresh.push(id);
            }
            (Arc::new(Entry::new(id)), 0)
        });
        *watchers += 1;
        let entry = Arc::clone(entry);
        drop(watched);
        if let Some(record) = known {
            entry.note(record);
        }
        entry
    }

    fn leave(&self, id: SessionId) {
        let mut watched = self.lock();
        let last = watched.entries.get_mut(&id).is_some_and(|(_, watchers)| {
            *watchers -= 1;
            *watchers == 0
        });
        if last {
            watched.entries.remove(&id);
        }
    }

    /// Starts the task, if it does not run, or the runtime has ended in which it ran.
    fn start(&self, sessions: &Sessions) {
        let mut watched = self.lock();
        if !watched.is_looked_after() {
            watched.fresh = watched.entries.keys().copied().collect();
            watched.task = Some(tokio::spawn(task::look_after(
                Arc::downgrade(&sessions.inner),
                Arc::clone(&self.bell),
                sessions.inner.alive.subscribe(),
            )));
        }
        if !watched.fresh.is_empty() {
            self.bell.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    fn is_looked_after(&self) -> bool {
        self.task.as_ref().is_some_and(|task| !task.is_finished())
    }
}

/// A session that somebody waits for.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: SessionId,
    end: watch::Sender<Option<EndReason>>,
    known: Mutex<Option<Known>>,
    /// When its window was last moved, or is being moved, by a connection of this node.
    moved: AtomicU64,
}

/// What was last read of it.
#[derive(Clone, Copy, Debug)]
struct Known {
    expires_at: Timestamp,
    absolute_at: Timestamp,
    /// Whether it is one of those that ended when all did, given until when.
    authenticated_at: Timestamp,
}

/// What its times say of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is alive until then, if nothing happens. `None` if nothing is known of it.
    Until(Option<Timestamp>),
    /// It may have expired: the store knows.
    Due,
    /// It is over.
    Over(EndReason),
}

impl Entry {
    fn new(id: SessionId) -> Self {
        Self { id, end: watch::Sender::new(None), known: Mutex::new(None), moved: AtomicU64::new(0) }
    }

    pub(super) fn has_ended(&self) -> bool {
        self.end.borrow().is_some()
    }

    /// It has ended. The first reason stands.
    pub(super) fn end(&self, reason: EndReason) {
        self.end.send_if_modified(|end| {
            let first = end.is_none();
            end.get_or_insert(reason);
            first
        });
    }

    /// The store has no such session.
    pub(super) fn is_gone(&self, now: Timestamp) {
        let expired = self.known().is_some_and(|known| now >= known.expires_at);
        self.end(if expired { EndReason::Expired } else { EndReason::Revoked });
    }

    /// The store has it, like this.
    pub(super) fn is_there(&self, record: &Record, everybody: Option<Timestamp>) {
        self.note(record);
        if record.demands_step_up() {
            self.end(EndReason::Suspended);
        } else if is_among_all(record, everybody) {
            self.end(EndReason::Revoked);
        }
    }

    pub(super) fn standing(&self, now: Timestamp, everybody: Option<Timestamp>) -> Standing {
        let Some(known) = self.known() else { return Standing::Until(None) };
        match () {
            () if everybody.is_some_and(|until| known.authenticated_at <= until) => Standing::Over(EndReason::Revoked),
            () if now >= known.absolute_at => Standing::Over(EndReason::Expired),
            () if now >= known.expires_at => Standing::Due,
            () => Standing::Until(Some(known.expires_at)),
        }
    }

    /// Takes note of a record. Windows only move forward, and answers may come in any order.
    fn note(&self, record: &Record) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let expires_at = known.map_or(record.expires_at(), |known| known.expires_at.max(record.expires_at()));
        let (absolute_at, authenticated_at) = (record.absolute_at(), record.authenticated_at());
        *known = Some(Known { expires_at, absolute_at, authenticated_at });
    }

    fn known(&self) -> Option<Known> {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits for the end of a session. It is forgotten when the last one has gone.
#[derive(Debug)]
pub(crate) struct Watch {
    sessions: Sessions,
    entry: Arc<Entry>,
}

impl Watch {
    pub(super) fn begin(sessions: Sessions, id: SessionId, known: Option<&Record>) -> Self {
        let entry = sessions.inner.live.join(id, known);
        Self { sessions, entry }
    }

    pub(crate) fn id(&self) -> SessionId {
        self.entry.id
    }

    pub(super) async fn ended(&self) -> EndReason {
        let mut end = self.entry.end.subscribe();
        self.sessions.inner.live.start(&self.sessions);
        let ended = end.wait_for(Option::is_some).await;
        // The sender is here, so the channel is open.
        ended.ok().and_then(|end| *end).unwrap_or(EndReason::Revoked)
    }

    /// The store has it, like this.
    pub(super) fn read(&self, record: &Record) {
        self.entry.is_there(record, self.sessions.inner.everybody.until());
    }

    pub(super) fn is_gone(&self, now: Timestamp) {
        self.entry.is_gone(now);
    }

    /// Whether it is time to move the window that was last moved at `seen`, and nobody else is at it.
    pub(super) fn turn(&self, now: Timestamp, seen: Timestamp, interval: Duration) -> Option<Turn<'_>> {
        let (now, moved) = (now.as_millis(), &self.entry.moved);
        let before = moved.load(Ordering::Acquire);
        let due = now.saturating_sub(before.max(seen.as_millis())) >= millis(interval);
        let mine = due && moved.compare_exchange(before, now, Ordering::AcqRel, Ordering::Acquire).is_ok();
        // Made only where it is one's own: to drop it gives it back.
        if mine { Some(Turn { moved, now, then: before }) } else { None }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.sessions.inner.live.leave(self.entry.id);
    }
}

/// That it is somebody's turn to move a window. Given back if nothing comes of it.
pub(super) struct Turn<'a> {
    moved: &'a AtomicU64,
    now: u64,
    /// What is said in the end of when it was moved.
    then: u64,
}

impl Turn<'_> {
    /// It was moved.
    pub(super) fn taken(mut self) {
        self.then = self.now;
    }

    /// The store has failed: not everybody has to wait for it again.
    pub(super) fn failed(mut self, interval: Duration) {
        self.then = self.now.saturating_add(millis(RESPITE.min(interval))).saturating_sub(millis(interval));
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Where somebody has taken it since, it is his.
        let _ = self.moved.compare_exchange(self.now, self.then, Ordering::AcqRel, Ordering::Acquire);
    }
}

const RESPITE: Duration = Duration::from_secs(1);
