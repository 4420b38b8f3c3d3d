//! Two processes change one session: what both have changed since they last saw the same, brought together. Pure
//! functions of three versions: the last common one, ours, theirs.

use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;
use serde_json::Value;

use super::{
    linked::LinkedSession,
    metadata::SessionMetadata,
    parts::{Linked, SessionParts, is_same_user},
};
use crate::client::{cookies::CookieJar, storage::wipe};

/// Ours, with what they have changed since `base`. What we have not changed is theirs, shared and not copied.
pub(super) fn merged(base: &SessionParts, ours: &SessionParts, theirs: SessionParts) -> SessionParts {
    SessionParts {
        cookies: if Arc::ptr_eq(&ours.cookies, &base.cookies) {
            theirs.cookies
        } else {
            cookies(&base.cookies, &ours.cookies, &theirs.cookies)
        },
        linked: if Arc::ptr_eq(&ours.linked, &base.linked) {
            theirs.linked
        } else {
            Arc::new(linked(&base.linked, &ours.linked, &theirs.linked))
        },
        metadata: if Arc::ptr_eq(&ours.metadata, &base.metadata) {
            theirs.metadata
        } else {
            Arc::new(SessionMetadata::merged(&base.metadata, &ours.metadata, &theirs.metadata))
        },
        user: if is_same_user(&ours.user, &base.user) { theirs.user } else { ours.user.clone() },
    }
}

/// By domain, host-only flag, path and name. Of a cookie that both have changed, ours, which is saved later, is kept.
fn cookies(base: &CookieJar, ours: &Arc<CookieJar>, theirs: &CookieJar) -> Arc<CookieJar> {
    let (Some(base), Some(mine), Some(theirs)) = (listed(base), listed(ours), listed(theirs)) else {
        return Arc::clone(ours);
    };
    let all = by_key(&base, &mine, &theirs, |_, _| false);
    let mut all = Wiped(Value::Array(all.into_values().map(|cookie| cookie.0.clone()).collect()));
    let jar = CookieJar::deserialize(&all.0).map(Arc::new);
    wipe(&mut all.0);
    jar.unwrap_or_else(|_| Arc::clone(ours))
}

/// By name. Of one that both have changed, the one that ends later is kept: it is the newer one.
fn linked(base: &Linked, ours: &Linked, theirs: &Linked) -> Linked {
    let newer = |theirs: &Arc<LinkedSession>, ours: &Arc<LinkedSession>| theirs.expires_at() > ours.expires_at();
    by_key(base, ours, theirs, newer)
}

fn by_key<K, V>(
    base: &BTreeMap<K, V>,
    ours: &BTreeMap<K, V>,
    theirs: &BTreeMap<K, V>,
    theirs_is_newer: impl Fn(&V, &V) -> bool,
) -> BTreeMap<K, V>
where
    K: Ord + Clone,
    V: PartialEq + Clone,
{
    let mut all = theirs.clone();
    for (key, our) in ours {
        if base.get(key) == Some(our) {
            continue;
        }
        let changed_there = theirs.get(key).filter(|their| base.get(key) != Some(their));
        if !changed_there.is_some_and(|their| theirs_is_newer(their, our)) {
            all.insert(key.clone(), our.clone());
        }
    }
    // What we have removed is gone, unless they have put something else there meanwhile.
    for (key, old) in base.iter().filter(|(key, _)| !ours.contains_key(key)) {
        if theirs.get(key) == Some(old) {
            all.remove(key);
        }
    }
    all
}

/// Domain, whether for that host alone, path, name.
type Key = (String, bool, String, String);

/// A cookie as JSON; its value is wiped when dropped.
#[derive(Clone, PartialEq)]
struct Wiped(Value);

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// The cookies of a jar by what tells them apart (RFC 6265bis, section 5.7); `None` if it is not written as a list.
fn listed(jar: &CookieJar) -> Option<BTreeMap<Key, Arc<Wiped>>> {
    let Value::Array(cookies) = serde_json::to_value(jar).ok()? else { return None };
    let text = |cookie: &Value, field| cookie.get(field).and_then(Value::as_str).map(str::to_owned);
    let mut all = BTreeMap::new();
    for cookie in cookies.into_iter().map(Wiped) {
        let host_only = cookie.0.get("host_only").and_then(Value::as_bool)?;
        let key = (text(&cookie.0, "domain")?, host_only, text(&cookie.0, "path")?, text(&cookie.0, "name")?);
        all.insert(key, Arc::new(cookie));
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&'static str, u8)]) -> BTreeMap<&'static str, u8> {
        pairs.iter().copied().collect()
    }

    #[test]
    fn what_either_side_has_changed_is_kept() {
        let base = map(&[("a", 1), ("b", 1), ("c", 1), ("d", 1)]);
        let ours = map(&[("a", 2), ("b", 1), ("d", 1), ("ours", 1)]);
        let theirs = map(&[("a", 1), ("b", 3), ("c", 1), ("theirs", 1)]);
        let all = by_key(&base, &ours, &theirs, |_, _| false);
        assert_eq!(all, map(&[("a", 2), ("b", 3), ("ours", 1), ("theirs", 1)]));
    }

    #[test]
    fn of_what_both_have_changed_the_newer_is_kept() {
        let all = |newer: fn(&u8, &u8) -> bool| by_key(&map(&[("a", 1)]), &map(&[("a", 2)]), &map(&[("a", 3)]), newer);
        assert_eq!(all(|_, _| false), map(&[("a", 2)]));
        assert_eq!(all(|theirs, ours| theirs > ours), map(&[("a", 3)]));
    }

    #[test]
    fn what_we_remove_does_not_take_away_what_they_put_there() {
        assert_eq!(by_key(&map(&[("a", 1)]), &map(&[]), &map(&[("a", 2)]), |_, _| false), map(&[("a", 2)]));
    }

    #[test]
    fn a_cookie_of_a_host_and_one_of_its_domain_are_two() {
        let jar = |cookie: &str| {
            let mut jar = CookieJar::new();
            let uri = http::Uri::from_static("https://example.com/");
            jar.insert(&uri, cookie, crate::clock::Timestamp::from_millis(0)).unwrap();
            jar
        };
        let (ours, theirs) = (Arc::new(jar("a=ours")), jar("a=theirs; Domain=example.com"));
        assert_eq!(cookies(&CookieJar::new(), &ours, &theirs).len(), 2);
    }

    #[test]
    fn calls_of_two_processes_add_up() {
        let of = |calls, server: &str, at| SessionMetadata {
            calls,
            last_server: Some(server.to_owned()),
            last_call_at: Some(crate::clock::Timestamp::from_millis(at)),
            ..SessionMetadata::default()
        };
        let all = SessionMetadata::merged(&of(10, "a", 1), &of(13, "b", 5), &of(14, "c", 4));
        assert_eq!((all.calls, all.last_server.as_deref()), (17, Some("b")));
    }
}
