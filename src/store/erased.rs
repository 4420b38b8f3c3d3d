//! Where a store's type is erased, once: behind this, nothing is generic over it.

use std::{future::Future, pin::Pin, sync::Arc};

use super::{Changed, Created, Page, Replaced, Replacement, SessionStore, StoreError};
use crate::{
    clock::Timestamp,
    config::Limit,
    record::{Change, Record, SessionId},
};

/// A command on its way to a store.
pub(crate) type Command<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// [`SessionStore`], as an object.
pub(crate) trait ErasedStore: Send + Sync {
    fn create(&self, record: Record, limit: Limit, now: Timestamp) -> Command<'_, Created>;
    /// Owns its store, so that a request can be parked while it waits.
    fn load(self: Arc<Self>, id: SessionId, now: Timestamp) -> Command<'static, Option<Arc<Record>>>;
    fn load_now(&self, id: SessionId, now: Timestamp) -> Option<Option<Arc<Record>>>;
    fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Command<'_, Changed>;
    fn replace(&self, old: SessionId, new: Replacement, limit: Limit, now: Timestamp) -> Command<'_, Replaced>;
    fn revoke(&self, id: SessionId, now: Timestamp) -> Command<'_, bool>;
    fn revoke_user<'a>(
        &'a self,
        user: &'a str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Command<'a, Vec<SessionId>>;
    fn revoke_device<'a>(&'a self, user: &'a str, device: &'a str, now: Timestamp) -> Command<'a, Vec<SessionId>>;
    fn list<'a>(&'a self, user: &'a str, page: Page, now: Timestamp) -> Command<'a, Vec<Arc<Record>>>;
    fn sweep(&self, now: Timestamp, batch: usize) -> Command<'_, usize>;
}

impl<S: SessionStore> ErasedStore for S {
    fn create(&self, record: Record, limit: Limit, now: Timestamp) -> Command<'_, Created> {
        Box::pin(SessionStore::create(self, record, limit, now))
    }

    fn load(self: Arc<Self>, id: SessionId, now: Timestamp) -> Command<'static, Option<Arc<Record>>> {
        Box::pin(async move { SessionStore::load(&*self, id, now).await })
    }

    fn load_now(&self, id: SessionId, now: Timestamp) -> Option<Option<Arc<Record>>> {
        SessionStore::load_now(self, id, now)
    }

    fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Command<'_, Changed> {
        Box::pin(SessionStore::change(self, id, change, now))
    }

    fn replace(&self, old: SessionId, new: Replacement, limit: Limit, now: Timestamp) -> Command<'_, Replaced> {
        Box::pin(SessionStore::replace(self, old, new, limit, now))
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

    fn list<'a>(&'a self, user: &'a str, page: Page, now: Timestamp) -> Command<'a, Vec<Arc<Record>>> {
        Box::pin(SessionStore::list(self, user, page, now))
    }

    fn sweep(&self, now: Timestamp, batch: usize) -> Command<'_, usize> {
        Box::pin(SessionStore::sweep(self, now, batch))
    }
}
