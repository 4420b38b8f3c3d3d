//! Whether another site made a browser send a request (cross-site request forgery).
//!
//! Browsers say where a request comes from, in headers that no page can write: `Sec-Fetch-Site`, else `Origin`, else
//! `Referer`. The first of them that is there decides alone. What follows from it is decided elsewhere, for it depends on
//! the credential that authenticated the request, and on nothing that another site could add to it.
//!
//! `SameSite` of the cookie is a second line, and this one does not rest on it.

mod origin;
#[cfg(test)]
mod tests;

use http::{
    HeaderMap, HeaderName, Method, Uri,
    header::{HOST, ORIGIN, REFERER, UPGRADE},
};

use crate::config;
use origin::{Host, Origin};

/// Who made the browser send a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// Whoever it was: a request with a safe method changes nothing.
    Harmless,
    /// A page of this site, or of an origin that is trusted as one's own, or the user himself.
    OwnSite,
    /// A page of another site, or something that no browser would write.
    OtherSite,
    /// It does not say: none of the headers is there.
    Unknown,
}

/// Which senders count as one's own.
#[derive(Debug)]
pub(crate) struct SameSitePolicy {
    origins: Vec<Origin>,
    trust_same_site: bool,
}

impl SameSitePolicy {
    pub(crate) fn new(config: &config::CrossSite) -> Self {
        Self {
            origins: config.origins.iter().filter_map(|origin| Origin::parse(origin)).collect(),
            trust_same_site: config.trust_same_site,
        }
    }

    /// Who made the browser send this request. `X-Forwarded-Host` is not looked at: anybody can send it.
    pub(crate) fn judge(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Sender {
        if is_safe(method) && !opens_a_web_socket(headers) {
            return Sender::Harmless;
        }
        match only(headers, &SEC_FETCH_SITE) {
            // The user himself, by a bookmark or the address bar; or a page of the same scheme, host and port.
            Said::Once("same-origin" | "none") => Sender::OwnSite,
            Said::Once("same-site") if self.trust_same_site => Sender::OwnSite,
            // `same-site`, `cross-site`, and what browsers may say one day.
            Said::Once(_) => match only(headers, &ORIGIN) {
                Said::Once(origin) => own_if(Origin::parse(origin).is_some_and(|origin| self.is_trusted(&origin))),
                Said::Nothing | Said::Garbled => Sender::OtherSite,
            },
            Said::Garbled => Sender::OtherSite,
            Said::Nothing => self.judge_by_origin(uri, headers),
        }
    }

    /// The request headers that the judgement rests on, for `Vary`.
    pub(crate) const fn looks_at() -> &'static str {
        "sec-fetch-site, origin"
    }

    /// For browsers that know no `Sec-Fetch-Site`, and those that leave it out over plain http or at a WebSocket.
    fn judge_by_origin(&self, uri: &Uri, headers: &HeaderMap) -> Sender {
        let origin = match only(headers, &ORIGIN) {
            Said::Once(origin) => Origin::parse(origin),
            Said::Garbled => None,
            Said::Nothing => match only(headers, &REFERER) {
                Said::Once(address) => Origin::of(address),
                Said::Garbled => None,
                Said::Nothing => return Sender::Unknown,
            },
        };
        own_if(origin.is_some_and(|origin| self.is_trusted(&origin) || self.is_own(&origin, uri, headers)))
    }

    fn is_trusted(&self, origin: &Origin) -> bool {
        self.origins.contains(origin)
    }

    /// Whether the origin is at the host and port that the request was sent to.
    ///
    /// Which scheme it was sent by is not known here: behind a proxy all is http. So a page of the same host that came by
    /// plain http, and that anybody on the way may have written, would pass. Where a configured origin is at this host,
    /// only what is configured counts: `https://example.org` among them keeps `http://example.org` out.
    fn is_own(&self, origin: &Origin, uri: &Uri, headers: &HeaderMap) -> bool {
        own_host(uri, headers)
            .is_some_and(|host| origin.is_at(&host) && !self.origins.iter().any(|configured| configured.is_at(&host)))
    }
}

/// Safe by RFC 9110, section 9.2.1. Not `Method::is_safe`, which learns methods with every version of its crate: whether a
/// new one is harmless is to be decided here.
fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE)
}

/// A handshake of RFC 6455. It is a GET, but what is opened by it carries writes, and no browser asks before (ASVS 4.4.2).
/// Over HTTP/2 it is a CONNECT (RFC 8441).
fn opens_a_web_socket(headers: &HeaderMap) -> bool {
    let protocols = headers.get_all(UPGRADE).iter().flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    protocols.into_iter().any(|protocol| {
        let name = protocol.split(|byte| *byte == b'/').next().unwrap_or_default();
        name.trim_ascii().eq_ignore_ascii_case(b"websocket")
    })
}

/// Where the request was sent to: the target's authority, which wins over `Host` (RFC 9112, section 3.2.2), or the one `Host`.
fn own_host(uri: &Uri, headers: &HeaderMap) -> Option<Host> {
    match (uri.authority(), only(headers, &HOST)) {
        (Some(authority), _) => Host::parse(authority.as_str()),
        (None, Said::Once(host)) => Host::parse(host),
        (None, Said::Nothing | Said::Garbled) => None,
    }
}

const fn own_if(own: bool) -> Sender {
    if own { Sender::OwnSite } else { Sender::OtherSite }
}

/// What a header says that may be there once.
enum Said<'a> {
    Nothing,
    Once(&'a str),
    /// Several times, or not in visible ASCII.
    Garbled,
}

fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Said<'a> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Said::Nothing,
        (Some(value), None) => value.to_str().map_or(Said::Garbled, Said::Once),
        (Some(_), Some(_)) => Said::Garbled,
    }
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
