//! What the layer writes onto a response: the cookie, and what caches must know.

use http::{
    HeaderMap, HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, RETRY_AFTER, SET_COOKIE, VARY},
};

use crate::{
    carrier::Carrier,
    session::{Answer, CookieAnswer},
};

/// Writes the answer onto the handler's response.
pub(super) fn write<B>(carrier: &Carrier, answer: Answer, response: &mut Response<B>) {
    let cookie = match answer.cookie {
        CookieAnswer::Leave => None,
        _ if !carrier.sets_cookies() => None,
        CookieAnswer::Set(token, life) => Some(carrier.set(&token, life)),
        CookieAnswer::Clear => Some(carrier.clear()),
    };
    if let Some(kind) = answer.refusal {
        response.extensions_mut().insert(kind);
    }
    let headers = response.headers_mut();
    if answer.looked_at || cookie.is_some() {
        vary_by(headers, carrier.vary());
    }
    match cookie {
        Some(cookie) => {
            replace_cookie(headers, carrier.cookie_name(), cookie);
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        None if answer.looked_at && answer.had_credential => keep_private(headers),
        None => {}
    }
}

/// The layer's own response, where the request does not reach the handler, or its answer must not
/// reach the client.
pub(super) fn turned_away<B: Default>(status: StatusCode) -> Response<B> {
    let mut response = Response::new(B::default());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
    }
    response
}

/// Adds to `Vary`, and leaves `*` alone.
fn vary_by(headers: &mut HeaderMap, names: &'static str) {
    let listed = |name: &str| {
        let values = headers.get_all(VARY).iter().filter_map(|value| value.to_str().ok());
        values
            .flat_map(|value| value.split(','))
            .any(|item| item.trim() == "*" || item.trim().eq_ignore_ascii_case(name))
    };
    if !headers.contains_key(VARY) || !names.split(", ").all(listed) {
        headers.append(VARY, HeaderValue::from_static(names));
    }
}

/// Makes sure that no shared cache keeps what depends on a credential: strengthens what the handler
/// said, never weakens it.
fn keep_private(headers: &mut HeaderMap) {
    let said: Vec<&str> = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok()).collect();
    let mut directives = said.iter().flat_map(|value| value.split(',')).map(str::trim).filter(|item| !item.is_empty());
    if directives.clone().any(|item| item.eq_ignore_ascii_case("no-store") || item.eq_ignore_ascii_case("private")) {
        return;
    }
    if directives.clone().next().is_none() {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private"));
        return;
    }
    let is_for_shared = |item: &str| {
        let name = item.split('=').next().unwrap_or_default();
        ["public", "s-maxage"].iter().any(|shared| name.eq_ignore_ascii_case(shared))
    };
    let strengthened = directives
        .by_ref()
        .filter(|item| !is_for_shared(item))
        .fold("private".to_owned(), |all, item| all + ", " + item);
    // What came out of header values is one again.
    let value = HeaderValue::try_from(strengthened).unwrap_or(HeaderValue::from_static("no-store"));
    headers.insert(CACHE_CONTROL, value);
}

/// One `Set-Cookie` a name and response (RFC 6265bis, section 4.1.1): ours takes the place of any other of
/// our name, and leaves the rest.
fn replace_cookie(headers: &mut HeaderMap, name: &str, cookie: HeaderValue) {
    if headers.contains_key(SET_COOKIE) {
        let others: Vec<HeaderValue> =
            headers.get_all(SET_COOKIE).iter().filter(|other| !is_named(other, name)).cloned().collect();
        headers.remove(SET_COOKIE);
        for other in others {
            headers.append(SET_COOKIE, other);
        }
    }
    headers.append(SET_COOKIE, cookie);
}

fn is_named(cookie: &HeaderValue, name: &str) -> bool {
    let before_equals = cookie.as_bytes().split(|byte| *byte == b'=').next().unwrap_or_default();
    before_equals.trim_ascii() == name.as_bytes()
}

/// Long enough for a store to come back, short enough for a user to wait.
const RETRY_AFTER_SECONDS: &str = "2";
