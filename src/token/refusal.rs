use std::fmt;

/// Why a credential was refused, precisely. For logs, metrics and outer layers: to the client all
/// of these look alike.
///
/// The layer puts it into the extensions of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// It has not the shape of a token. No store was asked.
    Malformed,
    /// No key of the ring signed it. No store was asked.
    Forged,
    /// Several different genuine tokens came in cookies of one name. No store was asked.
    Ambiguous,
    /// Its session is unknown, revoked or expired.
    Gone,
    /// It names a live session, but its secret is not that session's.
    WrongSecret,
    /// Its secret has been followed by another, and is used after its grace: taken for theft, the
    /// session has ended.
    Reused,
}

impl RefusalKind {
    /// All of them, in order.
    pub const ALL: [Self; 6] =
        [Self::Malformed, Self::Forged, Self::Ambiguous, Self::Gone, Self::WrongSecret, Self::Reused];

    /// A short name for logs and metrics, as in `wrong_secret`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Forged => "forged",
            Self::Ambiguous => "ambiguous",
            Self::Gone => "gone",
            Self::WrongSecret => "wrong_secret",
            Self::Reused => "reused",
        }
    }
}

impl fmt::Display for RefusalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
