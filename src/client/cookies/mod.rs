//! Cookies by RFC 6265bis.

use std::fmt;

use http::{HeaderMap, HeaderValue, Uri};
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// The cookies of a session. `Debug` prints names, never values.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct CookieJar {}

impl CookieJar {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the `Set-Cookie` headers of a response to a request for `uri`. Returns whether any cookie has
    /// changed.
    pub fn take_in(&mut self, uri: &Uri, headers: &HeaderMap, now: impl Into<Timestamp>) -> bool {
        let _ = (uri, headers, now.into());
        false
    }

    /// The `Cookie` header of a request for `uri`; `None` if no cookie belongs there.
    #[must_use]
    pub fn header(&self, uri: &Uri, now: impl Into<Timestamp>) -> Option<HeaderValue> {
        let _ = (uri, now.into());
        None
    }

    /// Whether there is no cookie in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        true
    }
}

impl fmt::Debug for CookieJar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieJar")
    }
}
