use std::{
    collections::BTreeSet,
    mem,
    sync::{Arc, Mutex},
    time::Duration,
};

use countersign::{
    Change, Record, SessionId, SessionStore, StoreError, Timestamp,
    store::{
        CacheFigures, Changed, Created, Cursor, Epoch, Invalidations, Page, Replaced, Replacement, Scanned, Terms,
    },
};

/// A store that takes its time: it pauses before and after each command, so that a request can be
/// cut off on either side of it.
pub struct Paced<S> {
    inner: S,
    pace: Arc<Pace>,
}

/// How a [`Paced`] store pauses, and which sessions it was ever asked to keep.
#[derive(Default)]
pub struct Pace {
    pause: Mutex<Pause>,
    kept: Mutex<BTreeSet<SessionId>>,
}

/// What happens on either side of a command.
#[derive(Clone, Copy, Default)]
pub enum Pause {
    #[default]
    No,
    /// The task yields once.
    Yield,
    /// So much time passes.
    Sleep(Duration),
}

impl Pace {
    pub fn set(&self, pause: Pause) {
        *self.pause.lock().unwrap() = pause;
    }

    /// The sessions that came in since the last call of this, whether they were kept or not.
    pub fn take_ids(&self) -> BTreeSet<SessionId> {
        mem::take(&mut self.kept.lock().unwrap())
    }

    fn saw(&self, record: &Record) {
        self.kept.lock().unwrap().insert(record.id());
    }

    async fn around<T>(&self, command: impl Future<Output = T>) -> T {
        self.pause().await;
        let answer = command.await;
        self.pause().await;
        answer
    }

    async fn pause(&self) {
        let pause = *self.pause.lock().unwrap();
        match pause {
            Pause::No => {}
            Pause::Yield => tokio::task::yield_now().await,
            Pause::Sleep(time) => tokio::time::sleep(time).await,
        }
    }
}

impl<S> Paced<S> {
    pub fn new(inner: S, pace: Arc<Pace>) -> Self {
        Self { inner, pace }
    }
}

impl<S: SessionStore> SessionStore for Paced<S> {
    async fn create(&self, record: Record, terms: Terms, now: Timestamp) -> Result<Created, StoreError> {
        self.pace.saw(&record);
        self.pace.around(self.inner.create(record, terms, now)).await
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        self.pace.around(self.inner.load(id, now)).await
    }

    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
        self.pace.around(self.inner.change(id, change, now)).await
    }

    async fn replace(
        &self,
        old: SessionId,
        new: Replacement,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        self.pace.saw(&new.record);
        self.pace.around(self.inner.replace(old, new, terms, now)).await
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        self.pace.around(self.inner.revoke(id, now)).await
    }

    async fn revoke_user(
        &self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.pace.around(self.inner.revoke_user(user, except, now)).await
    }

    async fn revoke_device(&self, user: &str, device: &str, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        self.pace.around(self.inner.revoke_device(user, device, now)).await
    }

    async fn list(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        self.pace.around(self.inner.list(user, page, now)).await
    }

    async fn sweep(&self, now: Timestamp, batch: usize) -> Result<usize, StoreError> {
        self.pace.around(self.inner.sweep(now, batch)).await
    }

    async fn epoch(&self, user: &str, now: Timestamp) -> Result<Epoch, StoreError> {
        self.pace.around(self.inner.epoch(user, now)).await
    }

    async fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Result<Scanned, StoreError> {
        self.pace.around(self.inner.scan(from, size, now)).await
    }

    async fn invalidations(&self, heartbeat: Duration) -> Result<Invalidations, StoreError> {
        self.inner.invalidations(heartbeat).await
    }

    async fn load_fresh(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        self.pace.around(self.inner.load_fresh(id, now)).await
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
