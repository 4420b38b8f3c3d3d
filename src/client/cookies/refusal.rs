//! Why a cookie was not taken.

use std::{error, fmt};

/// A cookie that was not taken, and the rule that it broke. Holds neither its name nor its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CookieRefusal {
    kind: CookieRefusalKind,
}

/// The rules of RFC 6265bis that refuse a cookie as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CookieRefusalKind {
    /// The response is not to a request by `http`, `https`, `ws` or `wss`, or names no host.
    NotHttp,
    /// There is a control character in it (section 5.6).
    ControlCharacter,
    /// It has neither a name nor a value (section 5.7).
    Empty,
    /// Name and value have more than 4,096 bytes together (section 5.6).
    TooLarge,
    /// Name, value or path are not UTF-8. Browsers keep such bytes; a jar that is kept as text does not, and
    /// section 5.3 leaves that to it.
    NotText,
    /// Its `Domain` is no host's name (section 5.7).
    MalformedDomain,
    /// Its `Domain` is a public suffix, as `co.uk`: everybody below it would get the cookie (section 5.7).
    PublicSuffix,
    /// Its `Domain` does not include the host that has sent it (section 5.7; A-22).
    ForeignDomain,
    /// It is `Secure`, and came over a connection that is not (section 5.7).
    InsecureOrigin,
    /// It came over an insecure connection, and would stand before a `Secure` one of its name (section 5.7).
    OverlaysSecure,
    /// `SameSite=None` without `Secure` (section 5.7).
    SameSiteNone,
    /// Its name claims by `__Secure-`, `__Host-`, `__Http-` or `__Host-Http-` what its attributes do not keep, or
    /// it has no name and such a value (sections 5.4 and 5.7).
    Prefix,
}

impl CookieRefusal {
    /// The rule.
    #[must_use]
    pub const fn kind(&self) -> CookieRefusalKind {
        self.kind
    }
}

impl From<CookieRefusalKind> for CookieRefusal {
    fn from(kind: CookieRefusalKind) -> Self {
        Self { kind }
    }
}

impl fmt::Display for CookieRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            CookieRefusalKind::NotHttp => "the address must be `http`, `https`, `ws` or `wss`, with a host",
            CookieRefusalKind::ControlCharacter => "a cookie must hold no control characters",
            CookieRefusalKind::Empty => "a cookie must have a name or a value",
            CookieRefusalKind::TooLarge => "a cookie's name and value must have at most 4096 bytes together",
            CookieRefusalKind::NotText => "a cookie's name, value and path must be UTF-8",
            CookieRefusalKind::MalformedDomain => "a cookie's domain must be the name of a host, in ASCII",
            CookieRefusalKind::PublicSuffix => "a cookie's domain must not be a public suffix",
            CookieRefusalKind::ForeignDomain => "a cookie's domain must include the host that sets it",
            CookieRefusalKind::InsecureOrigin => "a `Secure` cookie must come over `https` or from this machine",
            CookieRefusalKind::OverlaysSecure => "a `Secure` cookie must be replaced over `https` only",
            CookieRefusalKind::SameSiteNone => "a cookie with `SameSite=None` must be `Secure`",
            CookieRefusalKind::Prefix => {
                "a cookie must keep what the prefix of its name says: `Secure` for all, and `Path=/` without `Domain` \
                 for `__Host-`, and `HttpOnly` for `__Http-` and `__Host-Http-`"
            }
        })
    }
}

impl error::Error for CookieRefusal {}
