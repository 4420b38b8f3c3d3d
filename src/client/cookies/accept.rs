//! Whether a cookie is taken: the decisions of RFC 6265bis, section 5.7, that need no other cookie.

use std::{str, sync::atomic::AtomicU64};

use zeroize::Zeroizing;

use crate::clock::Timestamp;

use super::{
    cookie::{Cookie, SameSite},
    origin::{self, Origin},
    parse::Received,
    refusal::{CookieRefusal, CookieRefusalKind},
};

/// The cookie that an origin sets by saying this.
pub(super) fn judge(received: &Received<'_>, origin: &Origin<'_>, now: Timestamp) -> Result<Cookie, CookieRefusal> {
    let (domain, host_only) = scope(received.domain, &origin.host)?;
    if received.secure && !origin.secure {
        return Err(CookieRefusalKind::InsecureOrigin.into());
    }
    let cookie = Cookie {
        name: received.name.into(),
        value: Zeroizing::new(received.value.into()),
        domain: domain.into(),
        host_only,
        path: received.path.unwrap_or_else(|| origin.default_path()).into(),
        secure: received.secure,
        http_only: received.http_only,
        same_site: received.same_site,
        expires_at: received.expires_at,
        created_at: now,
        nth: 0,
        used_at: AtomicU64::new(now.as_millis()),
    };
    // A path of `/` that follows from the request's is not one that the server has asked for.
    check(&cookie, received.path.is_some())?;
    Ok(cookie)
}

/// What holds for cookies from anywhere, a file included: `SameSite=None` is for `Secure` ones, and what the prefix
/// of a name promises is kept (section 5.4). Prefixes are read without regard to case, as servers may read them.
pub(super) fn check(cookie: &Cookie, has_path: bool) -> Result<(), CookieRefusal> {
    if cookie.same_site == SameSite::None && !cookie.secure {
        return Err(CookieRefusalKind::SameSiteNone.into());
    }
    if cookie.name.is_empty() {
        // `Set-Cookie: =__Host-a=1` would be sent as `__Host-a=1`.
        let hidden = PREFIXES.iter().any(|prefix| begins_with(&cookie.value, prefix));
        return if hidden { Err(CookieRefusalKind::Prefix.into()) } else { Ok(()) };
    }
    let for_host = cookie.host_only && has_path && &*cookie.path == "/";
    for prefix in PREFIXES.into_iter().filter(|prefix| begins_with(&cookie.name, prefix)) {
        let kept = cookie.secure
            && (for_host || !prefix.starts_with("__Host-"))
            && (cookie.http_only || !prefix.ends_with("Http-"));
        if !kept {
            return Err(CookieRefusalKind::Prefix.into());
        }
    }
    Ok(())
}

/// The domain of a cookie that `host` sets with this `Domain`, and whether it is for the host only.
fn scope<'a>(domain: Option<&[u8]>, host: &'a str) -> Result<(ScopeDomain<'a>, bool), CookieRefusal> {
    let Some(domain) = domain else { return Ok((host.into(), true)) };
    let malformed = CookieRefusalKind::MalformedDomain;
    let domain = str::from_utf8(domain).ok().and_then(origin::canonical).ok_or(malformed)?;
    if domain == host {
        // What everybody is below of, or nobody can be, is the host's own.
        return Ok((host.into(), origin::is_public_suffix(host) || origin::is_address(host)));
    }
    if origin::is_public_suffix(&domain) {
        return Err(CookieRefusalKind::PublicSuffix.into());
    }
    if !origin::domain_match(host, &domain) {
        return Err(CookieRefusalKind::ForeignDomain.into());
    }
    Ok((domain.into_owned().into(), false))
}

fn begins_with(text: &str, prefix: &str) -> bool {
    text.as_bytes().get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
}

type ScopeDomain<'a> = std::borrow::Cow<'a, str>;

/// Section 5.4, and the two that draft-ietf-httpbis-layered-cookies has added.
const PREFIXES: [&str; 4] = ["__Secure-", "__Host-", "__Http-", "__Host-Http-"];
