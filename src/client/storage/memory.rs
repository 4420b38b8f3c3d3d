use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use super::{Document, Lease, Storage, StorageError, Update};

/// Keeps the document for as long as the process runs. Clones share it: a program, or a test, can stand in for
/// several processes.
#[derive(Clone, Debug, Default)]
pub struct MemoryStorage {
    document: Arc<Mutex<Document>>,
    leased: Arc<AtomicBool>,
}

impl MemoryStorage {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Storage for MemoryStorage {
    fn load(&self) -> Result<Document, StorageError> {
        Ok(self.document.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn update(&self, step: &mut dyn FnMut(&mut Document) -> Update) -> Result<(), StorageError> {
        let mut kept = self.document.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = kept.clone();
        if step(&mut next) == Update::Changed {
            *kept = next;
        }
        Ok(())
    }

    fn try_lease(&self) -> Result<Option<Lease>, StorageError> {
        let free = !self.leased.swap(true, Ordering::AcqRel);
        Ok(free.then(|| Lease::new(Held(Arc::clone(&self.leased)))))
    }
}

struct Held(Arc<AtomicBool>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
