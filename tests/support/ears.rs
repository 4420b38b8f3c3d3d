//! A store whose announcements come by another way than its answers: a way that a test can cut.

use std::{sync::Arc, time::Duration};

use countersign::{
    Change, Record, SessionId, SessionStore, StoreError, Timestamp,
    store::{
        Changed, Created, Cursor, Epoch, Invalidation, Invalidations, Page, Replaced, Replacement, Scanned, Terms,
    },
};

/// How announcements reach a node.
pub enum Ears<S> {
    /// As the store sends them.
    Own,
    /// By another connection.
    Through(S),
    /// Not at all: only heartbeats come through.
    Deaf,
}

/// A store that is listened to with these ears.
pub struct Listening<S> {
    pub store: S,
    pub ears: Ears<S>,
}

impl<S: SessionStore> SessionStore for Listening<S> {
    async fn create(&self, record: Record, terms: Terms, now: Timestamp) -> Result<Created, StoreError> {
        self.store.create(record, terms, now).await
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        self.store.load(id, now).await
    }

    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
        self.store.change(id, change, now).await
    }

    async fn replace(
        &self,
        old: SessionId,
        new: Replacement,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        self.store.replace(old, new, terms, now).await
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        self.store.revoke(id, now).await
    }

    async fn revoke_user(
        &self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.store.revoke_user(user, except, now).await
    }

    async fn revoke_device(&self, user: &str, device: &str, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        self.store.revoke_device(user, device, now).await
    }

    async fn epoch(&self, user: &str, now: Timestamp) -> Result<Epoch, StoreError> {
        self.store.epoch(user, now).await
    }

    async fn list(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        self.store.list(user, page, now).await
    }

    async fn sweep(&self, now: Timestamp, batch: usize) -> Result<usize, StoreError> {
        self.store.sweep(now, batch).await
    }

    async fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Result<Scanned, StoreError> {
        self.store.scan(from, size, now).await
    }

    async fn invalidations(&self, heartbeat: Duration) -> Result<Invalidations, StoreError> {
        match &self.ears {
            Ears::Own => self.store.invalidations(heartbeat).await,
            Ears::Through(other) => other.invalidations(heartbeat).await,
            Ears::Deaf => {
                let mut heard = self.store.invalidations(heartbeat).await?;
                Ok(Invalidations::spawn(async move |announcing| {
                    while let Some(heard) = heard.next().await {
                        if heard == Invalidation::Heartbeat && !announcing.tell(heard).await {
                            return;
                        }
                    }
                }))
            }
        }
    }
}
