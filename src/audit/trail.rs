//! Where entries are read again.

use std::{fmt, future::Future, sync::Arc};

use super::{AuditError, AuditPage, AuditQuery, sink::Work};

/// Entries that can be asked for.
pub trait AuditTrail: Send + Sync + 'static {
    /// A page of the entries that are asked for.
    ///
    /// # Errors
    /// If the trail cannot be read; [`Cursor`](super::AuditErrorKind::Cursor) if the query goes on after a place that is none of
    /// this trail's.
    fn page(&self, query: &AuditQuery) -> impl Future<Output = Result<AuditPage, AuditError>> + Send;
}

/// A trail of whatever type, as a page for operators has it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use countersign::audit::{AnyTrail, AuditQuery, AuditTrail, MemoryAudit};
///
/// let trail = AnyTrail::new(MemoryAudit::new(1_000));
/// let page = trail.page(&AuditQuery::new().user("ada")).await?;
/// assert!(page.entries.is_empty() && page.next.is_none());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct AnyTrail(Arc<dyn ErasedTrail>);

impl AnyTrail {
    /// Forgets the type of a trail.
    #[must_use]
    pub fn new(trail: impl AuditTrail) -> Self {
        Self(Arc::new(trail))
    }
}

impl AuditTrail for AnyTrail {
    async fn page(&self, query: &AuditQuery) -> Result<AuditPage, AuditError> {
        self.0.page(query).await
    }
}

impl fmt::Debug for AnyTrail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyTrail").finish_non_exhaustive()
    }
}

trait ErasedTrail: Send + Sync {
    fn page<'a>(&'a self, query: &'a AuditQuery) -> Work<'a, AuditPage>;
}

impl<T: AuditTrail> ErasedTrail for T {
    fn page<'a>(&'a self, query: &'a AuditQuery) -> Work<'a, AuditPage> {
        Box::pin(AuditTrail::page(self, query))
    }
}
