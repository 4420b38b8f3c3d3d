//! `X-Forwarded-For`, with `X-Forwarded-Proto` beside it: no standard, so what most proxies write.

use std::net::{IpAddr, Ipv6Addr};

use http::{HeaderMap, HeaderName};

use super::{
    Peer,
    elements::Elements,
    node::{self, is_secure},
};

/// Who called each proxy, and how, from the nearest one outwards.
pub(super) fn hops(headers: &HeaderMap) -> impl Iterator<Item = Peer> {
    let mut schemes = Schemes::of(headers);
    Elements::of(headers, &FOR).map(move |element| {
        let secure = schemes.next_is_secure();
        element.map_or(Peer::UNKNOWN, |element| Peer { address: address(element), secure })
    })
}

/// Which element of `X-Forwarded-Proto` belongs to which of `X-Forwarded-For`.
enum Schemes<'a> {
    /// None can be told to belong to any.
    Unknown,
    /// There is but one: the outermost proxy has set it, and the others hand it on, or the nearest has.
    One(bool),
    /// Each proxy has added one to both headers.
    Each(Elements<'a>),
}

impl<'a> Schemes<'a> {
    fn of(headers: &'a HeaderMap) -> Self {
        let mut schemes = Elements::of(headers, &PROTO);
        match Elements::of(headers, &PROTO).length() {
            Some(1) => Self::One(next_is_secure(&mut schemes)),
            Some(length) if Elements::of(headers, &FOR).length() == Some(length) => Self::Each(schemes),
            _ => Self::Unknown,
        }
    }

    fn next_is_secure(&mut self) -> bool {
        match self {
            Self::Unknown => false,
            Self::One(secure) => *secure,
            Self::Each(schemes) => next_is_secure(schemes),
        }
    }
}

fn next_is_secure(schemes: &mut Elements<'_>) -> bool {
    schemes.next().flatten().is_some_and(is_secure)
}

/// Here, IPv6 addresses go without brackets, too.
fn address(text: &[u8]) -> Option<IpAddr> {
    node::parse::<Ipv6Addr>(text).map(|address| address.to_canonical()).or_else(|| node::address(text))
}

static FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
static PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
