use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    client::{
        basics::instant,
        tokens::{TokenSet, WireTokens},
    },
    clock::Timestamp,
};

/// A third party's own session that goes with this one, as a wallet service's: its tokens or another secret, its
/// expiry, and how long before that it is to be renewed.
///
/// Nobody renews it by itself: [`Validity`](super::Validity) tells when it is time. `Debug` prints no secret.
///
/// ```
/// use countersign::client::{LinkedSession, LinkedState};
/// use std::time::{Duration, SystemTime};
///
/// let now = SystemTime::now();
/// let hours = |n: u64| Duration::from_secs(n * 3600);
/// let wallet = LinkedSession::new().with_secret("its session key").with_expiry(now + hours(24));
/// assert_eq!(wallet.state(now), LinkedState::Active);
/// assert_eq!(wallet.state(now + hours(23)), LinkedState::NeedsRefresh);
/// assert_eq!(wallet.state(now + hours(24)), LinkedState::Expired);
/// assert!(!format!("{wallet:?}").contains("key"));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Wire", try_from = "Wire")]
pub struct LinkedSession {
    tokens: Option<TokenSet>,
    secret: Option<Zeroizing<String>>,
    expires_at: Option<Timestamp>,
    margin: Duration,
}

/// How far the life of a [`LinkedSession`] has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LinkedState {
    /// Good, as far as is known.
    Active,
    /// Good still, but within its margin: time to renew it.
    NeedsRefresh,
    /// Past its end.
    Expired,
}

impl LinkedSession {
    /// One of which nothing is known, with a margin of 1 hour.
    #[must_use]
    pub const fn new() -> Self {
        Self { tokens: None, secret: None, expires_at: None, margin: MARGIN }
    }

    /// The same with tokens. Their expiry is its own, unless [another](Self::with_expiry) is given.
    #[must_use]
    pub fn with_tokens(mut self, tokens: TokenSet) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// The same with a secret of any shape: a session key, a JSON text. It is wiped when dropped.
    #[must_use]
    pub fn with_secret(mut self, secret: impl Into<String>) -> Self {
        self.secret = Some(Zeroizing::new(secret.into()));
        self
    }

    /// The same with an expiry: the instant from which the third party refuses it.
    #[must_use]
    pub fn with_expiry(mut self, expires_at: impl Into<Timestamp>) -> Self {
        self.expires_at = Some(expires_at.into());
        self
    }

    /// The same, to be renewed so long before its expiry.
    #[must_use]
    pub const fn with_refresh_margin(mut self, margin: Duration) -> Self {
        self.margin = margin;
        self
    }

    /// Its tokens, if it has any.
    #[must_use]
    pub const fn tokens(&self) -> Option<&TokenSet> {
        self.tokens.as_ref()
    }

    /// Its secret in plain text, if it has one.
    #[must_use]
    pub fn reveal_secret(&self) -> Option<&str> {
        self.secret.as_ref().map(|secret| secret.as_str())
    }

    /// The instant from which it is refused, as far as is known.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at.or_else(|| self.tokens.as_ref()?.expires_at())
    }

    /// How far its life has gone. Active for ever, if its expiry is unknown.
    #[must_use]
    pub fn state(&self, now: impl Into<Timestamp>) -> LinkedState {
        let now = now.into();
        match self.expires_at() {
            Some(end) if now >= end => LinkedState::Expired,
            Some(end) if end.since(now) <= self.margin => LinkedState::NeedsRefresh,
            _ => LinkedState::Active,
        }
    }
}

impl Default for LinkedSession {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for LinkedSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkedSession")
            .field("tokens", &self.tokens)
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}

/// As a document keeps it.
#[derive(Serialize, Deserialize)]
struct Wire {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tokens: Option<WireTokens>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    secret: Option<Zeroizing<String>>,
    #[serde(default, with = "instant", skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(default = "margin_in_seconds")]
    refresh_margin: u64,
}

impl From<LinkedSession> for Wire {
    fn from(linked: LinkedSession) -> Self {
        Self {
            tokens: linked.tokens.as_ref().map(|tokens| WireTokens::of(Some(tokens))),
            secret: linked.secret,
            expires_at: linked.expires_at,
            refresh_margin: linked.margin.as_secs(),
        }
    }
}

impl TryFrom<Wire> for LinkedSession {
    type Error = crate::client::tokens::InvalidToken;

    fn try_from(wire: Wire) -> Result<Self, Self::Error> {
        let tokens = wire.tokens.map(WireTokens::tokens).transpose()?.flatten();
        let margin = Duration::from_secs(wire.refresh_margin);
        Ok(Self { tokens, secret: wire.secret, expires_at: wire.expires_at, margin })
    }
}

const fn margin_in_seconds() -> u64 {
    MARGIN.as_secs()
}

/// So long before its end a linked session is to be renewed, if nothing is said.
const MARGIN: Duration = Duration::from_secs(60 * 60);
