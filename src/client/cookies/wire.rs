//! A jar as it is written down: a list of cookies, the oldest first. What is read back keeps the same rules.

use std::{fmt, sync::atomic::AtomicU64};

use http::Uri;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::Zeroizing;

use crate::{client::basics::instant, clock::Timestamp};

use super::{
    CookieJar, accept,
    kept::{Cookie, SameSite},
    origin,
    parse::{check_pair, is_control, trim},
    refusal::CookieRefusalKind,
    shelf::Shelf,
};

impl Serialize for CookieJar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut cookies: Vec<&Cookie> = self.shelf.iter().collect();
        cookies.sort_unstable_by_key(|cookie| (cookie.created_at, cookie.nth));
        serializer.collect_seq(cookies.into_iter().map(|cookie| Written {
            name: &cookie.name,
            value: &cookie.value,
            domain: &cookie.domain,
            host_only: cookie.host_only,
            path: &cookie.path,
            secure: cookie.secure,
            http_only: cookie.http_only,
            same_site: cookie.same_site,
            expires_at: cookie.expires_at.map(|instant| instant.to_string()),
            created_at: cookie.created_at.to_string(),
        }))
    }
}

impl<'de> Deserialize<'de> for CookieJar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut shelf = Shelf::default();
        for (index, read) in Vec::<Read>::deserialize(deserializer)?.into_iter().enumerate() {
            if read.is_for_a_public_suffix() {
                tracing::warn!(domain = read.domain, "a cookie for what is a public suffix is left out");
                continue;
            }
            let cookie = read.into_cookie().map_err(|Malformed { field, expected }| {
                de::Error::custom(format!("cookie {}: `{field}`: {expected}", index + 1))
            })?;
            // Nothing has expired at the beginning of time: what has since goes with the next one that is taken in.
            shelf.put(cookie, Timestamp::from_millis(0));
        }
        Ok(Self { shelf })
    }
}

#[derive(Serialize)]
struct Written<'a> {
    name: &'a str,
    value: &'a str,
    domain: &'a str,
    host_only: bool,
    path: &'a str,
    secure: bool,
    http_only: bool,
    same_site: SameSite,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<String>,
    created_at: String,
}

/// The fields that say less than others are the ones that can be left out.
#[derive(Deserialize)]
struct Read {
    name: String,
    #[serde(deserialize_with = "read_value")]
    value: Zeroizing<Box<str>>,
    domain: String,
    host_only: bool,
    path: String,
    secure: bool,
    http_only: bool,
    #[serde(default)]
    same_site: SameSite,
    #[serde(default)]
    expires_at: Option<String>,
    created_at: String,
}

/// A field that is not as it must be, and how it would be.
struct Malformed {
    field: &'static str,
    expected: String,
}

impl Read {
    /// Set by hand, or the list has grown since: the others are good all the same.
    fn is_for_a_public_suffix(&self) -> bool {
        !self.host_only && origin::is_public_suffix(&self.domain)
    }

    fn into_cookie(self) -> Result<Cookie, Malformed> {
        let malformed = |field, expected: &dyn fmt::Display| Malformed { field, expected: expected.to_string() };
        let (name, value) = (self.name.as_bytes(), self.value.as_bytes());
        if !is_clean(name) || name.contains(&b'=') {
            return Err(malformed(
                "name",
                &"must hold no control characters, no `;`, no `=`, and no space at its ends",
            ));
        }
        if !is_clean(value) {
            return Err(malformed("value", &"must hold no control characters, no `;`, and no space at its ends"));
        }
        check_pair(name, value).map_err(|refusal| malformed("value", &refusal))?;
        if !is_host(&self.domain) {
            return Err(malformed("domain", &"must be the name or the address of a host, in lower case"));
        }
        if !self.host_only && origin::is_address(&self.domain) {
            return Err(malformed("domain", &"must not be an address, unless `host_only` is true"));
        }
        if !self.path.starts_with('/') || self.path.bytes().any(is_control) {
            return Err(malformed("path", &"must begin with `/`, and hold no control characters"));
        }
        let instant =
            |field, text: &str| instant::parse(text).ok_or_else(|| malformed(field, &"must be an instant of RFC 3339"));
        let created_at = instant("created_at", &self.created_at)?;
        let cookie = Cookie {
            expires_at: self.expires_at.as_deref().map(|text| instant("expires_at", text)).transpose()?,
            name: self.name.into(),
            value: self.value,
            domain: self.domain.into(),
            host_only: self.host_only,
            path: self.path.into(),
            secure: self.secure,
            http_only: self.http_only,
            same_site: self.same_site,
            created_at,
            nth: 0,
            used_at: AtomicU64::new(created_at.as_millis()),
        };
        match accept::check(&cookie, true) {
            Err(refusal) if refusal.kind() == CookieRefusalKind::SameSiteNone => Err(malformed("same_site", &refusal)),
            Err(refusal) => Err(malformed("name", &refusal)),
            Ok(()) => Ok(cookie),
        }
    }
}

/// Whether name or value could have come out of a `Set-Cookie`.
fn is_clean(text: &[u8]) -> bool {
    trim(text).len() == text.len() && !text.iter().any(|byte| is_control(*byte) || *byte == b';')
}

/// Whether a request could go there, and would be seen to go there under this spelling.
fn is_host(domain: &str) -> bool {
    let uri = format!("http://{domain}/").parse::<Uri>();
    uri.is_ok_and(|uri| uri.host() == Some(domain) && uri.authority().is_some_and(|whole| whole.as_str() == domain))
        && origin::canonical(domain).is_some_and(|canonical| canonical == domain)
}

/// A text, wiped if the rest is refused; the error for anything else does not repeat it.
fn read_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Zeroizing<Box<str>>, D::Error> {
    struct Value;
    impl de::Visitor<'_> for Value {
        type Value = Zeroizing<Box<str>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string as the `value` of a cookie")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            Ok(Zeroizing::new(text.into()))
        }

        fn visit_string<E: de::Error>(self, text: String) -> Result<Self::Value, E> {
            self.visit_str(&Zeroizing::new(text))
        }

        fn visit_bool<E: de::Error>(self, _: bool) -> Result<Self::Value, E> {
            Err(E::invalid_type(de::Unexpected::Other("something else"), &self))
        }

        fn visit_i64<E: de::Error>(self, _: i64) -> Result<Self::Value, E> {
            self.visit_bool(false)
        }

        fn visit_u64<E: de::Error>(self, _: u64) -> Result<Self::Value, E> {
            self.visit_bool(false)
        }

        fn visit_f64<E: de::Error>(self, _: f64) -> Result<Self::Value, E> {
            self.visit_bool(false)
        }
    }
    // Asked for a string, a format would itself say what it has found instead.
    deserializer.deserialize_any(Value)
}
