use std::{sync::Arc, time::Duration};

use super::{
    CacheFigures, Changed, Created, Cursor, Epoch, Invalidations, Page, Replaced, Replacement, Scanned, SessionStore,
    StoreError, Terms,
};
use crate::{
    clock::Timestamp,
    record::{Change, Record, SessionId},
};

/// One store behind several [`Sessions`](crate::Sessions), as several nodes in one process.
impl<S: SessionStore> SessionStore for Arc<S> {
    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        S::load(self, id, now).await
    }

    fn load_now(&self, id: SessionId, now: Timestamp) -> Option<Option<Arc<Record>>> {
        S::load_now(self, id, now)
    }

    fn staleness(&self) -> Option<Duration> {
        S::staleness(self)
    }

    fn remembered(&self, id: SessionId, age: Duration, now: Timestamp) -> Option<Arc<Record>> {
        S::remembered(self, id, age, now)
    }

    fn remember_for(&self, age: Duration) {
        S::remember_for(self, age);
    }

    fn expires_by_itself(&self) -> bool {
        S::expires_by_itself(self)
    }

    fn cache_figures(&self) -> Option<CacheFigures> {
        S::cache_figures(self)
    }

    async fn create(&self, record: Record, terms: Terms, now: Timestamp) -> Result<Created, StoreError> {
        S::create(self, record, terms, now).await
    }

    async fn load_fresh(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        S::load_fresh(self, id, now).await
    }

    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
        S::change(self, id, change, now).await
    }

    async fn replace(
        &self,
        old: SessionId,
        new: Replacement,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        S::replace(self, old, new, terms, now).await
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        S::revoke(self, id, now).await
    }

    async fn revoke_user(
        &self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        S::revoke_user(self, user, except, now).await
    }

    async fn revoke_device(&self, user: &str, device: &str, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        S::revoke_device(self, user, device, now).await
    }

    async fn epoch(&self, user: &str, now: Timestamp) -> Result<Epoch, StoreError> {
        S::epoch(self, user, now).await
    }

    async fn list(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        S::list(self, user, page, now).await
    }

    async fn sweep(&self, now: Timestamp, batch: usize) -> Result<usize, StoreError> {
        S::sweep(self, now, batch).await
    }

    async fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Result<Scanned, StoreError> {
        S::scan(self, from, size, now).await
    }

    async fn invalidations(&self, heartbeat: Duration) -> Result<Invalidations, StoreError> {
        S::invalidations(self, heartbeat).await
    }
}
