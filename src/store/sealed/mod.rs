//! Sealing at rest: a store beneath which nobody can read what sessions hold.

mod change;
mod replace;
mod seal;

use std::{fmt, sync::Arc, time::Duration};

use tokio::sync::{Mutex, MutexGuard};

use super::{
    CacheFigures, Changed, Created, Cursor, Epoch, Invalidations, Page, Replaced, Replacement, Scanned, SessionStore,
    StoreError, Terms,
};
use crate::{
    clock::Timestamp,
    key::{KeyRing, SealKeys},
    record::{Change, Record, SessionId},
};
use seal::SealedRecord;

/// Encrypts what sessions hold, in front of any store: whoever reads the store, its backups or its
/// wire, reads neither attributes nor where a session was started from.
///
/// ```
/// use countersign::{KeyRing, MemoryStore, Sealed, Sessions};
///
/// let keys = KeyRing::generate()?;
/// let sessions = Sessions::new(keys.clone(), Sealed::new(MemoryStore::new(), &keys));
/// # Ok::<(), countersign::KeyError>(())
/// ```
///
/// # What is sealed, and what is not
///
/// Sealed are the values of attributes, the description of the device (kind, system, browser,
/// name) and the address. Readable stay the user's id, his roles, the device's id, the names of
/// attributes, how long values are, and all instants: stores find sessions by them. Put into values what is
/// nobody's business, never into names.
///
/// AES-256-GCM, by a sub-key of each key of the ring. A value is bound to its session, its user and its
/// name: moved elsewhere it does not open. What is altered is found. That something was deleted, or set back
/// to what it was earlier under the same name, is not; nor does a seal keep whoever can write to the store from naming
/// another user in a session of his own: he then finds that user's rights, and nothing of what was sealed. A value grows by 29 bytes, which do not count against the
/// [bounds](crate::Bounds). Nonces are random: one key is good for 2^32 values, so change
/// it before a service has written four thousand million of them.
///
/// # When something does not open
///
/// There is no fallback to plain text. A value that is not sealed, or does not open, because its key has
/// left the ring, or it was altered, or stood elsewhere, is *withheld*: reading it is an error that names
/// it ([`ErrorKind::Unreadable`](crate::ErrorKind::Unreadable)), an increment of it is refused
/// ([`ChangeRefused::Withheld`](crate::ChangeRefused::Withheld)), all others work. The store keeps it as
/// it is; only to set or to remove it, by name, takes it away. [`Event::Withheld`](crate::Event::Withheld)
/// tells of it with each request. A session whose place is taken by another, which ought to keep a withheld
/// value, is not replaced: the value would be lost, as it opens under its old id alone.
///
/// # Keys
///
/// The ring's first key seals, all of them open. A session is sealed anew, as a whole, when it is next written
/// to after a new key has come in front: when every session was written to or has ended, the old
/// key can go. A session that is only read is written to when its window slides.
///
/// To seal what lies in a store in plain text, [move](crate::Moving) it into a sealed one.
///
/// # What it costs
///
/// Increments cannot be added up by a store that cannot read: they are read, added here, and written under
/// the condition that nobody else has written meanwhile; else once more. On one node they wait for each other,
/// so that they do not meet. A replacement reads the old session first. Both may have to be
/// repeated while others write to the same session; what bounds them is the store deadline.
pub struct Sealed<S> {
    store: S,
    keys: SealKeys,
    turns: Box<[Mutex<()>]>,
}

impl<S: SessionStore> Sealed<S> {
    /// Seals what `store` keeps, by the first of these keys.
    pub fn new(store: S, keys: &KeyRing) -> Self {
        Self { store, keys: SealKeys::new(keys), turns: (0..TURNS).map(|_| Mutex::new(())).collect() }
    }

    fn open(&self, record: Arc<Record>) -> Arc<Record> {
        SealedRecord::from_below(record).open(&self.keys)
    }

    fn open_all(&self, records: Vec<Arc<Record>>) -> Vec<Arc<Record>> {
        records.into_iter().map(|record| self.open(record)).collect()
    }

    /// Waits until nobody else on this node reads a session in order to write to it.
    async fn turn(&self, id: SessionId) -> MutexGuard<'_, ()> {
        self.turns[usize::from(id.as_bytes()[0]) % TURNS].lock().await
    }
}

impl<S: SessionStore> SessionStore for Sealed<S> {
    fn cache_figures(&self) -> Option<CacheFigures> {
        self.store.cache_figures()
    }

    async fn create(&self, record: Record, terms: Terms, now: Timestamp) -> Result<Created, StoreError> {
        if record.withheld().next().is_some() {
            return Err(StoreError::corrupt("what is withheld of a session would be lost in a copy of it"));
        }
        if record.sealed_origin().is_some() {
            return Err(StoreError::corrupt(SEALED_TWICE));
        }
        let sealed = SealedRecord::seal(&self.keys, &record)?;
        self.store.create(sealed.into_record(), terms, now).await
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        Ok(self.store.load(id, now).await?.map(|record| self.open(record)))
    }

    fn load_now(&self, id: SessionId, now: Timestamp) -> Option<Option<Arc<Record>>> {
        self.store.load_now(id, now).map(|found| found.map(|record| self.open(record)))
    }

    async fn load_fresh(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        Ok(self.store.load_fresh(id, now).await?.map(|record| self.open(record)))
    }

    fn staleness(&self) -> Option<Duration> {
        self.store.staleness()
    }

    fn remembered(&self, id: SessionId, age: Duration, now: Timestamp) -> Option<Arc<Record>> {
        self.store.remembered(id, age, now).map(|record| self.open(record))
    }

    fn remember_for(&self, age: Duration) {
        self.store.remember_for(age);
    }

    fn expires_by_itself(&self) -> bool {
        self.store.expires_by_itself()
    }

    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
        if change.sealed_origin().is_some() {
            return Err(StoreError::corrupt(SEALED_TWICE));
        }
        self.change_sealed(id, &change, now).await
    }

    async fn replace(
        &self,
        old: SessionId,
        new: Replacement,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        self.replace_sealed(old, new, terms, now).await
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
        Ok(self.open_all(self.store.list(user, page, now).await?))
    }

    async fn sweep(&self, now: Timestamp, batch: usize) -> Result<usize, StoreError> {
        self.store.sweep(now, batch).await
    }

    async fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Result<Scanned, StoreError> {
        let Scanned { records, next, done } = self.store.scan(from, size, now).await?;
        Ok(Scanned { records: self.open_all(records), next, done })
    }

    async fn invalidations(&self, heartbeat: Duration) -> Result<Invalidations, StoreError> {
        self.store.invalidations(heartbeat).await
    }
}

impl<S: fmt::Debug> fmt::Debug for Sealed<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed").field("store", &self.store).field("keys", &self.keys).finish_non_exhaustive()
    }
}

const SEALED_TWICE: &str = "this session is sealed already: one Sealed over a store is enough";

/// So many sessions of one node can be read and written at once, at most.
const TURNS: usize = 64;
