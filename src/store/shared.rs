use std::sync::Arc;

use super::{Changed, Created, Page, Replaced, Replacement, SessionStore, StoreError};
use crate::{
    clock::Timestamp,
    config::Limit,
    record::{Change, Record, SessionId},
};

/// One store behind several [`Sessions`](crate::Sessions), as several nodes in one process.
impl<S: SessionStore> SessionStore for Arc<S> {
    async fn create(&self, record: Record, limit: Limit, now: Timestamp) -> Result<Created, StoreError> {
        S::create(self, record, limit, now).await
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        S::load(self, id, now).await
    }

    fn load_now(&self, id: SessionId, now: Timestamp) -> Option<Option<Arc<Record>>> {
        S::load_now(self, id, now)
    }

    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
        S::change(self, id, change, now).await
    }

    async fn replace(
        &self,
        old: SessionId,
        new: Replacement,
        limit: Limit,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        S::replace(self, old, new, limit, now).await
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

    async fn list(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        S::list(self, user, page, now).await
    }

    async fn sweep(&self, now: Timestamp, batch: usize) -> Result<usize, StoreError> {
        S::sweep(self, now, batch).await
    }
}
