//! Where entries go.

use std::{future::Future, pin::Pin, sync::Arc};

use super::{AuditEntry, AuditError};
use crate::clock::Timestamp;

/// Takes entries and keeps them, or passes them on.
///
/// ```
/// use std::sync::Arc;
///
/// use countersign::audit::{AuditEntry, AuditError, AuditSink};
///
/// struct Mailed;
///
/// impl AuditSink for Mailed {
///     fn name(&self) -> &str {
///         "mail"
///     }
///     async fn write(&self, batch: &[Arc<AuditEntry>]) -> Result<(), AuditError> {
///         for entry in batch {
///             println!("{}", serde_json::to_string(&**entry).map_err(AuditError::rejected)?);
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait AuditSink: Send + Sync + 'static {
    /// A short name, for logs and counters.
    fn name(&self) -> &str;

    /// Writes a batch: entries in the order in which they were told. When this is `Ok`, all of them are as safe as this sink
    /// makes them.
    ///
    /// A batch that has failed, or that takes more than ten seconds, comes again, so parts of it may be known already: an entry
    /// is the same if its [id](AuditEntry::id) is. The future may be dropped half-way.
    ///
    /// # Errors
    /// [`Rejected`](super::AuditErrorKind::Rejected) if it is of no use to try this again: then each entry is tried alone, and
    /// dropped if it is rejected alone. Any other kind: it is tried again, for as long as the log lives.
    fn write(&self, batch: &[Arc<AuditEntry>]) -> impl Future<Output = Result<(), AuditError>> + Send;

    /// Deletes entries that are older than an instant, at most about `most` of them, and says how many: fewer than `most` means
    /// that none is left. A sink that keeps nothing keeps to this.
    ///
    /// # Errors
    /// If it fails.
    fn prune(&self, before: Timestamp, most: usize) -> impl Future<Output = Result<usize, AuditError>> + Send {
        let _ = (before, most);
        async { Ok(0) }
    }
}

/// [`AuditSink`], as an object.
pub(super) trait ErasedSink: Send + Sync {
    fn name(&self) -> &str;
    fn write<'a>(&'a self, batch: &'a [Arc<AuditEntry>]) -> Work<'a, ()>;
    fn prune(&self, before: Timestamp, most: usize) -> Work<'_, usize>;
}

pub(super) type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, AuditError>> + Send + 'a>>;

impl<S: AuditSink> ErasedSink for S {
    fn name(&self) -> &str {
        AuditSink::name(self)
    }

    fn write<'a>(&'a self, batch: &'a [Arc<AuditEntry>]) -> Work<'a, ()> {
        Box::pin(AuditSink::write(self, batch))
    }

    fn prune(&self, before: Timestamp, most: usize) -> Work<'_, usize> {
        Box::pin(AuditSink::prune(self, before, most))
    }
}
