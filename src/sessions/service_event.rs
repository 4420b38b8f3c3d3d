use std::fmt;

/// What has happened to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServiceStep {
    /// It was registered.
    Registered,
    /// A new secret was made for it. The old one is good until the new one is first used, and for its overlap after that.
    SecretMade,
    /// Its new secret was used for the first time: the overlap begins.
    SecretUsed,
    /// What it may do was set anew.
    PermissionsSet,
    /// It was revoked.
    Revoked,
}

impl ServiceStep {
    /// A short name for logs and metrics, as in `secret_made`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::SecretMade => "secret_made",
            Self::SecretUsed => "secret_used",
            Self::PermissionsSet => "permissions_set",
            Self::Revoked => "revoked",
        }
    }
}

impl fmt::Display for ServiceStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
