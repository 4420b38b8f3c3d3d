//! Cookies of our own: written by the cookie crate, read by a few lines of our own.
//!
//! Other readers decode percent signs in names, trim more than RFC 6265bis allows, or let the last of two
//! cookies win. Each of these lets a page on a sibling domain plant a cookie of our name. Here names are
//! compared as raw bytes, only SP and HTAB are trimmed, and of several values exactly one must be genuine.

use std::{borrow::Cow, time::Duration};

use cookie::time;
use http::{HeaderMap, HeaderValue, header::COOKIE};

use crate::{
    config::{self, SameSite},
    token::RefusalKind,
};

/// A cookie by its name. All of ours have the attributes of the session cookie.
#[derive(Debug)]
pub(super) struct OwnCookie {
    /// Everything but the value and its life.
    template: cookie::Cookie<'static>,
    /// What takes it away.
    removal: HeaderValue,
}

impl OwnCookie {
    pub(super) fn new(name: &str, config: &config::Cookie) -> Self {
        let mut template = cookie::Cookie::build((name.to_owned(), ""))
            .path(config.path.clone())
            .secure(config.secure)
            .http_only(true)
            .same_site(match config.same_site {
                SameSite::Strict => cookie::SameSite::Strict,
                SameSite::Lax => cookie::SameSite::Lax,
                SameSite::None => cookie::SameSite::None,
            });
        if let Some(domain) = &config.domain {
            template = template.domain(domain.clone());
        }
        let template = template.build();
        let removal = build(&template, "", Some(Duration::ZERO));
        Self { template, removal }
    }

    /// `Set-Cookie` that hands out a value, in base64url. `max_age` makes it outlive the browser.
    pub(super) fn set(&self, value: &str, max_age: Option<Duration>) -> HeaderValue {
        build(&self.template, value, max_age)
    }

    /// `Set-Cookie` that takes it away again: the same cookie, without value or life.
    pub(super) fn clear(&self) -> HeaderValue {
        self.removal.clone()
    }

    fn name(&self) -> &str {
        self.template.name()
    }

    /// What is genuine among all the cookies of our name, in however many `Cookie` headers. `None` if
    /// no cookie has it.
    pub(super) fn read<T>(
        &self,
        headers: &HeaderMap,
        check: impl Fn(&[u8]) -> Result<T, RefusalKind>,
    ) -> Option<Result<T, RefusalKind>> {
        let mut found: Option<(&[u8], Result<T, RefusalKind>)> = None;
        for value in headers.get_all(COOKIE).iter().flat_map(|header| self.values(header.as_bytes())) {
            let next = match &found {
                None => check(value),
                Some((before, _)) if *before == value => continue,
                Some((_, Err(RefusalKind::Ambiguous))) => continue,
                Some((_, Ok(_))) => match check(value) {
                    Ok(_) => Err(RefusalKind::Ambiguous),
                    Err(_) => continue,
                },
                Some((_, Err(_))) => match check(value) {
                    Ok(genuine) => Ok(genuine),
                    Err(_) => continue,
                },
            };
            found = Some((value, next));
        }
        found.map(|(_, result)| result)
    }

    /// The values of all cookies of our name in one header.
    fn values<'a>(&'a self, header: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        header.split(|byte| *byte == b';').filter_map(|pair| {
            let equals = pair.iter().position(|byte| *byte == b'=')?;
            (trimmed(&pair[..equals]) == self.name().as_bytes()).then(|| trimmed(&pair[equals + 1..]))
        })
    }
}

/// The one function that builds what sets a cookie and what clears it: a browser removes a cookie
/// only if name, path and domain are the same.
fn build(template: &cookie::Cookie<'static>, value: &str, max_age: Option<Duration>) -> HeaderValue {
    let mut cookie = template.clone();
    cookie.set_value(Cow::Borrowed(value));
    if let Some(max_age) = max_age {
        let seconds = i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX);
        cookie.set_max_age(time::Duration::seconds(seconds));
    }
    let mut header = HeaderValue::try_from(cookie.to_string())
        .expect("name, path and domain were checked to be visible ASCII, and the value is base64url");
    header.set_sensitive(true);
    header
}

fn trimmed(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}
