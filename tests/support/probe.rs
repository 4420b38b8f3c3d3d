use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use countersign::{
    Change, Limit, Record, SessionId, SessionStore, StoreError, Timestamp,
    store::{
        CacheFigures, Changed, Created, Cursor, Epoch, Invalidations, Page, Replaced, Replacement, Scanned, Terms,
    },
};

use super::Pace;

/// A store that counts its calls, remembers what it was given, and fails or hangs when told to.
pub struct Probe<S> {
    inner: S,
    calls: Arc<Calls>,
}

#[derive(Default)]
pub struct Calls {
    loads: AtomicUsize,
    writes: AtomicUsize,
    others: AtomicUsize,
    broken: AtomicBool,
    broken_for_writes: AtomicBool,
    hanging: AtomicBool,
    failures: AtomicUsize,
    /// Calls that are spared before those that fail.
    spared: AtomicUsize,
    seen: Mutex<Vec<u8>>,
    pub pace: Arc<Pace>,
}

impl Calls {
    /// Loads, writes (create, change, replace, revoke), others since the last call of this.
    pub fn take(&self) -> (usize, usize, usize) {
        (self.loads.swap(0, SeqCst), self.writes.swap(0, SeqCst), self.others.swap(0, SeqCst))
    }

    pub fn break_store(&self, broken: bool) {
        self.broken.store(broken, SeqCst);
    }

    pub fn break_writes(&self, broken: bool) {
        self.broken_for_writes.store(broken, SeqCst);
    }

    pub fn hang(&self, hanging: bool) {
        self.hanging.store(hanging, SeqCst);
    }

    /// As many calls fail from now on, and no more.
    pub fn fail_next(&self, calls: usize) {
        self.failures.store(calls, SeqCst);
    }

    /// The same, but only after so many that do not.
    pub fn fail_after(&self, spared: usize, calls: usize) {
        self.spared.store(spared, SeqCst);
        self.failures.store(calls, SeqCst);
    }

    /// Whatever the store was ever given.
    pub fn seen(&self) -> Vec<u8> {
        self.seen.lock().unwrap().clone()
    }

    fn saw(&self, what: &impl serde::Serialize) {
        self.seen.lock().unwrap().extend(serde_json::to_vec(what).unwrap());
    }

    async fn load(&self) -> Result<(), StoreError> {
        self.loads.fetch_add(1, SeqCst);
        self.answer(false).await
    }

    async fn write(&self) -> Result<(), StoreError> {
        self.writes.fetch_add(1, SeqCst);
        self.answer(self.broken_for_writes.load(SeqCst)).await
    }

    async fn other(&self) -> Result<(), StoreError> {
        self.others.fetch_add(1, SeqCst);
        self.answer(false).await
    }

    /// Once in a while a node asks beside a request until when everybody's sessions have ended: no part of any request.
    async fn beside(&self) -> Result<(), StoreError> {
        if self.hanging.load(SeqCst) {
            tokio::time::sleep(Duration::from_secs(3_600)).await;
        }
        if self.broken.load(SeqCst) { Err(StoreError::unavailable("the wire is cut")) } else { Ok(()) }
    }

    async fn answer(&self, broken: bool) -> Result<(), StoreError> {
        if self.hanging.load(SeqCst) {
            tokio::time::sleep(Duration::from_secs(3_600)).await;
        }
        let spared = self.spared.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok();
        let fails = !spared && self.failures.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok();
        if fails || broken || self.broken.load(SeqCst) {
            Err(StoreError::unavailable("the wire is cut"))
        } else {
            Ok(())
        }
    }
}

impl<S> Probe<S> {
    pub fn new(inner: S, calls: Arc<Calls>) -> Self {
        Self { inner, calls }
    }
}

impl<S: SessionStore> SessionStore for Probe<S> {
    async fn create(&self, record: Record, terms: Terms, now: Timestamp) -> Result<Created, StoreError> {
        self.calls.saw(&record);
        self.calls.write().await?;
        self.inner.create(record, terms, now).await
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        self.calls.load().await?;
        self.inner.load(id, now).await
    }

    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
        self.calls.write().await?;
        let changed = self.inner.change(id, change, now).await?;
        if let Changed::Merged(record) = &changed {
            self.calls.saw(&**record);
        }
        Ok(changed)
    }

    async fn replace(
        &self,
        old: SessionId,
        new: Replacement,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        self.calls.saw(&new.record);
        self.calls.write().await?;
        self.inner.replace(old, new, terms, now).await
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        self.calls.write().await?;
        self.inner.revoke(id, now).await
    }

    async fn revoke_user(
        &self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.calls.write().await?;
        self.inner.revoke_user(user, except, now).await
    }

    async fn revoke_device(&self, user: &str, device: &str, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        self.calls.write().await?;
        self.inner.revoke_device(user, device, now).await
    }

    async fn list(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        self.calls.other().await?;
        self.inner.list(user, page, now).await
    }

    async fn sweep(&self, now: Timestamp, batch: usize) -> Result<usize, StoreError> {
        self.calls.other().await?;
        self.inner.sweep(now, batch).await
    }

    async fn epoch(&self, user: &str, now: Timestamp) -> Result<Epoch, StoreError> {
        self.calls.other().await?;
        self.inner.epoch(user, now).await
    }

    async fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Result<Scanned, StoreError> {
        self.calls.other().await?;
        self.inner.scan(from, size, now).await
    }

    async fn invalidations(&self, heartbeat: Duration) -> Result<Invalidations, StoreError> {
        self.inner.invalidations(heartbeat).await
    }

    async fn load_fresh(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        if id == SessionId::EVERYBODY {
            self.calls.beside().await?;
        } else {
            self.calls.load().await?;
        }
        self.inner.load_fresh(id, now).await
    }

    fn staleness(&self) -> Option<Duration> {
        self.inner.staleness()
    }

    fn remembered(&self, id: SessionId, age: Duration, now: Timestamp) -> Option<Arc<Record>> {
        self.inner.remembered(id, age, now)
    }

    fn remember_for(&self, age: Duration) {
        self.inner.remember_for(age);
    }

    fn cache_figures(&self) -> Option<CacheFigures> {
        self.inner.cache_figures()
    }

    fn expires_by_itself(&self) -> bool {
        self.inner.expires_by_itself()
    }
}
