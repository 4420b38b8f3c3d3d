//! Which headers a request gets.

use http::{
    HeaderMap, HeaderValue, Uri,
    header::{AUTHORIZATION, COOKIE, ORIGIN},
};
use zeroize::Zeroizing;

use crate::client::{basics::secret_header, tokens::AccessToken};

/// In the extensions of a request: it goes out without a token, whatever its origin. For log-ins, and for the
/// calls that renew tokens. Cookies go along by their own rules.
///
/// Nothing is done about a 401 then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WithoutTokens;

/// Adds the token.
pub(super) fn add_token(headers: &mut HeaderMap, token: &AccessToken) {
    headers.insert(AUTHORIZATION, token.header().clone());
}

/// Adds cookies to those that the caller has set: in one header (RFC 6265bis, section 5.8.1), where the caller's
/// come first, and win if names are the same. A cookie that is the very token of this request stays behind: two ways
/// are one too many (B-02).
pub(super) fn add_cookies(headers: &mut HeaderMap, ours: HeaderValue, token: Option<&AccessToken>) {
    let token = token.map_or("", AccessToken::reveal).as_bytes();
    let is_token = |(_, value): (&[u8], &[u8])| !token.is_empty() && unquoted(value) == token;
    if !headers.contains_key(COOKIE) && !pairs(&ours).any(|pair| is_token(name_and_value(pair))) {
        headers.insert(COOKIE, ours);
        return;
    }
    let theirs: Vec<&HeaderValue> = headers.get_all(COOKIE).iter().collect();
    // All the room at once: what grows leaves copies behind.
    let room = theirs.iter().map(|value| value.len() + SEPARATOR.len()).sum::<usize>() + ours.len();
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    for value in &theirs {
        append(&mut text, value.as_bytes());
    }
    for pair in pairs(&ours) {
        let (name, value) = name_and_value(pair);
        let is_set = theirs.iter().flat_map(|value| pairs(value)).any(|pair| name_and_value(pair).0 == name);
        if !is_set && !is_token((name, value)) {
            append(&mut text, pair);
        }
    }
    if text.is_empty() {
        return;
    }
    let all = secret_header(text).expect("parts of headers, joined by `; `, are a header's value");
    headers.insert(COOKIE, all);
}

/// Says of a request with cookies whose it is, as a browser does on a page of the site: servers that keep forgeries out
/// (cross-site request forgery) refuse one that does not say.
pub(super) fn add_origin(headers: &mut HeaderMap, uri: &Uri) {
    if !headers.contains_key(COOKIE) || headers.contains_key(ORIGIN) {
        return;
    }
    let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else { return };
    let port = uri.port_u16().filter(|port| !matches!((scheme, port), ("http", 80) | ("https", 443)));
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    if let Ok(origin) = HeaderValue::try_from(format!("{scheme}://{host}{port}")) {
        headers.insert(ORIGIN, origin);
    }
}

fn append(text: &mut Vec<u8>, pair: &[u8]) {
    if !text.is_empty() {
        text.extend_from_slice(SEPARATOR);
    }
    text.extend_from_slice(pair);
}

fn pairs(value: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    value.as_bytes().split(|byte| *byte == b';').map(<[u8]>::trim_ascii).filter(|pair| !pair.is_empty())
}

/// A cookie without `=` has a value only (RFC 6265bis, section 5.8.3).
fn name_and_value(pair: &[u8]) -> (&[u8], &[u8]) {
    match pair.iter().position(|byte| *byte == b'=') {
        Some(at) => (pair[..at].trim_ascii(), pair[at + 1..].trim_ascii()),
        None => (b"", pair),
    }
}

fn unquoted(value: &[u8]) -> &[u8] {
    value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value)
}

const SEPARATOR: &[u8] = b"; ";

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(theirs: &[&str], ours: &str, token: Option<&str>) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in theirs {
            headers.append(COOKIE, value.parse().unwrap());
        }
        let token = token.map(|token| AccessToken::new(token).unwrap());
        add_cookies(&mut headers, ours.parse().unwrap(), token.as_ref());
        assert!(headers.get_all(COOKIE).iter().count() < 2);
        headers.get(COOKIE).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn cookies_are_one_header_and_the_callers_win() {
        assert_eq!(sent(&[], "a=1; b=2", None).unwrap(), "a=1; b=2");
        assert_eq!(sent(&["c=3"], "a=1; b=2", None).unwrap(), "c=3; a=1; b=2");
        assert_eq!(sent(&["b=theirs", "c=3; d"], "a=1; b=2", None).unwrap(), "b=theirs; c=3; d; a=1");
        assert_eq!(sent(&["B=theirs"], "b=2", None).unwrap(), "B=theirs; b=2", "names are case-sensitive");
    }

    #[test]
    fn a_cookie_that_is_the_token_stays_behind() {
        assert_eq!(sent(&[], "a=1; session=the-token; b=2", Some("the-token")).unwrap(), "a=1; b=2");
        assert_eq!(sent(&[], "session=\"the-token\"", Some("the-token")), None);
        assert_eq!(sent(&["session=the-token"], "a=1", Some("the-token")).unwrap(), "session=the-token; a=1");
        assert_eq!(sent(&[], "session=the-token", None).unwrap(), "session=the-token");
        assert_eq!(sent(&[], "session=the-token2; x=", Some("the-token")).unwrap(), "session=the-token2; x=");
    }

    #[test]
    fn a_request_with_cookies_says_whose_it_is() {
        let origin = |uri: &str, headers: &[(http::HeaderName, &'static str)]| {
            let known = headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
            let mut headers: HeaderMap = known.collect();
            add_origin(&mut headers, &uri.parse().unwrap());
            headers.get(ORIGIN).map(|value| value.to_str().unwrap().to_owned())
        };
        let cookie = (COOKIE, "a=1");
        let of = |uri| origin(uri, std::slice::from_ref(&cookie)).unwrap();
        assert_eq!(of("https://api.example.com:443/path?query"), "https://api.example.com");
        assert_eq!(of("http://127.0.0.1:8080/"), "http://127.0.0.1:8080");
        assert_eq!(origin("https://api.example.com/", &[]), None, "only where there are cookies");
        let theirs = (ORIGIN, "https://www.example.com");
        assert_eq!(origin("https://api.example.com/", &[cookie, theirs]).unwrap(), "https://www.example.com");
    }

    #[test]
    fn what_is_added_is_marked_as_sensitive() {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static("theirs=secret"));
        add_token(&mut headers, &AccessToken::new("the-token").unwrap());
        add_cookies(&mut headers, HeaderValue::from_static("ours=secret"), None);
        let text = format!("{headers:?}");
        assert!(!text.contains("secret") && !text.contains("the-token"), "{text}");
    }
}
