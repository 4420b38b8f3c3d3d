//! Where a session is kept between two runs of a program, and shared with other processes.
//!
//! A storage keeps one [`Document`]. All that changes it is one atomic step: read, decide, write, with
//! nobody else's step between, in this process or in another. Whether a refresh that comes late may still write is
//! decided inside of that step, so that a log-out wins over it.

mod aside;
mod blocking;
mod document;
mod error;
#[cfg(unix)]
mod file;
#[cfg(feature = "keyring")]
mod keyring;
mod memory;
#[cfg(feature = "keyring")]
mod turn;

pub(crate) use blocking::blocking;
pub(crate) use document::wipe;
pub use document::{Document, MalformedDocument};
pub use error::{StorageError, StorageErrorKind};
#[cfg(unix)]
pub use file::FileStorage;
#[cfg(feature = "keyring")]
pub use keyring::KeyringStorage;
pub use memory::MemoryStorage;

use std::{any::Any, fmt};

/// A place that keeps one [`Document`].
///
/// Its methods may block (on a disk, on a lock for the length of a step): they are called where that does no
/// harm, never on a thread that runs tasks.
pub trait Storage: fmt::Debug + Send + Sync + 'static {
    /// Reads what is kept. An empty document if there is nothing.
    ///
    /// # Errors
    /// If it cannot be read. What cannot be understood is set aside under another name before it is reported as
    /// [`StorageErrorKind::Corrupt`], so that the next call finds nothing, and nothing is overwritten.
    fn load(&self) -> Result<Document, StorageError>;

    /// One atomic step: reads what is kept, hands it to `step`, and keeps what that leaves, if it says that it
    /// has changed anything. A document that is left empty is removed.
    ///
    /// When this returns, the change will outlive the process and the machine; if it fails, what was kept
    /// before is kept still.
    ///
    /// # Errors
    /// If it cannot be read or written. `step` may have been called then.
    fn update(&self, step: &mut dyn FnMut(&mut Document) -> Update) -> Result<(), StorageError>;

    /// The right to renew the tokens that are kept here: one holder at a time, among all processes, until it is
    /// dropped, or its process has ended. `None` if somebody else has it: does not wait.
    ///
    /// # Errors
    /// If it cannot be found out.
    fn try_lease(&self) -> Result<Option<Lease>, StorageError>;
}

/// What a [step](Storage::update) has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// The document is to be kept as it is now.
    Changed,
    /// There is nothing to write.
    Unchanged,
}

/// The right to renew tokens, until it is dropped.
pub struct Lease {
    _held: Box<dyn Any + Send>,
}

impl Lease {
    /// A lease that lasts until `held` is dropped.
    #[must_use]
    pub fn new(held: impl Send + 'static) -> Self {
        Self { _held: Box::new(held) }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Lease")
    }
}
