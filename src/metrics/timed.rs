//! How long the store takes, verb by verb: a store in front of it that looks at the clock.

use std::{sync::Arc, time::Duration};

use super::state::State;
use crate::{
    clock::{Stopwatch, Timestamp},
    record::{Change, Record, SessionId},
    store::{
        AnyStore, CacheFigures, Changed, Created, Cursor, Epoch, Invalidations, Page, Replaced, Replacement, Scanned,
        SessionStore, StoreError, Terms,
    },
};

/// What takes its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Create,
    Load,
    LoadFresh,
    Change,
    Replace,
    Revoke,
    RevokeUser,
    RevokeDevice,
    Epoch,
    List,
    Sweep,
    Scan,
}

impl Verb {
    pub(super) const ALL: [Self; 12] = [
        Self::Create,
        Self::Load,
        Self::LoadFresh,
        Self::Change,
        Self::Replace,
        Self::Revoke,
        Self::RevokeUser,
        Self::RevokeDevice,
        Self::Epoch,
        Self::List,
        Self::Sweep,
        Self::Scan,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Load => "load",
            Self::LoadFresh => "load_fresh",
            Self::Change => "change",
            Self::Replace => "replace",
            Self::Revoke => "revoke",
            Self::RevokeUser => "revoke_user",
            Self::RevokeDevice => "revoke_device",
            Self::Epoch => "epoch",
            Self::List => "list",
            Self::Sweep => "sweep",
            Self::Scan => "scan",
        }
    }
}

/// A store whose commands are timed. What it has at hand is not: that takes no time.
pub(super) struct Timed {
    store: AnyStore,
    state: Arc<State>,
}

impl Timed {
    pub(super) const fn new(store: AnyStore, state: Arc<State>) -> Self {
        Self { store, state }
    }

    fn timer(&self, verb: Verb) -> Timer<'_> {
        Timer { state: &self.state, verb, watch: Stopwatch::start() }
    }
}

/// Runs until it is dropped: a command that is given up, at its deadline or because nobody waits for it, has taken so long too.
struct Timer<'a> {
    state: &'a State,
    verb: Verb,
    watch: Stopwatch,
}

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        self.state.took(self.verb, Duration::from_nanos(self.watch.nanos()));
    }
}

impl SessionStore for Timed {
    async fn create(&self, record: Record, terms: Terms, now: Timestamp) -> Result<Created, StoreError> {
        let _timer = self.timer(Verb::Create);
        self.store.create(record, terms, now).await
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        let _timer = self.timer(Verb::Load);
        self.store.load(id, now).await
    }

    fn load_now(&self, id: SessionId, now: Timestamp) -> Option<Option<Arc<Record>>> {
        self.store.load_now(id, now)
    }

    async fn load_fresh(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        let _timer = self.timer(Verb::LoadFresh);
        self.store.load_fresh(id, now).await
    }

    fn staleness(&self) -> Option<Duration> {
        self.store.staleness()
    }

    fn remembered(&self, id: SessionId, age: Duration, now: Timestamp) -> Option<Arc<Record>> {
        self.store.remembered(id, age, now)
    }

    fn remember_for(&self, age: Duration) {
        self.store.remember_for(age);
    }

    fn cache_figures(&self) -> Option<CacheFigures> {
        self.store.cache_figures()
    }

    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
        let _timer = self.timer(Verb::Change);
        self.store.change(id, change, now).await
    }

    async fn replace(
        &self,
        old: SessionId,
        new: Replacement,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let _timer = self.timer(Verb::Replace);
        self.store.replace(old, new, terms, now).await
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        let _timer = self.timer(Verb::Revoke);
        self.store.revoke(id, now).await
    }

    async fn revoke_user(
        &self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        let _timer = self.timer(Verb::RevokeUser);
        self.store.revoke_user(user, except, now).await
    }

    async fn revoke_device(&self, user: &str, device: &str, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        let _timer = self.timer(Verb::RevokeDevice);
        self.store.revoke_device(user, device, now).await
    }

    async fn epoch(&self, user: &str, now: Timestamp) -> Result<Epoch, StoreError> {
        let _timer = self.timer(Verb::Epoch);
        self.store.epoch(user, now).await
    }

    async fn list(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        let _timer = self.timer(Verb::List);
        self.store.list(user, page, now).await
    }

    async fn sweep(&self, now: Timestamp, batch: usize) -> Result<usize, StoreError> {
        let _timer = self.timer(Verb::Sweep);
        self.store.sweep(now, batch).await
    }

    fn expires_by_itself(&self) -> bool {
        self.store.expires_by_itself()
    }

    async fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Result<Scanned, StoreError> {
        let _timer = self.timer(Verb::Scan);
        self.store.scan(from, size, now).await
    }

    async fn invalidations(&self, heartbeat: Duration) -> Result<Invalidations, StoreError> {
        self.store.invalidations(heartbeat).await
    }
}
