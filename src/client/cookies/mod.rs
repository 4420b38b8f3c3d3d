//! Cookies by RFC 6265bis, for a program that is no browser.

mod accept;
mod date;
mod kept;
mod origin;
mod parse;
mod refusal;
mod shelf;
mod wire;

pub use kept::{Cookie, SameSite};
pub use refusal::{CookieRefusal, CookieRefusalKind};

use std::fmt;

use http::{HeaderMap, HeaderValue, Uri, header::SET_COOKIE};
use zeroize::Zeroizing;

use crate::{client::basics::secret_header, clock::Timestamp};

use origin::Origin;
use shelf::Shelf;

/// The cookies of a session, by draft-ietf-httpbis-rfc6265bis: sections 5.6 (what a `Set-Cookie` says), 5.7 (which
/// cookies are taken) and 5.8 (which ones are sent).
///
/// Only what a host may set lands in it, and each cookie goes only where it belongs. The draft leaves some things to
/// who follows it:
///
/// - Secure are `https` and `wss`, and connections to this machine: `localhost`, `127.0.0.0/8`, `[::1]`.
/// - Public suffixes are those of the list that was current when this crate was built, and no others.
/// - A request is the program's own doing, never another site's: `SameSite` is kept, and holds nothing back.
/// - A cookie whose name, value or path is not UTF-8 is refused. Values are never decoded.
/// - A cookie lives for 400 days at most; a domain has 50 at most, the jar 3,000. Where there is no room, those that
///   are not `Secure` and were unused for longest go first.
///
/// It asks no clock: `now` is a parameter. Clones share the cookies, whose values are wiped with the last of them.
/// `Debug` prints names, never values. Serialized, it is a list of objects with all cookies and their values, those
/// without an expiry included; what is read back is checked by the same rules.
///
/// ```
/// use countersign::client::CookieJar;
/// use http::Uri;
/// use std::time::SystemTime;
///
/// let now = SystemTime::now();
/// let login = Uri::from_static("https://api.example.com/login");
/// let mut jar = CookieJar::new();
/// jar.insert(&login, "sid=31d4d96e; Path=/; Secure; HttpOnly", now)?;
///
/// let header = jar.header(&Uri::from_static("https://api.example.com/me"), now);
/// assert_eq!(header.unwrap(), "sid=31d4d96e");
/// assert_eq!(jar.header(&Uri::from_static("https://example.com/"), now), None);
/// assert_eq!(jar.header(&Uri::from_static("http://api.example.com/"), now), None);
///
/// // What would go to others is refused, and says why.
/// let refusal = jar.insert(&login, "sid=evil; Domain=com", now).unwrap_err();
/// assert_eq!(refusal.to_string(), "a cookie's domain must not be a public suffix");
/// # Ok::<(), countersign::client::CookieRefusal>(())
/// ```
#[derive(Clone, Default)]
pub struct CookieJar {
    shelf: Shelf,
}

impl CookieJar {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the `Set-Cookie` headers of a response to a request for `uri`. Returns whether any cookie has
    /// changed. Cookies that are refused are passed over, and the rule is told by `tracing` at level debug.
    pub fn take_in(&mut self, uri: &Uri, headers: &HeaderMap, now: impl Into<Timestamp>) -> bool {
        let now = now.into();
        let mut changed = false;
        for header in headers.get_all(SET_COOKIE) {
            match self.insert(uri, header, now) {
                Ok(this_one) => changed |= this_one,
                Err(refusal) => tracing::debug!(host = uri.host(), reason = %refusal, "a cookie was refused"),
            }
        }
        changed
    }

    /// Takes in one cookie, as the text of a `Set-Cookie` header of a response to a request for `uri`. Returns
    /// whether anything has changed: one that expires at once takes away the cookie of its name, domain and path.
    ///
    /// # Errors
    /// If one of the rules refuses it; the jar is as it was, but for cookies that have expired.
    pub fn insert(
        &mut self,
        uri: &Uri,
        set_cookie: impl AsRef<[u8]>,
        now: impl Into<Timestamp>,
    ) -> Result<bool, CookieRefusal> {
        let now = now.into();
        let origin = Origin::of(uri).ok_or(CookieRefusalKind::NotHttp)?;
        let received = parse::parse(set_cookie.as_ref(), now)?;
        let cookie = accept::judge(&received, &origin, now)?;
        let expired = self.remove_expired(now) > 0;
        if !origin.secure && !cookie.is_secure() && self.shelf.would_overlay_secure(&cookie) {
            return Err(CookieRefusalKind::OverlaysSecure.into());
        }
        Ok(self.shelf.put(cookie, now) || expired)
    }

    /// The `Cookie` header of a request for `uri`; `None` if no cookie belongs there. It is marked as sensitive, and
    /// wiped when its last copy is dropped.
    #[must_use]
    pub fn header(&self, uri: &Uri, now: impl Into<Timestamp>) -> Option<HeaderValue> {
        let now = now.into();
        let cookies = self.matching(uri, now);
        if cookies.is_empty() {
            return None;
        }
        // All the room at once: what grows leaves copies behind.
        let length = cookies.iter().map(|cookie| cookie.name.len() + cookie.value.len() + SEPARATORS).sum();
        let mut text = Zeroizing::new(Vec::with_capacity(length));
        for cookie in cookies {
            cookie.touch(now);
            if !text.is_empty() {
                text.extend_from_slice(b"; ");
            }
            if !cookie.name.is_empty() {
                text.extend_from_slice(cookie.name.as_bytes());
                text.push(b'=');
            }
            text.extend_from_slice(cookie.value.as_bytes());
        }
        Some(secret_header(text).expect("no cookie with a control character is ever taken in"))
    }

    /// The cookies of a request for `uri`, in the order in which they are sent: longer paths first, then older ones.
    #[must_use]
    pub fn matching(&self, uri: &Uri, now: impl Into<Timestamp>) -> Vec<&Cookie> {
        if self.is_empty() {
            return Vec::new();
        }
        Origin::of(uri).map(|origin| self.shelf.matching(&origin, now.into())).unwrap_or_default()
    }

    /// The cookie of this name that a request for `uri` carries; if there are several, the one that is sent first.
    #[must_use]
    pub fn get(&self, name: &str, uri: &Uri, now: impl Into<Timestamp>) -> Option<&Cookie> {
        self.matching(uri, now).into_iter().find(|cookie| cookie.name() == name)
    }

    /// Whether a cookie of this name is in it, for whatever host. One that has expired counts until it is removed.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.names().any(|other| other == name)
    }

    /// All cookies, those of one domain together.
    pub fn iter(&self) -> impl Iterator<Item = &Cookie> {
        self.shelf.iter()
    }

    /// The names of all cookies; those that several domains or paths have, several times.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.iter().map(Cookie::name)
    }

    /// How many cookies there are in it.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.shelf.len()
    }

    /// Whether there is no cookie in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Removes the cookies of this name that a request for `uri` carries, or would over a secure connection. Returns
    /// how many those were.
    pub fn remove(&mut self, name: &str, uri: &Uri) -> usize {
        let Some(origin) = Origin::of(uri) else { return 0 };
        self.shelf.retain(|cookie| {
            let belongs = origin::domain_match(&origin.host, &cookie.domain)
                && cookie.belongs(*cookie.domain == *origin.host, origin.path, true);
            cookie.name() != name || !belongs
        })
    }

    /// Removes what has expired. Returns how many cookies those were. They are never sent in any case.
    pub fn remove_expired(&mut self, now: impl Into<Timestamp>) -> usize {
        let now = now.into();
        if self.shelf.has_expired(now) { self.shelf.retain(|cookie| !cookie.is_expired(now)) } else { 0 }
    }

    /// Removes the cookies without an expiry, as a browser does when it is closed. Returns how many those were. For
    /// this jar the session is over when its owner says so.
    pub fn clear_session_cookies(&mut self) -> usize {
        self.shelf.retain(|cookie| cookie.expires_at().is_some())
    }

    /// Removes all.
    pub fn clear(&mut self) {
        self.shelf = Shelf::default();
    }
}

impl fmt::Debug for CookieJar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CookieJar ")?;
        f.debug_list().entries(self.names()).finish()
    }
}

/// `=`, and `; ` before the next one.
const SEPARATORS: usize = 3;
