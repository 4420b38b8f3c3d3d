//! Cookies by RFC 6265bis.

use std::fmt;

use http::{HeaderMap, HeaderValue, Uri, header::SET_COOKIE};
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// The cookies of a session. `Debug` prints names, never values.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CookieJar {
    kept: Vec<StandIn>,
}

/// Stands in until the jar is here: host-only cookies, with `Max-Age` as their one attribute.
#[derive(Clone, Serialize, Deserialize)]
struct StandIn {
    name: String,
    value: String,
    domain: String,
    path: String,
    expires_at: Option<Timestamp>,
}

impl CookieJar {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the `Set-Cookie` headers of a response to a request for `uri`. Returns whether any cookie has
    /// changed.
    pub fn take_in(&mut self, uri: &Uri, headers: &HeaderMap, now: impl Into<Timestamp>) -> bool {
        let now = now.into();
        let mut changed = false;
        for text in headers.get_all(SET_COOKIE).iter().filter_map(|header| header.to_str().ok()) {
            let mut fields = text.split(';').map(str::trim);
            let Some((name, value)) = fields.next().and_then(|pair| pair.split_once('=')) else { continue };
            let age = fields.find_map(|field| field.strip_prefix("Max-Age=")?.parse::<u64>().ok());
            let domain = uri.host().unwrap_or_default();
            self.kept.retain(|cookie| cookie.name != name || cookie.domain != domain);
            changed = true;
            if age != Some(0) {
                let expires_at = age.map(|age| now.after(std::time::Duration::from_secs(age)));
                let [name, value, domain, path] = [name, value, domain, "/"].map(str::to_owned);
                self.kept.push(StandIn { name, value, domain, path, expires_at });
            }
        }
        changed
    }

    /// The `Cookie` header of a request for `uri`; `None` if no cookie belongs there.
    #[must_use]
    pub fn header(&self, uri: &Uri, now: impl Into<Timestamp>) -> Option<HeaderValue> {
        let now = now.into();
        let lives = |cookie: &&StandIn| cookie.expires_at.is_none_or(|end| end > now);
        let here = self.kept.iter().filter(|cookie| Some(&*cookie.domain) == uri.host()).filter(lives);
        let pairs: Vec<String> = here.map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        (!pairs.is_empty()).then(|| HeaderValue::from_str(&pairs.join("; ")).ok()).flatten()
    }

    /// Whether there is no cookie in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// Whether a cookie of this name is in it.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.kept.iter().any(|cookie| cookie.name == name)
    }

    /// Drops what has expired.
    pub fn remove_expired(&mut self, now: impl Into<Timestamp>) {
        let now = now.into();
        self.kept.retain(|cookie| cookie.expires_at.is_none_or(|end| end > now));
    }
}

impl fmt::Debug for CookieJar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieJar")
    }
}
