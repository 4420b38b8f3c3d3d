//! Cookies by domain: which of them a request carries, which one replaces which, and which go when there is no room.

use std::{collections::BTreeMap, sync::Arc};

use crate::clock::Timestamp;

use super::{
    kept::Cookie,
    origin::{Origin, domain_match, domains_of, path_match},
};

/// Cookies by domain, in no order: what is sent is sorted when it is asked for. Clones share the cookies.
// The domain and path matching of the `cookie_store` crate stays in the tests, as a second opinion. It asks for a
// parsed `Url` and walks through all domains on each request, forgets IPv6 hosts, takes a cookie for a host and one
// for its domain for the same, reads the system's clock, and leaves values in memory that it has freed.
#[derive(Clone, Default)]
pub(super) struct Shelf {
    domains: BTreeMap<Box<str>, Vec<Arc<Cookie>>>,
    len: usize,
    next: u64,
}

impl Shelf {
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Cookie> {
        self.domains.values().flatten().map(Arc::as_ref)
    }

    /// The cookies of a request, in their order (section 5.8.3).
    pub(super) fn matching(&self, origin: &Origin<'_>, now: Timestamp) -> Vec<&Cookie> {
        let mut found: Vec<&Cookie> = Vec::new();
        for domain in domains_of(&origin.host) {
            let Some(cookies) = self.domains.get(domain) else { continue };
            let to_its_host = domain == origin.host;
            let belongs =
                |cookie: &&Cookie| cookie.belongs(to_its_host, origin.path, origin.secure) && !cookie.is_expired(now);
            found.extend(cookies.iter().map(Arc::as_ref).filter(belongs));
        }
        found.sort_unstable_by_key(|cookie| cookie.place());
        found
    }

    /// Whether a cookie from an insecure connection would stand before one that is `Secure` (section 5.7). Not so
    /// if it is for a shorter path: the `Secure` one is sent first.
    pub(super) fn would_overlay_secure(&self, new: &Cookie) -> bool {
        self.iter().any(|old| {
            old.secure
                && old.name == new.name
                && (domain_match(&old.domain, &new.domain) || domain_match(&new.domain, &old.domain))
                && path_match(&new.path, &old.path)
        })
    }

    /// Puts a cookie in, in place of the one that it replaces, whose age it takes over. One that has expired only
    /// takes the old one away. Returns whether anything has changed.
    pub(super) fn put(&mut self, mut cookie: Cookie, now: Timestamp) -> bool {
        let old = self.take(&cookie);
        let changed = old.as_ref().is_none_or(|old| !cookie.says_the_same_as(old));
        if cookie.is_expired(now) {
            return old.is_some();
        }
        match old {
            Some(old) => (cookie.created_at, cookie.nth) = (old.created_at, old.nth),
            None => {
                cookie.nth = self.next;
                self.next += 1;
            }
        }
        let domain = cookie.domain.clone();
        self.domains.entry(domain.clone()).or_default().push(Arc::new(cookie));
        self.len += 1;
        self.make_room(&domain);
        changed
    }

    /// Keeps what `keep` says. Returns how many are gone.
    pub(super) fn retain(&mut self, keep: impl Fn(&Cookie) -> bool) -> usize {
        let before = self.len;
        for cookies in self.domains.values_mut() {
            cookies.retain(|cookie| keep(cookie));
        }
        self.domains.retain(|_, cookies| !cookies.is_empty());
        self.len = self.domains.values().map(Vec::len).sum();
        before - self.len
    }

    pub(super) fn has_expired(&self, now: Timestamp) -> bool {
        self.iter().any(|cookie| cookie.is_expired(now))
    }

    fn take(&mut self, new: &Cookie) -> Option<Arc<Cookie>> {
        let cookies = self.domains.get_mut(&new.domain)?;
        let at = cookies.iter().position(|old| old.is_in_place_of(new))?;
        self.len -= 1;
        Some(cookies.swap_remove(at))
    }

    /// Section 5.7, "remove excess cookies", for when the expired ones are gone. The new cookie is the one most
    /// lately used: it stays, unless it is the only one of its domain that is not `Secure`.
    fn make_room(&mut self, domain: &str) {
        if let Some(cookies) = self.domains.get_mut(domain).filter(|cookies| cookies.len() > MOST_OF_A_DOMAIN) {
            // `false` is less than `true`: those that are not `Secure` go first.
            let victim = (0..cookies.len()).min_by_key(|at| (cookies[*at].secure, cookies[*at].disuse()));
            victim.map(|at| cookies.swap_remove(at));
            self.len -= 1;
        }
        if self.len > MOST_IN_ALL {
            let oldest = self.iter().min_by_key(|cookie| cookie.disuse()).map(|cookie| cookie.nth);
            self.retain(|cookie| Some(cookie.nth) != oldest);
        }
    }
}

/// Section 6.1.
const MOST_OF_A_DOMAIN: usize = 50;

/// Section 6.1.
const MOST_IN_ALL: usize = 3000;
