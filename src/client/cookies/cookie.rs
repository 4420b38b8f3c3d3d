//! One cookie as it is kept.

use std::{
    cmp::Reverse,
    fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::clock::Timestamp;

use super::origin::path_match;

/// A cookie of a [`CookieJar`](super::CookieJar), with the fields of RFC 6265bis, section 5.7.
///
/// `Debug` prints no part of its value; [`reveal`](Self::reveal) is the one way out, and the text is wiped when the
/// cookie is dropped.
pub struct Cookie {
    pub(super) name: Box<str>,
    pub(super) value: Zeroizing<Box<str>>,
    pub(super) domain: Box<str>,
    pub(super) host_only: bool,
    pub(super) path: Box<str>,
    pub(super) secure: bool,
    pub(super) http_only: bool,
    pub(super) same_site: SameSite,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) created_at: Timestamp,
    /// Among cookies created in the same millisecond, which came first.
    pub(super) nth: u64,
    /// When it was last set or sent, in milliseconds; see [`touch`](Self::touch).
    pub(super) used_at: AtomicU64,
}

/// What a cookie says about requests from other sites. Kept, and written back, but nothing comes of it here: what a
/// program sends is not another site's doing, so that section 5.2 counts it as same-site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SameSite {
    /// It says nothing, or nothing that is known.
    #[default]
    Default,
    /// `None`: taken from `Secure` cookies only.
    None,
    /// `Lax`.
    Lax,
    /// `Strict`.
    Strict,
}

impl Cookie {
    /// Its name; empty, if it has none.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its value in plain text, with the quotes if there are any.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.value
    }

    /// The host that gets it; with all below, unless it is [`is_host_only`](Self::is_host_only).
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Whether it goes to that one host only.
    #[must_use]
    pub const fn is_host_only(&self) -> bool {
        self.host_only
    }

    /// The path that gets it, with all below.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether it goes over secure connections only.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether a browser would keep it from scripts.
    #[must_use]
    pub const fn is_http_only(&self) -> bool {
        self.http_only
    }

    /// What it says about requests from other sites.
    #[must_use]
    pub const fn same_site(&self) -> SameSite {
        self.same_site
    }

    /// The instant from which it is not sent; `None` if it lasts as long as the session.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// When a cookie of this name, domain and path was first set.
    #[must_use]
    pub const fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// Whether its time has come.
    #[must_use]
    pub fn is_expired(&self, now: impl Into<Timestamp>) -> bool {
        let now = now.into();
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }

    /// Whether the other one replaces it, and it the other (section 5.7).
    pub(super) fn is_in_place_of(&self, other: &Self) -> bool {
        (&self.name, &self.domain, self.host_only, &self.path)
            == (&other.name, &other.domain, other.host_only, &other.path)
    }

    /// Whether it says the same as one that it replaces.
    pub(super) fn says_the_same_as(&self, other: &Self) -> bool {
        let flags = |cookie: &Self| (cookie.secure, cookie.http_only, cookie.same_site, cookie.expires_at);
        self.value == other.value && flags(self) == flags(other)
    }

    /// Whether it belongs into a request to its domain or below (section 5.8.3).
    pub(super) fn belongs(&self, to_its_host: bool, path: &str, secure: bool) -> bool {
        (to_its_host || !self.host_only) && (secure || !self.secure) && path_match(path, &self.path)
    }

    /// Where it stands among others: longer paths first, then older ones (section 5.8.3).
    pub(super) fn place(&self) -> (Reverse<usize>, Timestamp, u64) {
        (Reverse(self.path.len()), self.created_at, self.nth)
    }

    /// Notes that it was sent. Once in a minute is enough to tell which cookies are in use, and spares tasks that
    /// send it at the same time a struggle for one line of memory.
    pub(super) fn touch(&self, now: Timestamp) {
        let used_at = Timestamp::from_millis(self.used_at.load(Ordering::Relaxed));
        if now.since(used_at) >= TOUCH_EVERY {
            self.used_at.store(now.as_millis(), Ordering::Relaxed);
        }
    }

    /// Where it stands among those that go when there is no room: the longest unused ones first.
    pub(super) fn disuse(&self) -> (u64, Timestamp, u64) {
        (self.used_at.load(Ordering::Relaxed), self.created_at, self.nth)
    }
}

impl SameSite {
    /// Section 5.6.7.
    pub(super) fn of(value: &[u8]) -> Self {
        match value.to_ascii_lowercase().as_slice() {
            b"none" => Self::None,
            b"lax" => Self::Lax,
            b"strict" => Self::Strict,
            _ => Self::Default,
        }
    }
}

impl fmt::Debug for Cookie {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cookie")
            .field("name", &self.name)
            .field("value", &"redacted")
            .field("domain", &self.domain)
            .field("host_only", &self.host_only)
            .field("path", &self.path)
            .field("secure", &self.secure)
            .field("http_only", &self.http_only)
            .field("same_site", &self.same_site)
            .field("expires_at", &self.expires_at)
            .field("created_at", &self.created_at)
            .finish_non_exhaustive()
    }
}

const TOUCH_EVERY: Duration = Duration::from_secs(60);
