//! What an entry tells: one typed enum with a stable form as JSON.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{AuditKind, instant};
use crate::{
    clock::Timestamp,
    config::Reaction,
    record::SessionId,
    sessions::{DenialKind, Limiter, Reason, SuspicionKind},
    token::RefusalKind,
};

/// What happened. Its form as JSON is an object with the name of its [kind](AuditKind) under `kind` and its fields beside it;
/// what is not known is left out. That form is stable: fields and kinds are added, none is renamed.
///
/// It holds no secret, no token and no key. It does hold what an audit is about: ids of users and the addresses of suspicious
/// requests, which are personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuditEvent {
    /// A session was started without a user.
    Started {
        /// The session.
        session: SessionId,
    },
    /// A user has passed the first of two factors. Nobody is logged in yet.
    FirstFactorPassed {
        /// The session that waits for the second.
        session: SessionId,
        /// The user.
        user: Box<str>,
    },
    /// A user logged in.
    LoggedIn {
        /// The new session.
        session: SessionId,
        /// The user.
        user: Box<str>,
    },
    /// A user has proved again who he is.
    SteppedUp {
        /// The new session.
        session: SessionId,
        /// The one whose place it took.
        instead_of: SessionId,
        /// The user.
        user: Box<str>,
    },
    /// A user logged in on a device that does not know him.
    NewDevice {
        /// The new session.
        session: SessionId,
        /// The user.
        user: Box<str>,
    },
    /// A session got a new id and secret because what it may do has changed.
    Renewed {
        /// The new session.
        session: SessionId,
        /// The one whose place it took.
        instead_of: SessionId,
        /// Its user.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<Box<str>>,
    },
    /// A session's idle window has been moved.
    Refreshed {
        /// The session.
        session: SessionId,
    },
    /// A session's new secret was used for the first time.
    Rotated {
        /// The session.
        session: SessionId,
    },
    /// A session ended before its time: logged out, revoked, evicted.
    Ended {
        /// The session.
        session: SessionId,
        /// Its user, where whoever ended it knew him.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<Box<str>>,
        /// Why.
        reason: Reason,
        /// Who had it ended, where that was [said](crate::Sessions::by).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Box<str>>,
    },
    /// All sessions of all users that were begun until an instant have ended.
    EverybodyEnded {
        /// That instant.
        #[serde(with = "instant")]
        until: Timestamp,
        /// Why.
        reason: Reason,
        /// Who had them ended.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Box<str>>,
    },
    /// A credential was refused.
    Refused {
        /// Why.
        reason: RefusalKind,
    },
    /// A route's demand was not met.
    Denied {
        /// The session, if there was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionId>,
        /// Which demand.
        reason: DenialKind,
    },
    /// A session is used from elsewhere than before.
    Suspicious {
        /// The session.
        session: SessionId,
        /// Its user.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user: Option<Box<str>>,
        /// What is suspicious.
        what: SuspicionKind,
        /// What is done about it, as the settings write it.
        reaction: Reaction,
        /// The address of the request.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<IpAddr>,
        /// The address that the session was begun from.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address_before: Option<IpAddr>,
    },
    /// Another site made a browser send a request that the settings let through.
    CrossSiteReported {
        /// The session whose cookie came with it, if one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionId>,
    },
    /// An attempt at a log-in has failed. The name that was typed in is not kept: it may be a password in the wrong field.
    AttemptFailed,
    /// An attempt at a log-in was refused before any password was looked at.
    AttemptRefused {
        /// Which count was too high.
        limiter: Limiter,
    },
    /// From now on attempts on an account are delayed, or it is locked. The name is not kept, for the same reason.
    LockedOut {
        /// The end of the first delay; left out if the account is locked.
        #[serde(default, skip_serializing_if = "Option::is_none", with = "instant::optional")]
        until: Option<Timestamp>,
    },
    /// A part of a session cannot be read: it was tampered with, or a key is missing.
    Withheld {
        /// The session.
        session: SessionId,
        /// The attribute's name.
        field: Box<str>,
    },
    /// Expired sessions were deleted.
    Swept {
        /// How many.
        sessions: u64,
    },
    /// A service made use of a permission, or wanted to.
    ServiceAccess {
        /// The service.
        service: Box<str>,
        /// The session.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionId>,
        /// The permission, as in `session.read`.
        permission: Box<str>,
        /// Whether the service has it.
        allowed: bool,
    },
    /// A service was registered.
    ServiceRegistered {
        /// The service.
        service: Box<str>,
        /// Who has done it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Box<str>>,
    },
    /// A new secret was made for a service.
    ServiceSecretMade {
        /// The service.
        service: Box<str>,
        /// Who has done it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Box<str>>,
    },
    /// A new secret of a service was used for the first time: the old one is good for its overlap alone.
    ServiceSecretUsed {
        /// The service.
        service: Box<str>,
        /// Who has done it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Box<str>>,
    },
    /// What a service may do was set anew.
    ServicePermissionsSet {
        /// The service.
        service: Box<str>,
        /// Who has done it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Box<str>>,
    },
    /// A service was revoked.
    ServiceRevoked {
        /// The service.
        service: Box<str>,
        /// Who has done it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Box<str>>,
    },
    /// A service's credential was refused.
    ServiceRefused {
        /// The service, where it is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service: Option<Box<str>>,
        /// Why.
        reason: RefusalKind,
    },
    /// Entries are missing here: the sink could not take them in time.
    Lost {
        /// How many.
        entries: u64,
    },
}

impl AuditEvent {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> AuditKind {
        match self {
            Self::Started { .. } => AuditKind::Started,
            Self::FirstFactorPassed { .. } => AuditKind::FirstFactorPassed,
            Self::LoggedIn { .. } => AuditKind::LoggedIn,
            Self::SteppedUp { .. } => AuditKind::SteppedUp,
            Self::NewDevice { .. } => AuditKind::NewDevice,
            Self::Renewed { .. } => AuditKind::Renewed,
            Self::Refreshed { .. } => AuditKind::Refreshed,
            Self::Rotated { .. } => AuditKind::Rotated,
            Self::Ended { .. } => AuditKind::Ended,
            Self::EverybodyEnded { .. } => AuditKind::EverybodyEnded,
            Self::Refused { .. } => AuditKind::Refused,
            Self::Denied { .. } => AuditKind::Denied,
            Self::Suspicious { .. } => AuditKind::Suspicious,
            Self::CrossSiteReported { .. } => AuditKind::CrossSiteReported,
            Self::AttemptFailed => AuditKind::AttemptFailed,
            Self::AttemptRefused { .. } => AuditKind::AttemptRefused,
            Self::LockedOut { .. } => AuditKind::LockedOut,
            Self::Withheld { .. } => AuditKind::Withheld,
            Self::Swept { .. } => AuditKind::Swept,
            Self::ServiceAccess { .. } => AuditKind::ServiceAccess,
            Self::ServiceRegistered { .. } => AuditKind::ServiceRegistered,
            Self::ServiceSecretMade { .. } => AuditKind::ServiceSecretMade,
            Self::ServiceSecretUsed { .. } => AuditKind::ServiceSecretUsed,
            Self::ServicePermissionsSet { .. } => AuditKind::ServicePermissionsSet,
            Self::ServiceRevoked { .. } => AuditKind::ServiceRevoked,
            Self::ServiceRefused { .. } => AuditKind::ServiceRefused,
            Self::Lost { .. } => AuditKind::Lost,
        }
    }
}
