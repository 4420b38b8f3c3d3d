//! A lock among processes for what is not kept in a file.

use std::{path::Path, time::Duration};

use super::{
    folder::Folder,
    lock::Held,
    place::{NoPlace, Place},
};
use crate::client::storage::StorageError;

/// A file that is locked for something else than a file.
#[derive(Clone, Debug)]
pub(in crate::client::storage) struct LockFile(Result<Place, NoPlace>);

impl LockFile {
    pub(in crate::client::storage) fn new(path: &Path) -> Self {
        Self(Place::new(path))
    }

    /// Takes the lock, and waits for it about so long.
    pub(in crate::client::storage) fn take(&self, patience: Duration) -> Result<Held, StorageError> {
        let place = self.place()?;
        Held::take(&Folder::open_or_create(&place.folder)?, &place.name, patience)
    }

    /// Takes the lock on another file beside this one, if it is free.
    pub(in crate::client::storage) fn try_take_beside(&self, suffix: &str) -> Result<Option<Held>, StorageError> {
        let place = self.place()?;
        Held::try_take(&Folder::open_or_create(&place.folder)?, &place.beside(suffix))
    }

    fn place(&self) -> Result<&Place, StorageError> {
        self.0.as_ref().map_err(|error| error.refused("a lock file"))
    }
}
