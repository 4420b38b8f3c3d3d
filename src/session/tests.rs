//! Two tasks of one request that use its session at once.

use std::{sync::Arc, task::Poll, time::Duration};

use super::*;
use crate::{
    clock::Timestamp,
    key::KeyRing,
    record::{Change, Record},
    store::{
        Changed, Created, Cursor, Epoch, Invalidations, Page, Replaced, Replacement, Scanned, SessionStore, StoreError,
        Terms, memory::MemoryStore,
    },
};

/// A store in memory that holds each change back until the gate is opened.
struct Gated {
    memory: MemoryStore,
    gate: tokio::sync::Semaphore,
}

impl SessionStore for Gated {
    async fn create(&self, record: Record, terms: Terms, now: Timestamp) -> Result<Created, StoreError> {
        self.memory.create(record, terms, now).await
    }
    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        self.memory.load(id, now).await
    }
    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
        let _permit = self.gate.acquire().await;
        self.memory.change(id, change, now).await
    }
    async fn replace(
        &self,
        old: SessionId,
        new: Replacement,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        self.memory.replace(old, new, terms, now).await
    }
    async fn revoke(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        self.memory.revoke(id, now).await
    }
    async fn revoke_user(
        &self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.memory.revoke_user(user, except, now).await
    }
    async fn revoke_device(&self, user: &str, device: &str, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        self.memory.revoke_device(user, device, now).await
    }
    async fn list(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        self.memory.list(user, page, now).await
    }
    async fn sweep(&self, now: Timestamp, batch: usize) -> Result<usize, StoreError> {
        self.memory.sweep(now, batch).await
    }

    async fn epoch(&self, user: &str, now: Timestamp) -> Result<Epoch, StoreError> {
        self.memory.epoch(user, now).await
    }

    async fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Result<Scanned, StoreError> {
        self.memory.scan(from, size, now).await
    }

    async fn invalidations(&self, heartbeat: Duration) -> Result<Invalidations, StoreError> {
        self.memory.invalidations(heartbeat).await
    }
}

/// A commit to the session before log-in that is answered after it: the log-in stands.
#[tokio::test]
async fn a_late_answer_does_not_end_or_replace_the_session_that_a_log_in_has_begun() {
    let store = Arc::new(Gated { memory: MemoryStore::new(), gate: tokio::sync::Semaphore::new(0) });
    let sessions = Sessions::new(KeyRing::generate().unwrap(), Arc::clone(&store));
    let issued = sessions.start().await.unwrap();
    let authenticated = sessions.authenticate(issued.token()).await.unwrap();
    let holding = Holding::Live(authenticated);
    let session = Session::new(sessions, Arrival::default(), Client::default(), holding, None);

    session.set("before", &1).unwrap();
    let other = session.clone();
    let mut commit = Box::pin(other.commit());
    let first = std::future::poll_fn(|cx| Poll::Ready(commit.as_mut().poll(cx).is_ready())).await;
    assert!(!first, "it waits at the gate");

    session.log_in("ada").await.unwrap();
    store.gate.add_permits(1);
    assert_eq!(commit.await.unwrap_err().kind(), ErrorKind::Ended, "what it was for is gone");
    assert_eq!(session.user().as_deref(), Some("ada"));
    session.set("after", &2).unwrap();
    session.commit().await.unwrap();
}
