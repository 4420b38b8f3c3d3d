//! The storage of a manager as a place that can change while others use it.

use std::sync::{Arc, PoisonError, RwLock};

use super::{renew::lease, shared::Shared};
use crate::client::{
    error::{Error, ErrorKind},
    storage::{Document, Lease, Storage, StorageError, Update, blocking},
};

impl Shared {
    pub(super) async fn move_to(self: &Arc<Self>, new: Arc<dyn Storage>) -> Result<(), Error> {
        let this = Arc::clone(self);
        let moving = tokio::spawn(async move {
            let lease = this.any_lease().await?;
            let (mover, generation) = (Arc::clone(&this), this.memory.load().generation);
            blocking(move || mover.place.move_to(new, |document| mover.patch(document))).await?;
            // Went along in the document: this notes that it is saved.
            let _ = this.save(generation).await;
            drop(lease);
            Ok(())
        });
        moving.await.unwrap_or_else(|cut_off| Err(Error::because(ErrorKind::Storage, cut_off)))
    }

    pub(super) async fn back_up_to(self: &Arc<Self>, other: Arc<dyn Storage>) -> Result<(), Error> {
        let this = Arc::clone(self);
        Ok(blocking(move || this.place.back_up_to(&*other, |document| this.patch(document))).await?)
    }

    /// Waits until nobody renews.
    async fn any_lease(self: &Arc<Self>) -> Result<Option<Lease>, Error> {
        loop {
            let before = self.memory.load_full();
            let lease = lease(self, &before).await?;
            // Given up because the tokens have changed: another try.
            if lease.is_some() || self.memory.load().generation == before.generation {
                return Ok(lease);
            }
        }
    }
}

/// Hands on to the storage that is in use. A move waits for the steps that run, and the steps that follow find
/// the new place.
#[derive(Debug)]
pub(super) struct Place {
    current: RwLock<Arc<dyn Storage>>,
}

impl Place {
    pub(super) fn new(storage: Arc<dyn Storage>) -> Self {
        Self { current: RwLock::new(storage) }
    }

    /// Moves the document: the new place holds it before the old one is emptied, and what another process
    /// changes at the old one in between goes along. `patch` puts into it what has yet to be saved.
    ///
    /// If this fails, the old place is still the one in use.
    pub(super) fn move_to(&self, new: Arc<dyn Storage>, patch: impl Fn(&mut Document)) -> Result<(), StorageError> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let mut found = current.load()?;
        let mut moved;
        loop {
            moved = found.clone();
            patch(&mut moved);
            put(&*new, &moved)?;
            let mut emptied = false;
            current.update(&mut |document| {
                emptied = *document == found;
                found = document.clone();
                if !emptied {
                    return Update::Unchanged;
                }
                document.clear();
                Update::Changed
            })?;
            if emptied {
                break;
            }
        }
        // Another name of the same place would now be empty.
        if new.load()?.is_empty() {
            put(&*new, &moved)?;
        }
        *current = new;
        Ok(())
    }

    /// Puts a copy of the document there.
    pub(super) fn back_up_to(&self, other: &dyn Storage, patch: impl Fn(&mut Document)) -> Result<(), StorageError> {
        let mut copy = self.load()?;
        patch(&mut copy);
        put(other, &copy)
    }

    fn read<T>(&self, with: impl FnOnce(&dyn Storage) -> T) -> T {
        with(&**self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Storage for Place {
    fn load(&self) -> Result<Document, StorageError> {
        self.read(Storage::load)
    }

    fn update(&self, step: &mut dyn FnMut(&mut Document) -> Update) -> Result<(), StorageError> {
        self.read(|storage| storage.update(step))
    }

    fn try_lease(&self) -> Result<Option<Lease>, StorageError> {
        self.read(Storage::try_lease)
    }
}

fn put(storage: &dyn Storage, document: &Document) -> Result<(), StorageError> {
    storage.update(&mut |kept| {
        if kept == document {
            return Update::Unchanged;
        }
        kept.clone_from(document);
        Update::Changed
    })
}
