//! Where a store's type is erased, once: behind this, nothing is generic over it.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use super::{
    CacheFigures, Changed, Created, Cursor, Epoch, Invalidations, Page, Replaced, Replacement, Scanned, SessionStore,
    StoreError, Terms,
};
use crate::{
    clock::Timestamp,
    record::{Change, Record, SessionId},
};

/// A command on its way to a store.
pub(crate) type Command<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// [`SessionStore`], as an object. What loads owns its store, so that a request can be parked while it
/// waits.
pub(crate) trait ErasedStore: Send + Sync {
    fn load(self: Arc<Self>, id: SessionId, now: Timestamp) -> Command<'static, Option<Arc<Record>>>;
    fn load_now(&self, id: SessionId, now: Timestamp) -> Option<Option<Arc<Record>>>;
    fn load_fresh(self: Arc<Self>, id: SessionId, now: Timestamp) -> Command<'static, Option<Arc<Record>>>;
    fn staleness(&self) -> Option<Duration>;
    fn remembered(&self, id: SessionId, age: Duration, now: Timestamp) -> Option<Arc<Record>>;
    fn remember_for(&self, age: Duration);
    fn expires_by_itself(&self) -> bool;
    fn cache_figures(&self) -> Option<CacheFigures>;
    fn create(&self, record: Record, terms: Terms, now: Timestamp) -> Command<'_, Created>;
    fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Command<'_, Changed>;
    fn replace(&self, old: SessionId, new: Replacement, terms: Terms, now: Timestamp) -> Command<'_, Replaced>;
    fn revoke(&self, id: SessionId, now: Timestamp) -> Command<'_, bool>;
    fn revoke_user<'a>(
        &'a self,
        user: &'a str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Command<'a, Vec<SessionId>>;
    fn revoke_device<'a>(&'a self, user: &'a str, device: &'a str, now: Timestamp) -> Command<'a, Vec<SessionId>>;
    fn epoch<'a>(&'a self, user: &'a str, now: Timestamp) -> Command<'a, Epoch>;
    fn list<'a>(&'a self, user: &'a str, page: Page, now: Timestamp) -> Command<'a, Vec<Arc<Record>>>;
    fn sweep(&self, now: Timestamp, batch: usize) -> Command<'_, usize>;
    fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Command<'_, Scanned>;
    fn invalidations(&self, heartbeat: Duration) -> Command<'_, Invalidations>;
}

impl<S: SessionStore> ErasedStore for S {
    fn load(self: Arc<Self>, id: SessionId, now: Timestamp) -> Command<'static, Option<Arc<Record>>> {
        Box::pin(async move { SessionStore::load(&*self, id, now).await })
    }

    fn load_now(&self, id: SessionId, now: Timestamp) -> Option<Option<Arc<Record>>> {
        SessionStore::load_now(self, id, now)
    }

    fn load_fresh(self: Arc<Self>, id: SessionId, now: Timestamp) -> Command<'static, Option<Arc<Record>>> {
        Box::pin(async move { SessionStore::load_fresh(&*self, id, now).await })
    }

    fn staleness(&self) -> Option<Duration> {
        SessionStore::staleness(self)
    }

    fn remembered(&self, id: SessionId, age: Duration, now: Timestamp) -> Option<Arc<Record>> {
        SessionStore::remembered(self, id, age, now)
    }

    fn remember_for(&self, age: Duration) {
        SessionStore::remember_for(self, age);
    }

    fn expires_by_itself(&self) -> bool {
        SessionStore::expires_by_itself(self)
    }

    fn cache_figures(&self) -> Option<CacheFigures> {
        SessionStore::cache_figures(self)
    }

    fn create(&self, record: Record, terms: Terms, now: Timestamp) -> Command<'_, Created> {
        Box::pin(SessionStore::create(self, record, terms, now))
    }

    fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Command<'_, Changed> {
        Box::pin(SessionStore::change(self, id, change, now))
    }

    fn replace(&self, old: SessionId, new: Replacement, terms: Terms, now: Timestamp) -> Command<'_, Replaced> {
        Box::pin(SessionStore::replace(self, old, new, terms, now))
    }

    fn revoke(&self, id: SessionId, now: Timestamp) -> Command<'_, bool> {
        Box::pin(SessionStore::revoke(self, id, now))
    }

    fn revoke_user<'a>(
        &'a self,
        user: &'a str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Command<'a, Vec<SessionId>> {
        Box::pin(SessionStore::revoke_user(self, user, except, now))
    }

    fn revoke_device<'a>(&'a self, user: &'a str, device: &'a str, now: Timestamp) -> Command<'a, Vec<SessionId>> {
        Box::pin(SessionStore::revoke_device(self, user, device, now))
    }

    fn epoch<'a>(&'a self, user: &'a str, now: Timestamp) -> Command<'a, Epoch> {
        Box::pin(SessionStore::epoch(self, user, now))
    }

    fn list<'a>(&'a self, user: &'a str, page: Page, now: Timestamp) -> Command<'a, Vec<Arc<Record>>> {
        Box::pin(SessionStore::list(self, user, page, now))
    }

    fn sweep(&self, now: Timestamp, batch: usize) -> Command<'_, usize> {
        Box::pin(SessionStore::sweep(self, now, batch))
    }

    fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Command<'_, Scanned> {
        Box::pin(SessionStore::scan(self, from, size, now))
    }

    fn invalidations(&self, heartbeat: Duration) -> Command<'_, Invalidations> {
        Box::pin(SessionStore::invalidations(self, heartbeat))
    }
}
