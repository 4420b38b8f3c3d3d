use std::{sync::Arc, time::Duration};

use countersign::{
    Change, Limit, MemoryStore, Record, SessionId, SessionStore, StoreError, Timestamp, WhenFull,
    store::{Changed, Created, Cursor, Epoch, Invalidations, Page, Replaced, Replacement, Scanned, Terms},
};

/// A store that starts from what a change says was seen, and writes that back with the change applied, if the
/// session is still at that revision: as a store may do that saves itself reading. For one task alone.
#[derive(Default)]
pub struct Foreseeing {
    pub below: MemoryStore,
}

impl SessionStore for Foreseeing {
    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
        let present = self.below.load(id, now).await?;
        if let (Some(seen), Some(present)) = (change.seen().filter(|seen| seen.id() == id), present) {
            let mut record = Record::clone(seen);
            if seen.revision() == present.revision() && record.apply(&change).is_ok() {
                self.below.revoke(id, now).await?;
                self.below.create(record.clone(), NO_LIMIT.into(), now).await?;
                return Ok(Changed::Merged(record.into()));
            }
        }
        self.below.change(id, change, now).await
    }

    async fn create(&self, record: Record, terms: Terms, now: Timestamp) -> Result<Created, StoreError> {
        self.below.create(record, terms, now).await
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        self.below.load(id, now).await
    }

    async fn replace(
        &self,
        old: SessionId,
        new: Replacement,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        self.below.replace(old, new, terms, now).await
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        self.below.revoke(id, now).await
    }

    async fn revoke_user(
        &self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.below.revoke_user(user, except, now).await
    }

    async fn revoke_device(&self, user: &str, device: &str, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        self.below.revoke_device(user, device, now).await
    }

    async fn epoch(&self, user: &str, now: Timestamp) -> Result<Epoch, StoreError> {
        self.below.epoch(user, now).await
    }

    async fn list(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        self.below.list(user, page, now).await
    }

    async fn sweep(&self, now: Timestamp, batch: usize) -> Result<usize, StoreError> {
        self.below.sweep(now, batch).await
    }

    async fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Result<Scanned, StoreError> {
        self.below.scan(from, size, now).await
    }

    async fn invalidations(&self, heartbeat: Duration) -> Result<Invalidations, StoreError> {
        self.below.invalidations(heartbeat).await
    }
}

const NO_LIMIT: Limit = Limit { max: 0, when_full: WhenFull::Reject };
