//! The steps that the verbs are made of, and the locks that they take.

use std::sync::{Arc, atomic::Ordering};

use dashmap::Entry;

use super::{
    MemoryStore,
    index::{Slot, Slots},
};
use crate::{
    clock::Timestamp,
    config::Limit,
    record::{Record, SessionId},
    store::{Candidate, Replaced, StoreError, StoreErrorKind, Terms},
};

impl MemoryStore {
    pub(super) fn get(&self, id: SessionId, now: Timestamp) -> Option<Arc<Record>> {
        let record = self.sessions.get(&Slot::of(id))?;
        is_live(&record, id, now).then(|| Arc::clone(&record))
    }

    /// The live sessions of a user among those that the guide knows.
    pub(super) fn live(&self, user: &str, slots: &Slots, now: Timestamp) -> Vec<Arc<Record>> {
        let records = slots.iter().filter_map(|slot| self.sessions.get(&slot).map(|record| Arc::clone(&record)));
        records.filter(|record| record.user() == Some(user) && !record.is_expired(now)).collect()
    }

    /// Puts a record into a free place, and counts it.
    pub(super) fn insert(&self, record: Arc<Record>, capacity: usize) -> Result<Inserted, StoreError> {
        let Entry::Vacant(place) = self.sessions.entry(Slot::of(record.id())) else { return Ok(Inserted::IdTaken) };
        if self.held.fetch_add(1, Ordering::Relaxed) >= capacity {
            self.held.fetch_sub(1, Ordering::Relaxed);
            return Err(StoreError::of(StoreErrorKind::Full));
        }
        place.insert(record);
        Ok(Inserted::Yes)
    }

    /// Removes a session if `condition` holds of it, and says what it was. The guide is not told.
    pub(super) fn take(&self, id: SessionId, condition: impl FnOnce(&Arc<Record>) -> bool) -> Option<Arc<Record>> {
        let found = self.sessions.remove_if(&Slot::of(id), |_, record| record.id() == id && condition(record));
        let (_, record) = found?;
        self.held.fetch_sub(1, Ordering::Relaxed);
        Some(record)
    }

    /// Ends a session if `condition` holds of it, and announces that. The guide is not told.
    pub(super) fn end(&self, id: SessionId, condition: impl FnOnce(&Arc<Record>) -> bool) -> Option<Arc<Record>> {
        let record = self.take(id, condition)?;
        self.ended.announce(id);
        Some(record)
    }

    /// Whether the terms name an epoch that is not the user's any more. His lock is held.
    pub(super) fn is_epoch_passed(&self, new: &Record, terms: Terms, now: Timestamp) -> bool {
        match (new.user(), terms.epoch) {
            (Some(user), Some(epoch)) => self.users.epoch(user, now) != epoch,
            _ => false,
        }
    }

    /// Tells the guide that a session has ended.
    pub(super) fn forget(&self, record: &Record) {
        if let Some(user) = record.user() {
            self.users.with(Some(user), |slots| slots.remove(Slot::of(record.id())));
        }
    }

    /// Ends those of a user's sessions that `condition` chooses. No log-in slips in between: it
    /// would need the same lock. `first` is done under that lock as well.
    pub(super) fn revoke_where(
        &self,
        user: &str,
        now: Timestamp,
        condition: impl Fn(&Record) -> bool,
        first: impl FnOnce(),
    ) -> Vec<SessionId> {
        self.users.with(Some(user), |slots| {
            first();
            let chosen = self.live(user, slots, now).into_iter().map(|record| record.id());
            let ended = chosen.filter(|id| self.end(*id, |record| condition(record)).is_some()).collect();
            slots.remove_all(&ended);
            ended
        })
    }

    /// Who has to go for one more session of this user: `None` if it is to be refused.
    pub(super) fn room(
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

    pub(super) fn evict(&self, ids: Vec<SessionId>, slots: &mut Slots) -> Vec<SessionId> {
        let evicted = ids.into_iter().filter(|id| self.end(*id, |_| true).is_some()).collect();
        slots.remove_all(&evicted);
        evicted
    }

    /// One try to put `new` in the place of `old`. `None` if `old` is not what it was any more.
    pub(super) fn exchange(
        &self,
        old: &Arc<Record>,
        new: &Arc<Record>,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Option<Replaced>, StoreError> {
        self.users.with(new.user(), |slots| {
            if self.is_epoch_passed(new, terms, now) {
                return Ok(Some(Replaced::EpochPassed));
            }
            let Some(evicted) = self.room(new, Some(old.id()), terms.limit, slots, now) else {
                return Ok(Some(Replaced::LimitReached));
            };
            // Nobody knows the new id yet, and whoever lists this user waits for the lock: that
            // both are in the map for a moment is not to be seen.
            if let Inserted::IdTaken = self.insert(Arc::clone(new), usize::MAX)? {
                return Ok(Some(Replaced::IdTaken));
            }
            // A change to the old session makes a new record, as this one is held here.
            if self.end(old.id(), |present| Arc::ptr_eq(present, old)).is_none() {
                self.take(new.id(), |_| true);
                return Ok(None);
            }
            slots.insert(Slot::of(new.id()));
            slots.remove(Slot::of(old.id()));
            Ok(Some(Replaced::Done { record: Arc::clone(new), evicted: self.evict(evicted, slots) }))
        })
    }
}

pub(super) fn is_live(record: &Record, id: SessionId, now: Timestamp) -> bool {
    record.id() == id && !record.is_expired(now)
}

pub(super) enum Inserted {
    Yes,
    IdTaken,
}
