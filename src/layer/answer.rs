//! What the layer writes onto a response: the cookie, and what caches must know.

use http::{
    HeaderMap, HeaderName, HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, Entry, RETRY_AFTER, SET_COOKIE, VARY, WWW_AUTHENTICATE},
};

use super::arrival::TurnedAway;
use crate::{
    carrier::challenge, cross_site::SameSitePolicy, session::Answer, sessions::RETRY_AFTER_SECONDS, token::RefusalKind,
};

/// Writes the answer onto the handler's response.
pub(super) fn write<B>(answer: Answer, response: &mut Response<B>) {
    if let Some(kind) = answer.refusal {
        response.extensions_mut().insert(kind);
    }
    let headers = response.headers_mut();
    if let Some(names) = answer.vary {
        vary_by(headers, names);
    }
    if answer.vary_by_site {
        vary_by(headers, SameSitePolicy::looks_at());
    }
    match answer.set_cookie {
        Some(cookie) => {
            set_cookie(headers, cookie);
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        None if answer.private => keep_private(headers),
        None => {}
    }
    if let Some(left) = answer.expires_in {
        headers.insert(EXPIRES_IN, left);
    }
    if let Some(cookie) = answer.set_device {
        set_cookie(headers, cookie);
    }
}

/// The layer's own response, where the request does not reach the handler, or its answer must not
/// reach the client.
pub(super) fn turned_away<B: Default>(answer: TurnedAway) -> Response<B> {
    let mut response = Response::new(B::default());
    *response.status_mut() = answer.status;
    if let Some(kind) = answer.refusal {
        response.extensions_mut().insert(kind);
    }
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if answer.refusal == Some(RefusalKind::CrossSite) {
        vary_by(headers, SameSitePolicy::looks_at());
    }
    let (name, value) = match answer.status {
        StatusCode::SERVICE_UNAVAILABLE => (RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS)),
        StatusCode::UNAUTHORIZED => (WWW_AUTHENTICATE, challenge(true)),
        // RFC 6750, section 3.1.
        StatusCode::BAD_REQUEST => (WWW_AUTHENTICATE, HeaderValue::from_static(r#"Bearer error="invalid_request""#)),
        _ => return response,
    };
    headers.insert(name, value);
    response
}

/// Adds to `Vary`, and leaves `*` alone.
fn vary_by(headers: &mut HeaderMap, names: &'static str) {
    match headers.entry(VARY) {
        Entry::Vacant(vary) => {
            vary.insert(HeaderValue::from_static(names));
        }
        Entry::Occupied(mut vary) => {
            let lists = |name: &str| {
                vary.iter().any(|value| items(value).any(|item| item == "*" || item.eq_ignore_ascii_case(name)))
            };
            if !names.split(", ").all(lists) {
                vary.append(HeaderValue::from_static(names));
            }
        }
    }
}

/// Makes sure that no shared cache keeps what depends on a credential: strengthens what the handler
/// said, never weakens it.
fn keep_private(headers: &mut HeaderMap) {
    match headers.entry(CACHE_CONTROL) {
        Entry::Vacant(control) => {
            control.insert(HeaderValue::from_static("private"));
        }
        Entry::Occupied(mut control) => {
            let said: Vec<&str> = control.iter().flat_map(items).collect();
            let strengthened = private(&said);
            if let Some(value) = strengthened {
                control.insert(value);
            }
        }
    }
}

/// The same directives, without those that are for shared caches, and with `private`; `None` if
/// they are strict enough.
fn private(directives: &[&str]) -> Option<HeaderValue> {
    let is = |item: &str, names: [&str; 2]| {
        let name = item.split('=').next().unwrap_or_default();
        names.iter().any(|other| name.eq_ignore_ascii_case(other))
    };
    if directives.iter().any(|item| is(item, ["no-store", "private"])) {
        return None;
    }
    let kept = directives.iter().filter(|item| !is(item, ["public", "s-maxage"]));
    let value = kept.fold("private".to_owned(), |all, item| all + ", " + item);
    // What came out of header values is one again.
    Some(HeaderValue::try_from(value).unwrap_or(HeaderValue::from_static("no-store")))
}

fn items(value: &HeaderValue) -> impl Iterator<Item = &str> {
    value.to_str().unwrap_or_default().split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// One `Set-Cookie` a name and response (RFC 6265bis, section 4.1.1): ours takes the place of any
/// other of our name, and leaves the rest.
fn set_cookie(headers: &mut HeaderMap, cookie: HeaderValue) {
    if headers.contains_key(SET_COOKIE) {
        let name = name_of(&cookie);
        let others = headers.get_all(SET_COOKIE).iter().filter(|other| name_of(other) != name);
        let others: Vec<HeaderValue> = others.cloned().collect();
        headers.remove(SET_COOKIE);
        for other in others {
            headers.append(SET_COOKIE, other);
        }
    }
    headers.append(SET_COOKIE, cookie);
}

fn name_of(cookie: &HeaderValue) -> &[u8] {
    cookie.as_bytes().split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii()
}

const EXPIRES_IN: HeaderName = HeaderName::from_static("session-expires-in");
