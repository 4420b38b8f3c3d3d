//! Whom and what an entry is about: what it can be found by.

use super::AuditEvent;
use crate::{record::SessionId, sessions::Reason};

impl AuditEvent {
    /// The session that it is about: of two that follow each other the new one.
    #[must_use]
    pub const fn session(&self) -> Option<SessionId> {
        match self {
            Self::Started { session }
            | Self::FirstFactorPassed { session, .. }
            | Self::LoggedIn { session, .. }
            | Self::SteppedUp { session, .. }
            | Self::NewDevice { session, .. }
            | Self::Renewed { session, .. }
            | Self::Refreshed { session }
            | Self::Rotated { session }
            | Self::Ended { session, .. }
            | Self::Suspicious { session, .. }
            | Self::Withheld { session, .. } => Some(*session),
            Self::Denied { session, .. }
            | Self::CrossSiteReported { session }
            | Self::ServiceAccess { session, .. } => *session,
            Self::EverybodyEnded { .. }
            | Self::Refused { .. }
            | Self::AttemptFailed
            | Self::AttemptRefused { .. }
            | Self::LockedOut { .. }
            | Self::Swept { .. }
            | Self::ServiceRegistered { .. }
            | Self::ServiceSecretMade { .. }
            | Self::ServiceSecretUsed { .. }
            | Self::ServicePermissionsSet { .. }
            | Self::ServiceRevoked { .. }
            | Self::ServiceRefused { .. }
            | Self::Lost { .. } => None,
        }
    }

    /// The session whose place was taken.
    #[must_use]
    pub const fn instead_of(&self) -> Option<SessionId> {
        match self {
            Self::SteppedUp { instead_of, .. } | Self::Renewed { instead_of, .. } => Some(*instead_of),
            _ => None,
        }
    }

    /// The user that it names. Of an entry that names none, his session tells him.
    #[must_use]
    pub fn user(&self) -> Option<&str> {
        match self {
            Self::FirstFactorPassed { user, .. }
            | Self::LoggedIn { user, .. }
            | Self::SteppedUp { user, .. }
            | Self::NewDevice { user, .. } => Some(user),
            Self::Renewed { user, .. } | Self::Ended { user, .. } | Self::Suspicious { user, .. } => user.as_deref(),
            _ => None,
        }
    }

    /// Who has done it, if it was done to somebody else's session or to a service, and was said.
    #[must_use]
    pub fn by(&self) -> Option<&str> {
        match self {
            Self::Ended { by, .. }
            | Self::EverybodyEnded { by, .. }
            | Self::ServiceRegistered { by, .. }
            | Self::ServiceSecretMade { by, .. }
            | Self::ServiceSecretUsed { by, .. }
            | Self::ServicePermissionsSet { by, .. }
            | Self::ServiceRevoked { by, .. } => by.as_deref(),
            _ => None,
        }
    }

    /// The service that it names.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        match self {
            Self::ServiceAccess { service, .. }
            | Self::ServiceRegistered { service, .. }
            | Self::ServiceSecretMade { service, .. }
            | Self::ServiceSecretUsed { service, .. }
            | Self::ServicePermissionsSet { service, .. }
            | Self::ServiceRevoked { service, .. } => Some(service),
            Self::ServiceRefused { service, .. } => service.as_deref(),
            _ => None,
        }
    }

    /// Whether a stranger can cause any number of these: he needs no password for it, and no session but one that is nobody's.
    /// What says not whose session it is about counts as nobody's.
    pub(super) const fn is_anybodys(&self) -> bool {
        matches!(
            self,
            Self::Started { .. }
                | Self::Refreshed { .. }
                | Self::Rotated { .. }
                | Self::Ended {
                    user: None,
                    by: None,
                    reason: Reason::LoggedOut | Reason::SecretReused | Reason::UsedElsewhere,
                    ..
                }
                | Self::Suspicious { user: None, .. }
                | Self::Refused { .. }
                | Self::Denied { .. }
                | Self::CrossSiteReported { .. }
                | Self::AttemptFailed
                | Self::AttemptRefused { .. }
                | Self::LockedOut { .. }
                | Self::ServiceRefused { .. }
        )
    }
}
