//! Sessions in this process's memory: for one node, for tests, and as a measure of the others.
//!
//! Two sharded maps. `sessions` holds the records, and is the truth; `users` leads from a user to
//! his sessions, and is only a guide: whoever follows it looks at the records themselves. Locks are
//! always taken in the order user, then session, and none is held across an await.

mod index;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use dashmap::{DashMap, Entry};

use super::{Candidate, Changed, Created, Page, Replaced, Replacement, SessionStore, StoreError, StoreErrorKind};
use crate::{
    clock::Timestamp,
    config::Limit,
    record::{Change, Record, SessionId},
};
use index::{Slot, Slots, Users};

/// A store in this process's memory. Sessions end with the process.
///
/// ```
/// use countersign::{KeyRing, MemoryStore, Sessions};
///
/// let sessions = Sessions::new(KeyRing::generate()?, MemoryStore::new());
/// # Ok::<(), countersign::KeyError>(())
/// ```
pub struct MemoryStore {
    sessions: DashMap<Slot, Arc<Record>, foldhash::fast::RandomState>,
    users: Users,
    capacity: usize,
    held: AtomicUsize,
}

impl MemoryStore {
    /// An empty store that grows as it must.
    #[must_use]
    pub fn new() -> Self {
        Self::bounded(usize::MAX)
    }

    /// An empty store that holds at most `capacity` sessions. When it is full, new sessions are
    /// refused with [`StoreErrorKind::Full`]: it never ends one session to make room for another.
    #[must_use]
    pub fn bounded(capacity: usize) -> Self {
        Self {
            sessions: DashMap::with_hasher_and_shard_amount(foldhash::fast::RandomState::default(), SHARDS),
            users: Users::new(),
            capacity,
            held: AtomicUsize::new(0),
        }
    }

    /// How many sessions it holds, those included that have expired but not been swept yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn get(&self, id: SessionId, now: Timestamp) -> Option<Arc<Record>> {
        let record = self.sessions.get(&Slot::of(id))?;
        is_live(&record, id, now).then(|| Arc::clone(&record))
    }

    /// The live sessions of a user among those that the guide knows.
    fn live(&self, user: &str, slots: &Slots, now: Timestamp) -> Vec<Arc<Record>> {
        let records = slots.iter().filter_map(|slot| self.sessions.get(&slot).map(|record| Arc::clone(&record)));
        records.filter(|record| record.user() == Some(user) && !record.is_expired(now)).collect()
    }

    /// Puts a record into a free place, and counts it.
    fn insert(&self, record: Arc<Record>, capacity: usize) -> Result<Inserted, StoreError> {
        let Entry::Vacant(place) = self.sessions.entry(Slot::of(record.id())) else { return Ok(Inserted::IdTaken) };
        if self.held.fetch_add(1, Ordering::Relaxed) >= capacity {
            self.held.fetch_sub(1, Ordering::Relaxed);
            return Err(StoreError::of(StoreErrorKind::Full));
        }
        place.insert(record);
        Ok(Inserted::Yes)
    }

    /// Removes a session if `condition` holds of it, and says what it was. The guide is not told.
    fn take(&self, id: SessionId, condition: impl FnOnce(&Arc<Record>) -> bool) -> Option<Arc<Record>> {
        let found = self.sessions.remove_if(&Slot::of(id), |_, record| record.id() == id && condition(record));
        let (_, record) = found?;
        self.held.fetch_sub(1, Ordering::Relaxed);
        Some(record)
    }

    /// Tells the guide that a session has ended.
    fn forget(&self, record: &Record) {
        if let Some(user) = record.user() {
            self.users.with(Some(user), |slots| slots.remove(Slot::of(record.id())));
        }
    }

    /// Ends those of a user's sessions that `condition` chooses. No log-in slips in between: it
    /// would need the same lock.
    fn revoke_where(&self, user: &str, now: Timestamp, condition: impl Fn(&Record) -> bool) -> Vec<SessionId> {
        self.users.with(Some(user), |slots| {
            let chosen = self.live(user, slots, now).into_iter().map(|record| record.id());
            let ended = chosen.filter(|id| self.take(*id, |record| condition(record)).is_some()).collect();
            slots.remove_all(&ended);
            ended
        })
    }

    /// Who has to go for one more session of this user: `None` if it is to be refused.
    fn room(
        &self,
        new: &Record,
        old: Option<SessionId>,
        limit: Limit,
        slots: &Slots,
        now: Timestamp,
    ) -> Option<Vec<SessionId>> {
        let user = new.user().filter(|_| limit.max > 0);
        let live = user.map(|user| self.live(user, slots, now)).unwrap_or_default();
        let others = live.iter().filter(|other| Some(other.id()) != old);
        limit.evictions(others.map(|other| Candidate::from(&**other)).collect())
    }

    fn evict(&self, ids: Vec<SessionId>, slots: &mut Slots) -> Vec<SessionId> {
        let evicted = ids.into_iter().filter(|id| self.take(*id, |_| true).is_some()).collect();
        slots.remove_all(&evicted);
        evicted
    }

    /// One try to put `new` in the place of `old`. `None` if `old` is not what it was any more.
    fn exchange(
        &self,
        old: &Arc<Record>,
        new: &Arc<Record>,
        limit: Limit,
        now: Timestamp,
    ) -> Result<Option<Replaced>, StoreError> {
        self.users.with(new.user(), |slots| {
            let Some(evicted) = self.room(new, Some(old.id()), limit, slots, now) else {
                return Ok(Some(Replaced::LimitReached));
            };
            // Nobody knows the new id yet, and whoever lists this user waits for the lock: that
            // both are in the map for a moment is not to be seen.
            if let Inserted::IdTaken = self.insert(Arc::clone(new), usize::MAX)? {
                return Ok(Some(Replaced::IdTaken));
            }
            // A change to the old session makes a new record, as this one is held here.
            if self.take(old.id(), |present| Arc::ptr_eq(present, old)).is_none() {
                self.take(new.id(), |_| true);
                return Ok(None);
            }
            slots.insert(Slot::of(new.id()));
            slots.remove(Slot::of(old.id()));
            Ok(Some(Replaced::Done { record: Arc::clone(new), evicted: self.evict(evicted, slots) }))
        })
    }
}

impl SessionStore for MemoryStore {
    async fn create(&self, record: Record, limit: Limit, now: Timestamp) -> Result<Created, StoreError> {
        let record = Arc::new(record);
        self.users.with(record.user(), |slots| {
            let Some(evicted) = self.room(&record, None, limit, slots, now) else { return Ok(Created::LimitReached) };
            // Where somebody goes, there is room.
            let capacity = if evicted.is_empty() { self.capacity } else { usize::MAX };
            if let Inserted::IdTaken = self.insert(Arc::clone(&record), capacity)? {
                return Ok(Created::IdTaken);
            }
            slots.insert(Slot::of(record.id()));
            Ok(Created::Kept { evicted: self.evict(evicted, slots) })
        })
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        Ok(self.get(id, now))
    }

    fn load_now(&self, id: SessionId, now: Timestamp) -> Option<Option<Arc<Record>>> {
        Some(self.get(id, now))
    }

    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
        let Some(mut record) = self.sessions.get_mut(&Slot::of(id)).filter(|record| is_live(record, id, now)) else {
            return Ok(Changed::Gone);
        };
        Ok(match Arc::make_mut(&mut record).apply(&change) {
            Ok(()) => Changed::Merged(Arc::clone(&record)),
            Err(refused) => Changed::Refused(refused),
        })
    }

    async fn replace(
        &self,
        old: SessionId,
        new: Replacement,
        limit: Limit,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        loop {
            let Some(present) = self.get(old, now) else { return Ok(Replaced::Gone) };
            let record = match new.clone().succeeding(&present) {
                Ok(record) => Arc::new(record),
                Err(refused) => return Ok(Replaced::Refused(refused)),
            };
            let Some(replaced) = self.exchange(&present, &record, limit, now)? else { continue };
            if matches!(replaced, Replaced::Done { .. }) && present.user() != record.user() {
                self.forget(&present);
            }
            return Ok(replaced);
        }
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        let Some(record) = self.take(id, |_| true) else { return Ok(false) };
        self.forget(&record);
        Ok(!record.is_expired(now))
    }

    async fn revoke_user(
        &self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        Ok(self.revoke_where(user, now, |record| Some(record.id()) != except))
    }

    async fn revoke_device(&self, user: &str, device: &str, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        Ok(self.revoke_where(user, now, |record| record.device_id() == Some(device)))
    }

    async fn list(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        let mut live = self.users.with(Some(user), |slots| self.live(user, slots, now));
        live.retain(|record| page.after.is_none_or(|after| record.id() > after));
        live.sort_by_key(|record| record.id());
        live.truncate(page.size);
        Ok(live)
    }

    async fn sweep(&self, now: Timestamp, batch: usize) -> Result<usize, StoreError> {
        let expired = self.sessions.iter().filter(|record| record.is_expired(now)).map(|record| record.id());
        let expired: Vec<SessionId> = expired.take(batch).collect();
        let swept = expired.into_iter().filter_map(|id| self.take(id, |record| record.is_expired(now)));
        Ok(swept.inspect(|record| self.forget(record)).count())
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryStore({} sessions)", self.len())
    }
}

fn is_live(record: &Record, id: SessionId, now: Timestamp) -> bool {
    record.id() == id && !record.is_expired(now)
}

enum Inserted {
    Yes,
    IdTaken,
}

/// Far more than there are cores, so that two requests seldom meet.
const SHARDS: usize = 128;
