//! Who is at the other end of a request: his address, whether he came by https, his network, his browser.
//!
//! Anybody can send `Forwarded` and `X-Forwarded-For`. They are read only where the connection comes from a proxy that
//! the settings name, only the one that this proxy sets, and only as far as trusted proxies wrote it: from the right, where
//! the nearest has added its word, to the first address that is not trusted. What stands left of it may be anybody's.

mod agent;
mod elements;
mod forwarded;
mod network;
mod node;
mod proxies;
#[cfg(test)]
mod tests;
mod x_forwarded;

pub(crate) use agent::AgentFamily;
pub(crate) use network::network_of;
pub(crate) use proxies::TrustedProxies;

use std::net::IpAddr;

/// The address of a request's client, put into its extensions by whoever knows it: the server, or a
/// layer that trusts a proxy's header. The session remembers it at log-in.
///
/// `Forwarded` and `X-Forwarded-For` are believed of named [proxies](crate::Proxies) alone: anybody can send those (ASVS 4.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// This request came over an encrypted connection. A server that ends TLS itself puts it into the extensions of each such
/// request, as it puts [`ClientAddress`](crate::ClientAddress) there.
///
/// Where the connection comes from a trusted proxy (`proxies.trusted`), it says nothing: how the client came to the proxy
/// counts, and that stands in the header which the proxy sets.
///
/// ```
/// use countersign::OverTls;
///
/// let mut request = http::Request::new("a request that came by TLS");
/// request.extensions_mut().insert(OverTls);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverTls;

/// Who has sent a request, as far as it can be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// His address. `None` if nobody told, or if a trusted proxy does not tell who called it: the proxy's own address
    /// would be wrong, for all whom it hides would share one network, and be slowed down by each other's guessing.
    pub(crate) address: Option<IpAddr>,
    /// Whether he came by https, or by WebSocket over TLS.
    pub(crate) secure: bool,
}

impl Peer {
    const UNKNOWN: Self = Self { address: None, secure: false };
}
