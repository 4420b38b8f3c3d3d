//! Whose word is believed, and how far.

use std::net::IpAddr;

use http::HeaderMap;
use ipnet::{IpNet, Ipv4Net};

use crate::config::{ForwardedHeader, Proxies};

use super::{Peer, forwarded, x_forwarded};

/// [`Proxies`], made ready.
#[derive(Clone, Debug)]
pub(crate) struct TrustedProxies {
    networks: Box<[IpNet]>,
    header: ForwardedHeader,
}

impl TrustedProxies {
    /// A network of IPv4-mapped IPv6 addresses is the network of these IPv4 addresses. A wider one, as in `::/0`, is about
    /// IPv6 alone. Settings were validated; what is no network all the same is trusted by nobody.
    pub(crate) fn new(proxies: &Proxies) -> Self {
        Self { networks: proxies.trusted.iter().filter_map(|text| network(text)).collect(), header: proxies.header }
    }

    /// Who has sent a request that came from `socket`, over TLS or not.
    ///
    /// A trusted proxy that sets no header speaks for itself, by plain http.
    pub(crate) fn peer(&self, socket: Option<IpAddr>, over_tls: bool, headers: &HeaderMap) -> Peer {
        let socket = socket.map(|address| address.to_canonical());
        match (socket, self.header) {
            (Some(proxy), ForwardedHeader::Forwarded) if self.trusts(proxy) => {
                self.outermost(proxy, forwarded::hops(headers))
            }
            (Some(proxy), ForwardedHeader::XForwardedFor) if self.trusts(proxy) => {
                self.outermost(proxy, x_forwarded::hops(headers))
            }
            (address, _) => Peer { address, secure: over_tls },
        }
    }

    /// The first of the hops, from the nearest one outwards, that is not trusted. Each is told by the one before, so none
    /// behind it is looked at. If all are trusted, the request began at the last one.
    fn outermost(&self, proxy: IpAddr, hops: impl Iterator<Item = Peer>) -> Peer {
        let mut believed = Peer { address: Some(proxy), secure: false };
        for hop in hops {
            believed = hop;
            if !hop.address.is_some_and(|address| self.trusts(address)) {
                break;
            }
        }
        believed
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }
}

/// A network, or an address alone.
fn network(text: &str) -> Option<IpNet> {
    let network = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
    let mapped = match (network, network.addr().to_canonical()) {
        (IpNet::V6(network), IpAddr::V4(address)) => {
            let prefix = network.prefix_len().checked_sub(MAPPED);
            prefix.and_then(|prefix| Ipv4Net::new(address, prefix).ok())
        }
        _ => None,
    };
    Some(mapped.map_or(network, IpNet::V4))
}

/// How many bits stand before the IPv4 address in an IPv4-mapped IPv6 address.
const MAPPED: u8 = 96;
