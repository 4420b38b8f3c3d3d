//! Sessions in this process's memory: for one node, for tests, and as a measure of the others.
//!
//! Two sharded maps. `sessions` holds the records, and is the truth; `users` leads from a user to
//! his sessions, and is only a guide: whoever follows it looks at the records themselves. Locks are
//! always taken in the order user, then session, and none is held across an await.

mod index;
mod step;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use dashmap::DashMap;

use super::{
    Announcer, Changed, Created, Cursor, Epoch, Invalidations, Page, Replaced, Replacement, Scanned, SessionStore,
    StoreError, Terms,
};
use crate::{
    clock::Timestamp,
    record::{Change, Record, SessionId},
};
use index::{Slot, Users};
use step::{Inserted, is_live};

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
    ended: Announcer,
}

impl MemoryStore {
    /// An empty store that grows as it must.
    #[must_use]
    pub fn new() -> Self {
        Self::bounded(usize::MAX)
    }

    /// An empty store that holds at most `capacity` sessions. When it is full, new sessions are
    /// refused with [`StoreErrorKind::Full`](crate::StoreErrorKind::Full): it never ends one session to make room for another.
    #[must_use]
    pub fn bounded(capacity: usize) -> Self {
        Self {
            sessions: DashMap::with_hasher_and_shard_amount(foldhash::fast::RandomState::default(), SHARDS),
            users: Users::new(),
            capacity,
            held: AtomicUsize::new(0),
            ended: Announcer::new(),
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
}

impl SessionStore for MemoryStore {
    async fn create(&self, record: Record, terms: Terms, now: Timestamp) -> Result<Created, StoreError> {
        let record = Arc::new(record);
        self.users.with(record.user(), |slots| {
            if self.is_epoch_passed(&record, terms, now) {
                return Ok(Created::EpochPassed);
            }
            let Some(evicted) = self.room(&record, None, terms.limit, slots, now) else {
                return Ok(Created::LimitReached);
            };
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
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        loop {
            let Some(present) = self.get(old, now) else { return Ok(Replaced::Gone) };
            let record = match new.clone().succeeding(&present) {
                Ok(record) => Arc::new(record),
                Err(refused) => return Ok(Replaced::Refused(refused)),
            };
            let Some(replaced) = self.exchange(&present, &record, terms, now)? else { continue };
            if matches!(replaced, Replaced::Done { .. }) && present.user() != record.user() {
                self.forget(&present);
            }
            return Ok(replaced);
        }
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        let Some(record) = self.end(id, |_| true) else { return Ok(false) };
        self.forget(&record);
        Ok(!record.is_expired(now))
    }

    async fn revoke_user(
        &self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        Ok(self.revoke_where(user, now, |record| Some(record.id()) != except, || self.users.next_epoch(user, now)))
    }

    async fn revoke_device(&self, user: &str, device: &str, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        Ok(self.revoke_where(user, now, |record| record.device_id() == Some(device), || {}))
    }

    async fn epoch(&self, user: &str, now: Timestamp) -> Result<Epoch, StoreError> {
        Ok(self.users.epoch(user, now))
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
        self.users.forget_epochs(now);
        Ok(swept.inspect(|record| self.forget(record)).count())
    }

    /// In the order of the ids' random bits. Each part looks through the whole map.
    async fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Result<Scanned, StoreError> {
        let from = from
            .map_or(Ok(0), |cursor| Slot::read(&cursor).ok_or_else(|| StoreError::corrupt("not a cursor of ours")))?;
        let mut slots: Vec<u64> =
            self.sessions.iter().map(|record| record.key().number()).filter(|slot| *slot >= from).collect();
        let more = slots.len() > size.max(1);
        if more {
            slots.select_nth_unstable(size.max(1));
        }
        let next = more.then(|| slots[size.max(1)]);
        slots.truncate(size.max(1));
        let records =
            slots.into_iter().filter_map(|slot| self.sessions.get(&Slot::at(slot)).map(|record| Arc::clone(&record)));
        Ok(Scanned {
            records: records.filter(|record| !record.is_expired(now)).collect(),
            done: next.map_or(1.0, |next| next as f64 / u64::MAX as f64),
            next: next.map(|next| Cursor::new(next.to_be_bytes())),
        })
    }

    async fn invalidations(&self, heartbeat: Duration) -> Result<Invalidations, StoreError> {
        Ok(self.ended.listen(heartbeat))
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

/// Far more than there are cores, so that two requests seldom meet.
const SHARDS: usize = 128;
