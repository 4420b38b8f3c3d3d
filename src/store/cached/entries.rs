use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use foldhash::fast::RandomState;
use moka::{Expiry, sync::Cache};

use super::hearing::{Era, Hearing};
use crate::{
    clock::{Stopwatch, Timestamp, nanos},
    record::{Record, SessionId},
    store::Invalidation,
};

/// What is remembered of sessions, and the rules by which it may be used.
///
/// Reading takes no lock. Whatever writes, or makes what others write void, does so under the lock
/// of the session's stripe, which counts how often that has happened: an answer that was asked for
/// before such an event and comes in after it is not kept, so it cannot bring back what has ended.
pub(super) struct Entries {
    cache: Cache<SessionId, Entry, RandomState>,
    stripes: Box<[Mutex<u64>]>,
    hearing: Hearing,
    clock: Stopwatch,
    /// 0 where nothing is ever fresh.
    staleness: u64,
    /// How long what is not fresh any more is of use to somebody: 0 if to nobody.
    outage: Arc<AtomicU64>,
}

/// A record, and when it was asked for.
#[derive(Clone)]
struct Entry {
    record: Arc<Record>,
    age: Age,
    /// When all that ended since would have been heard; `None` if it might not have been.
    era: Option<Era>,
}

/// When an answer was asked for, before it was: by two clocks, as either may stand still while a
/// machine sleeps. It is as old as the older of the two says.
#[derive(Clone, Copy, Debug)]
struct Age {
    began: u64,
    at: Timestamp,
}

/// Taken before the store is asked; what it answers is kept only if nothing has come in between.
#[derive(Debug)]
pub(super) struct Note {
    id: SessionId,
    generation: u64,
    age: Age,
    era: Option<Era>,
}

impl Note {
    pub(super) const fn id(&self) -> SessionId {
        self.id
    }
}

impl Entries {
    pub(super) fn new(staleness: Duration, silence: Duration, capacity: u64) -> Self {
        let outage = Arc::new(AtomicU64::new(0));
        let life = Life { least: staleness, outage: Arc::clone(&outage) };
        Self {
            cache: Cache::builder().max_capacity(capacity).expire_after(life).build_with_hasher(RandomState::default()),
            stripes: (0..STRIPES).map(|_| Mutex::new(0)).collect(),
            hearing: Hearing::new(nanos(silence)),
            clock: Stopwatch::start(),
            staleness: nanos(staleness),
            outage,
        }
    }

    /// Whether the announcements are being heard.
    pub(super) fn is_hearing(&self) -> bool {
        self.hearing.era(self.clock.nanos()).is_some()
    }

    /// The session, if it is known well enough to be served.
    pub(super) fn fresh(&self, id: SessionId, now: Timestamp) -> Option<Arc<Record>> {
        let clock = self.clock.nanos();
        let era = self.hearing.era(clock).filter(|_| self.staleness > 0)?;
        let entry = self.cache.get(&id)?;
        let served =
            entry.era == Some(era) && entry.age.is_within(self.staleness, clock, now) && !entry.record.is_expired(now);
        served.then_some(entry.record)
    }

    /// The session as it was at most `age` ago.
    pub(super) fn stale(&self, id: SessionId, age: Duration, now: Timestamp) -> Option<Arc<Record>> {
        let age = nanos(age).min(self.outage.load(Relaxed));
        let entry = self.cache.get(&id).filter(|_| age > 0)?;
        let served = entry.age.is_within(age, self.clock.nanos(), now) && !entry.record.is_expired(now);
        served.then_some(entry.record)
    }

    /// Entries are of use for so long, also when they are not fresh any more.
    pub(super) fn keep_for(&self, age: Duration) {
        self.outage.fetch_max(nanos(age), Relaxed);
    }

    /// To be taken before the store is asked.
    pub(super) fn note(&self, id: SessionId, now: Timestamp) -> Note {
        let age = Age { began: self.clock.nanos(), at: now };
        Note { id, generation: *self.stripe(id), era: self.hearing.era(age.began), age }
    }

    /// The store's answer to a question.
    pub(super) fn loaded(&self, note: &Note, record: &Arc<Record>) {
        let generation = self.stripe(note.id);
        if *generation == note.generation {
            self.insert(note, record);
        }
    }

    /// The record that the store has made of a change. If something else came in between, nobody
    /// knows which of the two is the later.
    pub(super) fn changed(&self, note: &Note, record: &Arc<Record>) {
        let mut generation = self.stripe(note.id);
        let alone = *generation == note.generation;
        *generation += 1;
        if alone {
            self.insert(note, record);
        } else {
            self.weaken(note.id);
        }
    }

    /// The session may have changed: it is not fresh any more, but is not known to have ended.
    pub(super) fn doubt(&self, id: SessionId) {
        let mut generation = self.stripe(id);
        *generation += 1;
        self.weaken(id);
    }

    /// The session has ended, or may have.
    pub(super) fn forget(&self, id: SessionId) {
        let mut generation = self.stripe(id);
        *generation += 1;
        self.cache.invalidate(&id);
    }

    /// What the listener hears.
    pub(super) fn hear(&self, heard: Invalidation) {
        if let Invalidation::Ended(id) = heard {
            self.forget(id);
        }
        self.hearing.hear(self.clock.nanos());
    }

    /// The listener is cut off: nothing is fresh any more.
    pub(super) fn stop_hearing(&self) {
        self.hearing.stop();
        if self.outage.load(Relaxed) == 0 {
            self.cache.invalidate_all();
        }
    }

    /// The lock of the session's stripe is held, as by all who call this.
    fn insert(&self, note: &Note, record: &Arc<Record>) {
        let of_use = note.era.is_some() || self.outage.load(Relaxed) > 0;
        let is_better = |known: Entry| match known.record.later_by(record) {
            // Equal revisions are equal records: the younger answer is the better one.
            0 => known.era == note.era && known.age.began > note.age.began,
            later => later > 0,
        };
        if of_use && !self.cache.get(&note.id).is_some_and(is_better) {
            self.cache.insert(note.id, Entry { record: Arc::clone(record), age: note.age, era: note.era });
        }
    }

    /// The same.
    fn weaken(&self, id: SessionId) {
        match self.cache.get(&id).filter(|_| self.outage.load(Relaxed) > 0) {
            Some(entry) => self.cache.insert(id, Entry { era: None, ..entry }),
            None => self.cache.invalidate(&id),
        }
    }

    /// How often something has happened to the sessions of a stripe. Nothing panics while it is locked.
    fn stripe(&self, id: SessionId) -> MutexGuard<'_, u64> {
        let [first, ..] = *id.as_bytes();
        self.stripes[usize::from(first) % STRIPES].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Entries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entries").field("hearing", &self.hearing).finish_non_exhaustive()
    }
}

impl Age {
    const fn is_within(&self, most: u64, clock: u64, now: Timestamp) -> bool {
        let by_the_wall = now.since(self.at).as_nanos();
        clock.saturating_sub(self.began) <= most && by_the_wall <= most as u128
    }
}

/// How long an entry takes up room: an entry carries its own age, so this is only for tidiness.
struct Life {
    least: Duration,
    outage: Arc<AtomicU64>,
}

impl Life {
    fn now(&self) -> Option<Duration> {
        Some(self.least.max(Duration::from_nanos(self.outage.load(Relaxed))).saturating_add(SPARE).min(LONGEST))
    }
}

impl Expiry<SessionId, Entry> for Life {
    fn expire_after_create(&self, _: &SessionId, _: &Entry, _: Instant) -> Option<Duration> {
        self.now()
    }

    fn expire_after_update(&self, _: &SessionId, _: &Entry, _: Instant, _: Option<Duration>) -> Option<Duration> {
        self.now()
    }
}

/// An id's first byte is random, so each stripe has its share.
const STRIPES: usize = 256;
const SPARE: Duration = Duration::from_secs(1);
/// It is added to an instant.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 60 * 60);
