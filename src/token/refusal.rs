use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a credential was refused, precisely. For logs, metrics and outer layers: to the client all
/// of these look alike.
///
/// The layer puts it into the extensions of the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    /// Its session is bound to the network that it was begun from, and this is another. It goes on there.
    OtherNetwork,
    /// Its session is bound to the user agent that it was begun by, and this is another. It goes on there.
    OtherAgent,
    /// It came in a cookie, with a request that another site made the browser send. Nothing is wrong with it.
    CrossSite,
    /// The request did not come by https, where only that is taken. No store was asked.
    Insecure,
}

impl RefusalKind {
    /// All of them, in order.
    pub const ALL: [Self; 10] = [
        Self::Malformed,
        Self::Forged,
        Self::Ambiguous,
        Self::Gone,
        Self::WrongSecret,
        Self::Reused,
        Self::OtherNetwork,
        Self::OtherAgent,
        Self::CrossSite,
        Self::Insecure,
    ];

    /// Whether the credential is no good any more, wherever it may be sent: then its cookie is cleared. A refusal of this
    /// request alone logs nobody out.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::OtherNetwork | Self::OtherAgent | Self::CrossSite | Self::Insecure)
    }

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
            Self::OtherNetwork => "other_network",
            Self::OtherAgent => "other_agent",
            Self::CrossSite => "cross_site",
            Self::Insecure => "insecure",
        }
    }
}

impl fmt::Display for RefusalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
