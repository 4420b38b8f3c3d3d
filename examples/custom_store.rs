//! A store of your own, and the proof that it keeps the contract.
//!
//! What a database does inside a transaction, this one does while it holds a lock: that each verb is
//! one step is the store's own part. The rules are the crate's: `Record::apply` says what a change
//! means, `Replacement::succeeding` what a new session inherits, `Limit::evictions` who makes room.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use countersign::{
    Change, Limit, Record, SessionId, SessionStore, StoreError, Timestamp, conformance,
    store::{Candidate, Changed, Created, Page, Replaced, Replacement},
};

#[tokio::main(flavor = "multi_thread", worker_threads = 4)]
#[allow(clippy::print_stdout, reason = "it is what the example shows")]
async fn main() {
    conformance::check(|| async { MyStore::default() }).await;
    println!("MyStore keeps all {} promises of the contract", conformance::checks::<MyStore>().len());
}

#[derive(Default)]
struct MyStore(Mutex<Sessions>);

/// Ordered by id, as a list of sessions has to be. A database would keep `serde_json` of the record
/// beside the columns that it searches by: id, user, device, expires_at.
#[derive(Default)]
struct Sessions(BTreeMap<SessionId, Arc<Record>>);

impl MyStore {
    fn lock(&self) -> MutexGuard<'_, Sessions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sessions {
    fn live(&self, id: SessionId, now: Timestamp) -> Option<&Arc<Record>> {
        self.0.get(&id).filter(|record| !record.is_expired(now))
    }

    /// A database has an index on the user for this; here, all sessions are looked through.
    fn live_of(&self, user: &str, now: Timestamp) -> impl Iterator<Item = &Arc<Record>> {
        self.0.values().filter(move |record| record.user() == Some(user) && !record.is_expired(now))
    }

    /// Who has to go for `new`, while `old` goes anyway; `None` if `new` is to be refused.
    fn room(&self, new: &Record, old: Option<SessionId>, limit: Limit, now: Timestamp) -> Option<Vec<SessionId>> {
        let others = new.user().into_iter().flat_map(|user| self.live_of(user, now));
        let others = others.filter(|other| Some(other.id()) != old);
        limit.evictions(others.map(|other| Candidate::from(&**other)).collect())
    }

    fn end(&mut self, ids: Vec<SessionId>) -> Vec<SessionId> {
        self.0.retain(|id, _| !ids.contains(id));
        ids
    }

    fn end_where(&mut self, user: &str, now: Timestamp, chosen: impl Fn(&Record) -> bool) -> Vec<SessionId> {
        let ids = self.live_of(user, now).filter(|record| chosen(record)).map(|record| record.id()).collect();
        self.end(ids)
    }
}

impl SessionStore for MyStore {
    async fn create(&self, record: Record, limit: Limit, now: Timestamp) -> Result<Created, StoreError> {
        let mut sessions = self.lock();
        let Some(evicted) = sessions.room(&record, None, limit, now) else { return Ok(Created::LimitReached) };
        if sessions.0.contains_key(&record.id()) {
            return Ok(Created::IdTaken);
        }
        sessions.0.insert(record.id(), record.into());
        Ok(Created::Kept { evicted: sessions.end(evicted) })
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        Ok(self.lock().live(id, now).cloned())
    }

    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
        let mut sessions = self.lock();
        let Some(record) = sessions.0.get_mut(&id).filter(|record| !record.is_expired(now)) else {
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
        limit: Limit,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let mut sessions = self.lock();
        let Some(present) = sessions.live(old, now) else { return Ok(Replaced::Gone) };
        let record = match new.succeeding(present) {
            Ok(record) => Arc::new(record),
            Err(refused) => return Ok(Replaced::Refused(refused)),
        };
        let Some(evicted) = sessions.room(&record, Some(old), limit, now) else { return Ok(Replaced::LimitReached) };
        if sessions.0.contains_key(&record.id()) {
            return Ok(Replaced::IdTaken);
        }
        sessions.0.remove(&old);
        sessions.0.insert(record.id(), Arc::clone(&record));
        Ok(Replaced::Done { record, evicted: sessions.end(evicted) })
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        Ok(self.lock().0.remove(&id).is_some_and(|record| !record.is_expired(now)))
    }

    async fn revoke_user(
        &self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        Ok(self.lock().end_where(user, now, |record| Some(record.id()) != except))
    }

    async fn revoke_device(&self, user: &str, device: &str, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        Ok(self.lock().end_where(user, now, |record| record.device_id() == Some(device)))
    }

    async fn list(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        let sessions = self.lock();
        let rest = sessions.live_of(user, now).filter(|record| page.after.is_none_or(|after| record.id() > after));
        Ok(rest.take(page.size).cloned().collect())
    }

    async fn sweep(&self, now: Timestamp, batch: usize) -> Result<usize, StoreError> {
        let mut sessions = self.lock();
        let expired = sessions.0.values().filter(|record| record.is_expired(now)).take(batch);
        let ids = expired.map(|record| record.id()).collect();
        Ok(sessions.end(ids).len())
    }
}
