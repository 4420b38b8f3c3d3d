use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The kind of an [`AuditEvent`](super::AuditEvent), without its fields: to ask for, or to leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[allow(missing_docs, reason = "each is told at the event of the same name")]
pub enum AuditKind {
    Started,
    FirstFactorPassed,
    LoggedIn,
    SteppedUp,
    NewDevice,
    Renewed,
    Refreshed,
    Rotated,
    Ended,
    EverybodyEnded,
    Refused,
    Denied,
    Suspicious,
    CrossSiteReported,
    AttemptFailed,
    AttemptRefused,
    LockedOut,
    Withheld,
    Swept,
    ServiceAccess,
    ServiceRegistered,
    ServiceSecretMade,
    ServiceSecretUsed,
    ServicePermissionsSet,
    ServiceRevoked,
    ServiceRefused,
    Lost,
}

impl AuditKind {
    /// All of them.
    pub const ALL: [Self; 27] = [
        Self::Started,
        Self::FirstFactorPassed,
        Self::LoggedIn,
        Self::SteppedUp,
        Self::NewDevice,
        Self::Renewed,
        Self::Refreshed,
        Self::Rotated,
        Self::Ended,
        Self::EverybodyEnded,
        Self::Refused,
        Self::Denied,
        Self::Suspicious,
        Self::CrossSiteReported,
        Self::AttemptFailed,
        Self::AttemptRefused,
        Self::LockedOut,
        Self::Withheld,
        Self::Swept,
        Self::ServiceAccess,
        Self::ServiceRegistered,
        Self::ServiceSecretMade,
        Self::ServiceSecretUsed,
        Self::ServicePermissionsSet,
        Self::ServiceRevoked,
        Self::ServiceRefused,
        Self::Lost,
    ];

    /// Its name, as in `logged_in`: the one under `kind` in the JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::FirstFactorPassed => "first_factor_passed",
            Self::LoggedIn => "logged_in",
            Self::SteppedUp => "stepped_up",
            Self::NewDevice => "new_device",
            Self::Renewed => "renewed",
            Self::Refreshed => "refreshed",
            Self::Rotated => "rotated",
            Self::Ended => "ended",
            Self::EverybodyEnded => "everybody_ended",
            Self::Refused => "refused",
            Self::Denied => "denied",
            Self::Suspicious => "suspicious",
            Self::CrossSiteReported => "cross_site_reported",
            Self::AttemptFailed => "attempt_failed",
            Self::AttemptRefused => "attempt_refused",
            Self::LockedOut => "locked_out",
            Self::Withheld => "withheld",
            Self::Swept => "swept",
            Self::ServiceAccess => "service_access",
            Self::ServiceRegistered => "service_registered",
            Self::ServiceSecretMade => "service_secret_made",
            Self::ServiceSecretUsed => "service_secret_used",
            Self::ServicePermissionsSet => "service_permissions_set",
            Self::ServiceRevoked => "service_revoked",
            Self::ServiceRefused => "service_refused",
            Self::Lost => "lost",
        }
    }
}

impl fmt::Display for AuditKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is no kind's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKind(Box<str>);

impl fmt::Display for UnknownKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no kind of audit entry: take one like logged_in or ended", self.0)
    }
}

impl std::error::Error for UnknownKind {}

impl FromStr for AuditKind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| UnknownKind(name.into()))
    }
}
