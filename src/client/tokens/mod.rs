//! What a server hands out: an access token, what renews it, and when it ends.

mod expiry;
mod secret;
#[cfg(test)]
mod tests;
mod wire;

pub use expiry::{Margins, TokenState};
pub use secret::{AccessToken, RefreshToken};
pub(crate) use wire::WireTokens;

use std::{error, fmt, time::Duration};

use http::HeaderMap;

use crate::clock::Timestamp;

/// An access token with what belongs to it: the token that renews it, and its expiry, if there are any.
///
/// ```
/// use countersign::client::{Margins, TokenSet};
/// use std::time::{Duration, SystemTime};
///
/// let now = SystemTime::now();
/// let tokens = TokenSet::new("an.access.token")?
///     .with_refresh_token("a-refresh-token")?
///     .with_lifetime(Duration::from_secs(3600), now);
///
/// let margins = Margins::default();
/// assert!(!tokens.needs_refresh(now + Duration::from_secs(44 * 60), margins));
/// assert!(tokens.needs_refresh(now + Duration::from_secs(46 * 60), margins));
/// assert!(tokens.is_expired(now + Duration::from_secs(56 * 60), margins));
///
/// // Its texts show up nowhere by accident.
/// assert!(!format!("{tokens:?}").contains("access.token"));
/// # Ok::<(), countersign::client::InvalidToken>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSet {
    access: AccessToken,
    refresh: Option<RefreshToken>,
    expires_at: Option<Timestamp>,
    received_at: Option<Timestamp>,
}

impl TokenSet {
    /// An access token without anything else. If it is a JWT that tells its `exp`, that is its expiry
    /// (RFC 7519, section 4.1.4): a hint for when to renew it, and trusted for nothing else.
    ///
    /// # Errors
    /// If it is empty, or holds other than visible ASCII characters.
    pub fn new(access_token: impl AsRef<str>) -> Result<Self, InvalidToken> {
        let access = AccessToken::new(access_token)?;
        let expires_at = expiry::of_jwt(access.reveal());
        Ok(Self { access, refresh: None, expires_at, received_at: None })
    }

    /// Reads what a token endpoint has answered: a JSON object with `access_token` (or `token`, as
    /// countersign's own servers call it), and, if there are any, `refresh_token`, `expires_in` (seconds) or
    /// `expires_at` (RFC 3339, or a Unix time in seconds), as in RFC 6749, section 5.1. Other fields are
    /// passed over.
    ///
    /// # Errors
    /// If it is not such an object; the text names the field. A `token_type` other than `Bearer` is
    /// refused: such a token would have to be carried in another way.
    pub fn from_response(body: &[u8], received_at: impl Into<Timestamp>) -> Result<Self, InvalidToken> {
        wire::from_response(body, received_at.into())
    }

    /// The same with a refresh token.
    ///
    /// # Errors
    /// If it is empty, or holds other than visible ASCII characters.
    pub fn with_refresh_token(mut self, refresh_token: impl AsRef<str>) -> Result<Self, InvalidToken> {
        self.refresh = Some(RefreshToken::new(refresh_token)?);
        Ok(self)
    }

    /// The same with an expiry: the instant from which the server will refuse the access token.
    #[must_use]
    pub fn with_expiry(mut self, expires_at: impl Into<Timestamp>) -> Self {
        self.expires_at = Some(expires_at.into());
        self
    }

    /// The same, to expire so long after it was received.
    #[must_use]
    pub fn with_lifetime(mut self, lifetime: Duration, received_at: impl Into<Timestamp>) -> Self {
        let received_at = received_at.into();
        self.received_at = Some(received_at);
        self.expires_at = Some(received_at.after(lifetime));
        self
    }

    /// The same with the expiry of a response's `Expires` header (RFC 9111, section 5.3), if it has one that can
    /// be read.
    #[must_use]
    pub fn with_expiry_from(mut self, headers: &HeaderMap) -> Self {
        if let Some(expires_at) = expiry::of_headers(headers) {
            self.expires_at = Some(expires_at);
        }
        self
    }

    /// What requests carry.
    #[must_use]
    pub const fn access_token(&self) -> &AccessToken {
        &self.access
    }

    /// What renews it.
    #[must_use]
    pub const fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh.as_ref()
    }

    /// The instant from which the server refuses the access token, as far as is known.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// When the server handed it out, as far as is known.
    #[must_use]
    pub const fn received_at(&self) -> Option<Timestamp> {
        self.received_at
    }

    /// Whether it has expired, or will within the margin. Never, if its expiry is unknown.
    #[must_use]
    pub fn is_expired(&self, now: impl Into<Timestamp>, margins: Margins) -> bool {
        self.state(now, margins) >= TokenState::Expired
    }

    /// Whether it is time to renew it. Never, if its expiry is unknown.
    #[must_use]
    pub fn needs_refresh(&self, now: impl Into<Timestamp>, margins: Margins) -> bool {
        self.state(now, margins) >= TokenState::NeedsRefresh
    }

    /// How far its life has gone.
    #[must_use]
    pub fn state(&self, now: impl Into<Timestamp>, margins: Margins) -> TokenState {
        margins.judge(self.received_at, self.expires_at, now.into())
    }

    /// The instant from which it is time to renew it; `None` if its expiry is unknown.
    pub(crate) fn due(&self, margins: Margins) -> Option<Timestamp> {
        margins.due(self.received_at, self.expires_at)
    }

    /// Whether this is the same access token with the same refresh token, whatever is known of their expiry.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.access == other.access && self.refresh == other.refresh
    }

    /// This set as what follows `old`: a refresh that brings no new refresh token leaves the old one in use
    /// (RFC 6749, section 6).
    #[must_use]
    pub(crate) fn following(mut self, old: &Self, now: Timestamp) -> Self {
        self.refresh = self.refresh.or_else(|| old.refresh.clone());
        self.received_at = self.received_at.or(Some(now));
        self
    }
}

/// A text that cannot be a token, or a response that holds none. Never holds the text itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidToken {
    what: String,
    expected: String,
}

impl InvalidToken {
    pub(super) fn new(what: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { what: what.into(), expected: expected.into() }
    }
}

impl fmt::Display for InvalidToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} must be {}", self.what, self.expected)
    }
}

impl error::Error for InvalidToken {}
