use std::sync::Arc;

use super::{AuditEntry, AuditError, AuditSink};

/// Entries as events of `tracing`, with the target `countersign::audit` and the level `INFO`: the kind, the session, and the
/// whole as JSON under `entry`.
///
/// The crate's own log leaves out users, this does not: send the target where personal data may go.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TracingAudit;

impl TracingAudit {
    /// A sink.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl AuditSink for TracingAudit {
    fn name(&self) -> &str {
        "tracing"
    }

    async fn write(&self, batch: &[Arc<AuditEntry>]) -> Result<(), AuditError> {
        for entry in batch {
            let (kind, session) = (entry.kind().name(), entry.event.session());
            let session = session.map(tracing::field::display);
            tracing::info!(target: "countersign::audit", kind, session, entry = entry.json()?, "audit");
        }
        Ok(())
    }
}
