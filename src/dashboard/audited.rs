//! The audit log as the trail of a session.

use std::sync::Arc;

use super::{Dashboard, TrailLine};
use crate::{
    audit::{AuditEntry, AuditError, AuditEvent, AuditQuery, AuditTrail},
    record::SessionId,
    sessions::Reason,
};

impl Dashboard {
    /// Shows what has happened to a session, as the audit log has it: the last hundred entries.
    ///
    /// ```
    /// use countersign::{Dashboard, Sessions, audit::MemoryAudit};
    ///
    /// # let sessions = Sessions::for_tests();
    /// let dashboard = Dashboard::new(sessions).audit(MemoryAudit::new(10_000));
    /// ```
    pub fn audit(self, trail: impl AuditTrail) -> Self {
        let trail = Arc::new(trail);
        self.trail(move |id| last_of(Arc::clone(&trail), id))
    }
}

async fn last_of(trail: Arc<impl AuditTrail>, id: SessionId) -> Result<Vec<TrailLine>, AuditError> {
    let page = trail.page(&AuditQuery::new().session(id).page_size(MOST)).await?;
    Ok(page.entries.iter().map(TrailLine::from).collect())
}

impl From<&AuditEntry> for TrailLine {
    fn from(entry: &AuditEntry) -> Self {
        let line = |what: &str| Self::new(entry.at, what);
        match &entry.event {
            AuditEvent::Started { .. } => line("Begun, without a user"),
            AuditEvent::FirstFactorPassed { user, .. } => line("First factor passed").note(&**user),
            AuditEvent::LoggedIn { user, .. } => line("Logged in").note(&**user),
            AuditEvent::SteppedUp { instead_of, .. } => {
                line("Proved again who it is").note(format!("instead of {instead_of}"))
            }
            AuditEvent::NewDevice { .. } => line("Logged in on a device that did not know the user"),
            AuditEvent::Renewed { instead_of, .. } => line("Renewed").note(format!("instead of {instead_of}")),
            AuditEvent::Refreshed { .. } => line("Prolonged by use"),
            AuditEvent::Rotated { .. } => line("Secret rotated"),
            AuditEvent::Ended { reason, by, .. } => ended(line("Ended"), *reason, by.as_deref()),
            AuditEvent::EverybodyEnded { reason, by, .. } => {
                ended(line("Everybody's sessions ended"), *reason, by.as_deref())
            }
            AuditEvent::Denied { reason, .. } => line("Kept from a route").note(reason.name().replace('_', " ")),
            AuditEvent::Suspicious { address, address_before, .. } => {
                let line = line("Used from elsewhere than before").alarming();
                match (address_before, address) {
                    (Some(before), Some(now)) => line.note(format!("{now}, before {before}")),
                    (_, Some(now)) => line.note(now.to_string()),
                    _ => line,
                }
            }
            AuditEvent::CrossSiteReported { .. } => line("Another site made the browser send a request").alarming(),
            AuditEvent::Withheld { .. } => line("A part of it could not be read").alarming(),
            AuditEvent::ServiceAccess { service, permission, allowed, .. } => {
                let line = line(if *allowed { "Used" } else { "Refused to a service" });
                let line = line.by(&**service).note(&**permission);
                if *allowed { line } else { line.alarming() }
            }
            _ => line(&entry.kind().name().replace('_', " ")),
        }
    }
}

fn ended(line: TrailLine, reason: Reason, by: Option<&str>) -> TrailLine {
    let line = match reason {
        Reason::LoggedOut => line.note("its user logged out"),
        Reason::ByUser => line.note("by its user, from another session"),
        Reason::ByOperator => line.note("by an operator"),
        Reason::PasswordChanged => line.note("a password or another factor changed"),
        Reason::AccountClosed => line.note("the account was closed"),
        Reason::Evicted => line.note("it made room for a newer one"),
        Reason::SecretReused => line.note("its old secret was used again: taken for theft").alarming(),
        Reason::UsedElsewhere => line.note("it was used from elsewhere, and bound").alarming(),
    };
    match by {
        Some(by) => line.by(by),
        None => line,
    }
}

/// What a page holds.
const MOST: usize = 100;
