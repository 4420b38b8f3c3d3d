//! The task that looks after the sessions that somebody waits for.

use std::{
    collections::{HashMap, VecDeque},
    pin::Pin,
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::{
    sync::{Notify, watch},
    task::{JoinError, JoinSet},
    time::{Sleep, sleep},
};

use super::{
    line::{Line, Said},
    registry::Standing,
};
use crate::{
    clock::Timestamp,
    record::{Record, SessionId},
    sessions::{ErrorKind, Inner, Sessions, everybody::Trust},
    store::Invalidation,
    token::RefusalKind,
};

/// Looks after them until nobody has waited for a while, or the sessions are dropped. Nothing is held on to while there is
/// nothing to do.
pub(super) async fn look_after(sessions: Weak<Inner>, bell: Arc<Notify>, mut alive: watch::Receiver<()>) {
    let mut task = Task::new(&sessions);
    loop {
        let happened = tokio::select! {
            said = task.line.next() => Happened::Said(said),
            Some(answer) = task.asked.join_next() => Happened::Answered(answer),
            () = &mut task.tick => Happened::Tick,
            () = &mut task.respite, if task.resting => Happened::Respite,
            () = bell.notified() => Happened::Bell,
            _ = alive.changed() => return,
        };
        let Some(inner) = sessions.upgrade() else { return };
        let sessions = Sessions { inner, by: None };
        task.heed(&sessions, happened);
        task.queue(sessions.inner.live.take_fresh());
        task.ask(&sessions);
        if task.idle_for > LINGER && sessions.inner.live.dismiss() {
            return;
        }
    }
}

struct Task {
    line: Line,
    /// Whether the first attempt to listen is over. What is asked before has to be asked again.
    listens: bool,
    /// Sessions that are to be asked for.
    queue: VecDeque<SessionId>,
    /// The same, and those that are being asked for.
    pending: HashMap<SessionId, Pending>,
    asked: JoinSet<Answer>,
    asks_for_everybody: bool,
    /// Questions that failed in a row: then there is a respite before the next.
    failures: u32,
    resting: bool,
    respite: Pin<Box<Sleep>>,
    tick: Pin<Box<Sleep>>,
    idle_for: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Pending {
    Queued,
    Asked,
    /// It was heard of since: the answer may be older than that.
    AskedTooSoon,
}

/// What the store has said.
struct Answer {
    /// Of which session; of everybody's end, it is of none.
    of: Option<SessionId>,
    found: Found,
}

enum Found {
    There(Arc<Record>),
    Gone,
    Unknown,
}

enum Happened {
    Said(Said),
    Answered(Result<Answer, JoinError>),
    Tick,
    Respite,
    Bell,
}

impl Task {
    fn new(sessions: &Weak<Inner>) -> Self {
        Self {
            line: Line::new(sessions.clone()),
            listens: false,
            queue: VecDeque::new(),
            pending: HashMap::new(),
            asked: JoinSet::new(),
            asks_for_everybody: false,
            failures: 0,
            respite: Box::pin(sleep(Duration::ZERO)),
            resting: false,
            tick: Box::pin(sleep(Duration::ZERO)),
            idle_for: 0,
        }
    }

    fn heed(&mut self, sessions: &Sessions, happened: Happened) {
        match happened {
            Happened::Said(Said::Heard(Invalidation::Heartbeat)) | Happened::Bell => {}
            Happened::Said(Said::Heard(Invalidation::Ended(id))) => {
                if sessions.inner.live.entry(id).is_some_and(|entry| !entry.has_ended()) {
                    self.queue([id]);
                }
            }
            // Something may have ended unheard; or may now.
            Happened::Said(Said::Opened | Said::Unheard) => {
                self.listens = true;
                self.queue(sessions.inner.live.entries().into_iter().map(|entry| entry.id));
            }
            Happened::Answered(Ok(answer)) => self.learn(sessions, answer),
            Happened::Answered(Err(_)) => self.lose_count(sessions),
            Happened::Tick => self.look(sessions),
            Happened::Respite => self.resting = false,
        }
    }

    /// What is queued is asked for once; what is being asked for already, once more.
    fn queue(&mut self, ids: impl IntoIterator<Item = SessionId>) {
        for id in ids {
            match self.pending.get_mut(&id) {
                None => {
                    self.pending.insert(id, Pending::Queued);
                    self.queue.push_back(id);
                }
                Some(Pending::Queued) => {}
                Some(pending) => *pending = Pending::AskedTooSoon,
            }
        }
    }

    /// Asks for what is queued, for not too many at once; and for one alone while the store does not answer.
    fn ask(&mut self, sessions: &Sessions) {
        if !self.listens || self.resting {
            return;
        }
        let most = if self.failures > 0 { 1 } else { AT_ONCE };
        while self.asked.len() < most
            && let Some(id) = self.queue.pop_front()
        {
            if sessions.inner.live.entry(id).is_none_or(|entry| entry.has_ended()) {
                self.pending.remove(&id);
                continue;
            }
            self.pending.insert(id, Pending::Asked);
            let sessions = sessions.clone();
            self.asked.spawn(async move { Answer { of: Some(id), found: found(&sessions, id).await } });
        }
    }

    fn learn(&mut self, sessions: &Sessions, Answer { of, found }: Answer) {
        self.answered(!matches!(found, Found::Unknown));
        let Some(id) = of else {
            self.asks_for_everybody = false;
            return self.look(sessions);
        };
        let again = self.pending.remove(&id) == Some(Pending::AskedTooSoon);
        let Some(entry) = sessions.inner.live.entry(id) else { return };
        match &found {
            Found::Gone => entry.is_gone(sessions.now()),
            Found::There(record) => {
                entry.is_there(record, sessions.inner.everybody.until());
                self.look_by(record.expires_at().since(sessions.now()));
            }
            Found::Unknown => {}
        }
        if again || matches!(found, Found::Unknown) {
            self.queue([id]);
        }
    }

    /// A question has panicked: which one is not known, so all are asked again.
    fn lose_count(&mut self, sessions: &Sessions) {
        self.asked.abort_all();
        self.asked = JoinSet::new();
        self.asks_for_everybody = false;
        self.answered(false);
        self.queue.clear();
        self.pending.clear();
        self.queue(sessions.inner.live.entries().into_iter().map(|entry| entry.id));
    }

    fn answered(&mut self, well: bool) {
        if well {
            (self.failures, self.resting) = (0, false);
        } else {
            let respite = SHORTEST_RESPITE.saturating_mul(1 << self.failures.min(5)).min(LONGEST_RESPITE);
            self.respite = Box::pin(sleep(respite));
            (self.failures, self.resting) = (self.failures.saturating_add(1), true);
        }
    }

    /// Looks at what the times say, and asks for the end of everybody's sessions if no request has of late.
    fn look(&mut self, sessions: &Sessions) {
        let inner = &sessions.inner;
        let (now, everybody) = (sessions.now(), inner.everybody.until());
        let mut next = TICK;
        let entries = inner.live.entries();
        self.idle_for = if entries.is_empty() { self.idle_for.saturating_add(1) } else { 0 };
        for entry in &entries {
            match entry.standing(now, everybody) {
                Standing::Over(reason) => entry.end(reason),
                Standing::Due => self.queue_if_not_pending(entry.id),
                Standing::Until(Some(end)) => next = next.min(end.since(now)),
                Standing::Until(None) => {}
            }
        }
        self.tick = Box::pin(sleep(next.max(SHORTEST_TICK)));
        if !entries.is_empty()
            && !self.asks_for_everybody
            && !self.resting
            && inner.everybody.trust(sessions.ticks(now)) != Trust::Fresh
        {
            self.asks_for_everybody = true;
            let sessions = sessions.clone();
            self.asked.spawn(async move { Answer { of: None, found: everybody_ended(&sessions, now).await } });
        }
    }

    fn queue_if_not_pending(&mut self, id: SessionId) {
        if !self.pending.contains_key(&id) {
            self.queue([id]);
        }
    }

    /// Looks again at the latest after so long.
    fn look_by(&mut self, within: Duration) {
        if within < TICK {
            self.tick = Box::pin(sleep(within.max(SHORTEST_TICK)));
        }
    }
}

/// What the store has of a session.
async fn found(sessions: &Sessions, id: SessionId) -> Found {
    match sessions.load_fresh(id, sessions.now()).await {
        // A session that is on its way to another store may have ended there.
        Ok(Some(record)) if record.in_transit() => Found::Unknown,
        Ok(Some(record)) => Found::There(record),
        Ok(None) => Found::Gone,
        // A record that nobody can read is no session.
        Err(error) if error.kind() == ErrorKind::Refused(RefusalKind::Gone) => Found::Gone,
        Err(_) => Found::Unknown,
    }
}

/// Learns until when all sessions have ended.
async fn everybody_ended(sessions: &Sessions, now: Timestamp) -> Found {
    let began = sessions.ticks(now);
    match sessions.load_fresh(SessionId::EVERYBODY, now).await {
        Ok(found) => {
            sessions.inner.everybody.learn(found.map(|record| record.last_seen_at()), began);
            Found::Gone
        }
        Err(_) => Found::Unknown,
    }
}

/// So many sessions are asked for at once, at most.
const AT_ONCE: usize = 16;

/// How often times are looked at; more often if one of them is nearer.
const TICK: Duration = Duration::from_millis(500);
const SHORTEST_TICK: Duration = Duration::from_millis(5);

/// So many ticks without anybody who waits, a minute, and the task ends.
const LINGER: u32 = 120;

const SHORTEST_RESPITE: Duration = Duration::from_millis(100);
const LONGEST_RESPITE: Duration = Duration::from_secs(2);
