//! Locks among processes: the operating system's, on a file that holds nothing.

use std::{
    fs::{File, TryLockError},
    io, thread,
    time::Duration,
};

/// A lock that is held until this is dropped, or its process has ended, however that comes about.
#[derive(Debug)]
pub(super) struct Held(File);

impl Held {
    /// Takes the lock on this file if it is free.
    pub(super) fn try_take(file: File) -> io::Result<Result<Self, File>> {
        match file.try_lock() {
            Ok(()) => Ok(Ok(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(Err(file)),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Takes the lock on this file, and waits for it about so long. `None` if it did not come free.
    pub(super) fn take(mut file: File, patience: Duration) -> io::Result<Option<Self>> {
        // A lock of the system can be waited for without an end, or not at all.
        let mut waited = Duration::ZERO;
        let mut pause = FIRST_PAUSE;
        loop {
            file = match Self::try_take(file)? {
                Ok(held) => return Ok(Some(held)),
                Err(_) if waited >= patience => return Ok(None),
                Err(file) => file,
            };
            thread::sleep(pause);
            waited += pause;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
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
