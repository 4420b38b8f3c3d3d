//! A store of your own, and the proof that it keeps the contract.
//!
//! What a database does inside a transaction, this one does while it holds a lock: that each verb is
//! one step is the store's own part. The rules are the crate's: `Record::apply` says what a change
//! means, `Replacement::succeeding` what a new session inherits, `Limit::evictions` who makes room.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use countersign::{
    Change, Limit, Record, SessionId, SessionStore, StoreError, Timestamp, conformance,
    store::{
        Announcer, Candidate, Changed, Created, Cursor, Epoch, Invalidations, Page, Replaced, Replacement, Scanned,
        Terms,
    },
};

#[tokio::main(flavor = "multi_thread", worker_threads = 4)]
#[allow(clippy::print_stdout, reason = "it is what the example shows")]
async fn main() {
    conformance::check(|| async { MyStore::default() }).await;
    println!("MyStore keeps all {} promises of the contract", conformance::checks::<MyStore>().len());
}

#[derive(Default)]
struct MyStore {
    sessions: Mutex<Sessions>,
    /// Tells those who listen which sessions end. A database that several nodes share has a channel or
    /// a table for this.
    ended: Announcer,
}

/// Ordered by id, as a list of sessions has to be. A database would keep `serde_json` of the record
/// beside the columns that it searches by: id, user, device, expires_at.
#[derive(Default)]
struct Sessions {
    by_id: BTreeMap<SessionId, Arc<Record>>,
    /// A database forgets them after an hour.
    epochs: BTreeMap<String, Epoch>,
}

impl MyStore {
    /// Called while the lock is held that the sessions were ended under.
    fn announce(&self, ended: Vec<SessionId>) -> Vec<SessionId> {
        ended.iter().for_each(|id| self.ended.announce(*id));
        ended
    }

    fn lock(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sessions {
    fn live(&self, id: SessionId, now: Timestamp) -> Option<&Arc<Record>> {
        self.by_id.get(&id).filter(|record| !record.is_expired(now))
    }

    /// A database has an index on the user for this; here, all sessions are looked through.
    fn live_of(&self, user: &str, now: Timestamp) -> impl Iterator<Item = &Arc<Record>> {
        self.by_id.values().filter(move |record| record.user() == Some(user) && !record.is_expired(now))
    }

    /// Whether the terms name an epoch that is not the user's any more.
    fn is_epoch_passed(&self, new: &Record, terms: Terms) -> bool {
        let present = new.user().map(|user| self.epochs.get(user).copied().unwrap_or_default());
        terms.epoch.is_some_and(|epoch| present.is_some_and(|present| present != epoch))
    }

    /// Who has to go for `new`, while `old` goes anyway; `None` if `new` is to be refused.
    fn room(&self, new: &Record, old: Option<SessionId>, limit: Limit, now: Timestamp) -> Option<Vec<SessionId>> {
        let others = new.user().into_iter().flat_map(|user| self.live_of(user, now));
        let others = others.filter(|other| Some(other.id()) != old);
        limit.evictions(others.map(|other| Candidate::from(&**other)).collect())
    }

    fn end(&mut self, ids: Vec<SessionId>) -> Vec<SessionId> {
        self.by_id.retain(|id, _| !ids.contains(id));
        ids
    }

    fn end_where(&mut self, user: &str, now: Timestamp, chosen: impl Fn(&Record) -> bool) -> Vec<SessionId> {
        let ids = self.live_of(user, now).filter(|record| chosen(record)).map(|record| record.id()).collect();
        self.end(ids)
    }
}

impl SessionStore for MyStore {
    async fn create(&self, record: Record, terms: Terms, now: Timestamp) -> Result<Created, StoreError> {
        let mut sessions = self.lock();
        if sessions.is_epoch_passed(&record, terms) {
            return Ok(Created::EpochPassed);
        }
        let Some(evicted) = sessions.room(&record, None, terms.limit, now) else { return Ok(Created::LimitReached) };
        if sessions.by_id.contains_key(&record.id()) {
            return Ok(Created::IdTaken);
        }
        sessions.by_id.insert(record.id(), record.into());
        Ok(Created::Kept { evicted: self.announce(sessions.end(evicted)) })
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        Ok(self.lock().live(id, now).cloned())
    }

    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
        let mut sessions = self.lock();
        let Some(record) = sessions.by_id.get_mut(&id).filter(|record| !record.is_expired(now)) else {
            return Ok(Changed::Gone);
        };
        Ok(match Arc::make_mut(record).apply(&change) {
            Ok(()) => Changed::Merged(Arc::clone(record)),
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
        let mut sessions = self.lock();
        let Some(present) = sessions.live(old, now) else { return Ok(Replaced::Gone) };
        let record = match new.succeeding(present) {
            Ok(record) => Arc::new(record),
            Err(refused) => return Ok(Replaced::Refused(refused)),
        };
        if sessions.is_epoch_passed(&record, terms) {
            return Ok(Replaced::EpochPassed);
        }
        let Some(evicted) = sessions.room(&record, Some(old), terms.limit, now) else {
            return Ok(Replaced::LimitReached);
        };
        if sessions.by_id.contains_key(&record.id()) {
            return Ok(Replaced::IdTaken);
        }
        sessions.by_id.remove(&old);
        sessions.by_id.insert(record.id(), Arc::clone(&record));
        self.announce(vec![old]);
        Ok(Replaced::Done { record, evicted: self.announce(sessions.end(evicted)) })
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        let mut sessions = self.lock();
        let ended = sessions.by_id.remove(&id);
        self.announce(vec![id]);
        Ok(ended.is_some_and(|record| !record.is_expired(now)))
    }

    async fn revoke_user(
        &self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        let mut sessions = self.lock();
        let next = sessions.epochs.get(user).copied().unwrap_or_default().next();
        sessions.epochs.insert(user.to_owned(), next);
        Ok(self.announce(sessions.end_where(user, now, |record| Some(record.id()) != except)))
    }

    async fn revoke_device(&self, user: &str, device: &str, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        Ok(self.announce(self.lock().end_where(user, now, |record| record.device_id() == Some(device))))
    }

    async fn epoch(&self, user: &str, _: Timestamp) -> Result<Epoch, StoreError> {
        Ok(self.lock().epochs.get(user).copied().unwrap_or_default())
    }

    async fn list(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        let sessions = self.lock();
        let rest = sessions.live_of(user, now).filter(|record| page.after.is_none_or(|after| record.id() > after));
        Ok(rest.take(page.size).cloned().collect())
    }

    async fn sweep(&self, now: Timestamp, batch: usize) -> Result<usize, StoreError> {
        let mut sessions = self.lock();
        let expired = sessions.by_id.values().filter(|record| record.is_expired(now)).take(batch);
        let ids = expired.map(|record| record.id()).collect();
        Ok(sessions.end(ids).len())
    }

    async fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Result<Scanned, StoreError> {
        let sessions = self.lock();
        let from = from.map_or(Vec::new(), |cursor| cursor.as_bytes().to_vec());
        let mut rest = sessions.by_id.values().filter(|record| record.id().as_bytes()[..] >= from[..]);
        let part = rest.by_ref().take(size.max(1)).filter(|record| !record.is_expired(now)).cloned().collect();
        let next = rest.next().map(|record| Cursor::new(*record.id().as_bytes()));
        // Ids are random: the first byte of the next one tells how far this has come.
        let done = next.as_ref().map_or(1.0, |next| f64::from(next.as_bytes()[0]) / 256.0);
        Ok(Scanned { records: part, next, done })
    }

    async fn invalidations(&self, heartbeat: Duration) -> Result<Invalidations, StoreError> {
        Ok(self.ended.listen(heartbeat))
    }
}
