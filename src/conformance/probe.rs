use std::{sync::Arc, time::Duration};

use super::material::{NO_LIMIT, equal, must};
use crate::{
    clock::Timestamp,
    record::{Change, Keep, Record, SessionId},
    store::{
        Changed, Created, Cursor, Epoch, Invalidations, Page, Replaced, Replacement, Scanned, SessionStore, Terms,
    },
};

/// The store under test. Its verbs fail the check where they answer with an error.
pub(super) struct Probe<S>(Arc<S>);

impl<S> Clone for Probe<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S: SessionStore> Probe<S> {
    pub(super) fn new(store: S) -> Self {
        Self(Arc::new(store))
    }

    pub(super) async fn create(&self, record: &Record, terms: impl Into<Terms>, now: Timestamp) -> Created {
        must("create", self.0.create(record.clone(), terms.into(), now).await)
    }

    pub(super) async fn load(&self, id: SessionId, now: Timestamp) -> Option<Arc<Record>> {
        must("load", self.0.load(id, now).await)
    }

    pub(super) async fn change(&self, id: SessionId, change: &Change, now: Timestamp) -> Changed {
        must("change", self.0.change(id, change.clone(), now).await)
    }

    pub(super) async fn replace(
        &self,
        old: SessionId,
        new: &Replacement,
        terms: impl Into<Terms>,
        now: Timestamp,
    ) -> Replaced {
        must("replace", self.0.replace(old, new.clone(), terms.into(), now).await)
    }

    pub(super) async fn revoke(&self, id: SessionId, now: Timestamp) -> bool {
        must("revoke", self.0.revoke(id, now).await)
    }

    pub(super) async fn revoke_user(&self, user: &str, except: Option<SessionId>, now: Timestamp) -> Vec<SessionId> {
        must("revoke_user", self.0.revoke_user(user, except, now).await)
    }

    pub(super) async fn revoke_device(&self, user: &str, device: &str, now: Timestamp) -> Vec<SessionId> {
        must("revoke_device", self.0.revoke_device(user, device, now).await)
    }

    pub(super) async fn page(
        &self,
        user: &str,
        after: Option<SessionId>,
        size: usize,
        now: Timestamp,
    ) -> Vec<Arc<Record>> {
        must("list", self.0.list(user, Page { after, size }, now).await)
    }

    pub(super) async fn sweep(&self, now: Timestamp, batch: usize) -> usize {
        must("sweep", self.0.sweep(now, batch).await)
    }

    pub(super) async fn epoch(&self, user: &str, now: Timestamp) -> Epoch {
        must("epoch", self.0.epoch(user, now).await)
    }

    pub(super) async fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Scanned {
        must("scan", self.0.scan(from, size, now).await)
    }

    pub(super) fn expires_by_itself(&self) -> bool {
        self.0.expires_by_itself()
    }

    pub(super) async fn listen(&self, heartbeat: Duration) -> Invalidations {
        must("invalidations", self.0.invalidations(heartbeat).await)
    }

    /// All of a user's sessions, in one page.
    pub(super) async fn list(&self, user: &str, now: Timestamp) -> Vec<Arc<Record>> {
        self.page(user, None, 1_000, now).await
    }

    /// Their ids, in the order of the list.
    pub(super) async fn ids(&self, user: &str, now: Timestamp) -> Vec<SessionId> {
        self.list(user, now).await.iter().map(|record| record.id()).collect()
    }

    /// Keeps a session that a check starts from.
    pub(super) async fn keep(&self, record: Record) -> Record {
        let created = self.create(&record, NO_LIMIT, record.created_at()).await;
        equal("a new session is kept where there is no limit", created, Created::Kept { evicted: vec![] });
        record
    }

    /// Keeps many of them.
    pub(super) async fn keep_all(&self, records: impl IntoIterator<Item = Record>) -> Vec<Record> {
        let mut kept = Vec::new();
        for record in records {
            kept.push(self.keep(record).await);
        }
        kept
    }

    /// Fails the check unless this session is there, and is just so.
    pub(super) async fn is_there(&self, promise: &str, record: &Record, now: Timestamp) {
        equal(promise, self.load(record.id(), now).await.as_deref(), Some(record));
    }

    /// Fails the check unless there is no session of this id.
    pub(super) async fn is_gone(&self, promise: &str, id: SessionId, now: Timestamp) {
        equal(promise, self.load(id, now).await, None);
    }
}

/// A session that takes another's place and keeps nothing of it.
pub(super) fn successor(record: &Record) -> Replacement {
    Replacement { record: record.clone(), keep: Keep::Nothing, change: Change::new(), expect: None }
}
