//! Locks among processes: the operating system's, on a file that holds nothing.

use std::{
    ffi::OsStr,
    fs::{File, TryLockError},
    io, thread,
    time::Duration,
};

use super::folder::Folder;
use crate::client::storage::{StorageError, StorageErrorKind};

/// A lock that is held until this is dropped, or its process has ended, however that comes about.
#[derive(Debug)]
pub(in crate::client::storage) struct Held(File);

impl Held {
    /// Takes the lock on this file in this folder if it is free.
    pub(super) fn try_take(folder: &Folder, name: &OsStr) -> Result<Option<Self>, StorageError> {
        let taken = lock_if_free(folder.open_lock(name)?).map_err(|error| folder.failed(name, error))?;
        Ok(taken.ok())
    }

    /// Takes the lock on this file in this folder, and waits for it about so long.
    pub(super) fn take(folder: &Folder, name: &OsStr, patience: Duration) -> Result<Self, StorageError> {
        // A lock of the system can be waited for without an end, or not at all.
        let mut file = folder.open_lock(name)?;
        let mut waited = Duration::ZERO;
        let mut pause = FIRST_PAUSE;
        loop {
            file = match lock_if_free(file).map_err(|error| folder.failed(name, error))? {
                Ok(held) => return Ok(held),
                Err(_) if waited >= patience => return Err(folder.refused(name, StorageErrorKind::Locked)),
                Err(file) => file,
            };
            thread::sleep(pause);
            waited += pause;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

fn lock_if_free(file: File) -> io::Result<Result<Held, File>> {
    match file.try_lock() {
        Ok(()) => Ok(Ok(Held(file))),
        Err(TryLockError::WouldBlock) => Ok(Err(file)),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // A child that was forked in the meantime shares the file: closing it here alone would not free it.
        let _ = self.0.unlock();
    }
}

const FIRST_PAUSE: Duration = Duration::from_micros(100);
const LONGEST_PAUSE: Duration = Duration::from_millis(5);
