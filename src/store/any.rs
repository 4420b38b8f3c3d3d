//! A store whose type is not known before the program runs.

use std::{fmt, sync::Arc, time::Duration};

use super::{
    CacheFigures, Changed, Created, Cursor, Epoch, ErasedStore, Invalidations, Page, Replaced, Replacement, Scanned,
    SessionStore, StoreError, Terms,
};
use crate::{
    clock::Timestamp,
    record::{Change, Record, SessionId},
};

/// A store of whatever type, as a program has it that reads from its settings which one to use.
#[derive(Clone)]
pub struct AnyStore(Arc<dyn ErasedStore>);

impl AnyStore {
    /// Forgets the type of a store.
    #[must_use]
    pub fn new(store: impl SessionStore) -> Self {
        Self(Arc::new(store))
    }

    /// A store whose type is forgotten already.
    #[cfg(feature = "metrics")]
    pub(crate) const fn of(store: Arc<dyn ErasedStore>) -> Self {
        Self(store)
    }
}

impl fmt::Debug for AnyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyStore").finish_non_exhaustive()
    }
}

impl SessionStore for AnyStore {
    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        Arc::clone(&self.0).load(id, now).await
    }

    fn load_now(&self, id: SessionId, now: Timestamp) -> Option<Option<Arc<Record>>> {
        self.0.load_now(id, now)
    }

    fn staleness(&self) -> Option<Duration> {
        self.0.staleness()
    }

    fn remembered(&self, id: SessionId, age: Duration, now: Timestamp) -> Option<Arc<Record>> {
        self.0.remembered(id, age, now)
    }

    fn remember_for(&self, age: Duration) {
        self.0.remember_for(age);
    }

    fn expires_by_itself(&self) -> bool {
        self.0.expires_by_itself()
    }

    fn cache_figures(&self) -> Option<CacheFigures> {
        self.0.cache_figures()
    }

    async fn create(&self, record: Record, terms: Terms, now: Timestamp) -> Result<Created, StoreError> {
        self.0.create(record, terms, now).await
    }

    async fn load_fresh(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        Arc::clone(&self.0).load_fresh(id, now).await
    }

    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
        self.0.change(id, change, now).await
    }

    async fn replace(
        &self,
        old: SessionId,
        new: Replacement,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        self.0.replace(old, new, terms, now).await
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        self.0.revoke(id, now).await
    }

    async fn revoke_user(
        &self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.0.revoke_user(user, except, now).await
    }

    async fn revoke_device(&self, user: &str, device: &str, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        self.0.revoke_device(user, device, now).await
    }

    async fn epoch(&self, user: &str, now: Timestamp) -> Result<Epoch, StoreError> {
        self.0.epoch(user, now).await
    }

    async fn list(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        self.0.list(user, page, now).await
    }

    async fn sweep(&self, now: Timestamp, batch: usize) -> Result<usize, StoreError> {
        self.0.sweep(now, batch).await
    }

    async fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Result<Scanned, StoreError> {
        self.0.scan(from, size, now).await
    }

    async fn invalidations(&self, heartbeat: Duration) -> Result<Invalidations, StoreError> {
        self.0.invalidations(heartbeat).await
    }
}
