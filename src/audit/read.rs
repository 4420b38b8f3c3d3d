//! Which events of sessions become entries.

use super::AuditEvent;
use crate::sessions::{Event, ServiceStep};

impl AuditEvent {
    /// What an event of sessions is to an audit: who has done what to which session, and what was refused.
    ///
    /// `None` for events about the machinery alone. A store that fails, a remembered session that was served, a write that was
    /// lost or did not fit: nobody has done anything to a session there, each is counted
    /// ([`Counters`](crate::Counters)), and a store that is down would fill the log with one entry a request. Expired
    /// sessions that were deleted, and parts that cannot be read, are entries: the one is data that is gone, the other may
    /// be a sign of tampering.
    #[must_use]
    pub fn of(event: &Event<'_>) -> Option<Self> {
        Some(match *event {
            Event::Started { session } => Self::Started { session },
            Event::FirstFactorPassed { session, user } => Self::FirstFactorPassed { session, user: user.into() },
            Event::LoggedIn { session, user } => Self::LoggedIn { session, user: user.into() },
            Event::SteppedUp { session, instead_of, user } => {
                Self::SteppedUp { session, instead_of, user: user.into() }
            }
            Event::NewDevice { session, user } => Self::NewDevice { session, user: user.into() },
            Event::Renewed { session, instead_of, user } => {
                Self::Renewed { session, instead_of, user: user.map(Into::into) }
            }
            Event::Refreshed { session } => Self::Refreshed { session },
            Event::Rotated { session } => Self::Rotated { session },
            Event::Ended { session, user, reason, by } => {
                Self::Ended { session, user: user.map(Into::into), reason, by: by.map(Into::into) }
            }
            Event::EverybodyEnded { until, reason, by } => {
                Self::EverybodyEnded { until, reason, by: by.map(Into::into) }
            }
            Event::Refused { kind } => Self::Refused { reason: kind },
            Event::Denied { session, kind } => Self::Denied { session, reason: kind },
            Event::Suspicious(suspicion) => Self::Suspicious {
                session: suspicion.session(),
                user: suspicion.user().map(Into::into),
                what: suspicion.kind(),
                reaction: suspicion.reaction(),
                address: suspicion.address(),
                address_before: suspicion.address_before(),
            },
            Event::CrossSiteReported { session } => Self::CrossSiteReported { session },
            Event::AttemptFailed { .. } => Self::AttemptFailed,
            Event::AttemptRefused { by } => Self::AttemptRefused { limiter: by },
            Event::LockedOut { until, .. } => Self::LockedOut { until },
            Event::Withheld { session, field } => Self::Withheld { session, field: field.into() },
            Event::Swept { sessions } => Self::Swept { sessions: sessions as u64 },
            Event::Service { service, step, by } => of_service(service.into(), step, by.map(Into::into)),
            Event::ServiceAccess { service, permission, session, allowed } => {
                Self::ServiceAccess { service: service.into(), session, permission: permission.into(), allowed }
            }
            Event::ServiceRefused { service, kind } => {
                Self::ServiceRefused { service: service.map(Into::into), reason: kind }
            }
            Event::StoreFailed { .. }
            | Event::ServedStale { .. }
            | Event::WriteLost { .. }
            | Event::WriteRefused { .. } => return None,
        })
    }
}

fn of_service(service: Box<str>, step: ServiceStep, by: Option<Box<str>>) -> AuditEvent {
    match step {
        ServiceStep::Registered => AuditEvent::ServiceRegistered { service, by },
        ServiceStep::SecretMade => AuditEvent::ServiceSecretMade { service, by },
        ServiceStep::SecretUsed => AuditEvent::ServiceSecretUsed { service, by },
        ServiceStep::PermissionsSet => AuditEvent::ServicePermissionsSet { service, by },
        ServiceStep::Revoked => AuditEvent::ServiceRevoked { service, by },
    }
}
