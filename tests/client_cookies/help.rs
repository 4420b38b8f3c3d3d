//! What all these tests are written with: a day to stand on, and a jar that says what it would send.

use std::time::Duration;

use countersign::{
    Timestamp,
    client::{CookieJar, CookieRefusalKind},
};
use http::Uri;

/// 2026-11-20T09:30:00Z.
pub fn now() -> Timestamp {
    Timestamp::from_millis(1_795_167_000_000)
}

pub fn later(seconds: u64) -> Timestamp {
    now().after(Duration::from_secs(seconds))
}

pub fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

/// A jar into which these were set from there, without a refusal.
pub fn jar_of(from: &str, set_cookies: &[&str]) -> CookieJar {
    let mut jar = CookieJar::new();
    for set_cookie in set_cookies {
        jar.insert(&uri(from), set_cookie, now()).unwrap_or_else(|refusal| panic!("{set_cookie}: {refusal}"));
    }
    jar
}

/// What a request there would carry; empty, if no cookie.
pub fn sent(jar: &CookieJar, to: &str) -> String {
    sent_at(jar, to, now())
}

pub fn sent_at(jar: &CookieJar, to: &str, at: Timestamp) -> String {
    let header = jar.header(&uri(to), at);
    header.map(|header| String::from_utf8(header.as_bytes().to_vec()).unwrap()).unwrap_or_default()
}

/// What comes of one cookie, set and sent back at one place.
pub fn echoed(at: &str, set_cookie: impl AsRef<[u8]>) -> Result<String, CookieRefusalKind> {
    let mut jar = CookieJar::new();
    jar.insert(&uri(at), set_cookie, now()).map_err(|refusal| refusal.kind())?;
    Ok(sent(&jar, at))
}

pub const HERE: &str = "https://www.example.com/shop/cart";
