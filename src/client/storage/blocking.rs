//! Where a storage is asked.

use tokio::task;

use super::{StorageError, StorageErrorKind};

/// Runs what may block where it does no harm. It is under way when this returns, and runs to its end even if
/// nobody waits for it.
pub(crate) fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StorageError> + Send + 'static,
) -> impl Future<Output = Result<T, StorageError>> + Send {
    let work = task::spawn_blocking(work);
    async move {
        work.await.unwrap_or_else(|_| {
            Err(StorageError::new(StorageErrorKind::Unavailable, "the storage of tokens").because(BROKEN_OFF))
        })
    }
}

const BROKEN_OFF: &str = "it panicked, or the runtime has ended";
