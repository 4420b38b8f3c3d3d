//! Origins and hosts, read strictly: what no browser would write is none.

use std::net::Ipv6Addr;

/// Scheme, host and port (RFC 6454, section 4). Of http and https alone: `null` is nobody's, and other schemes have no host
/// that could be ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    scheme: Scheme,
    /// As in [`Host`].
    name: String,
    port: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scheme {
    Http,
    Https,
}

impl Origin {
    /// Reads the header `Origin`: scheme, host, and a port if it is not the scheme's. Nothing before, between or after.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (scheme, authority) = Scheme::split(text)?;
        let Host { name, port } = Host::parse(authority)?;
        Some(Self { scheme, name, port: port.unwrap_or(scheme.port()) })
    }

    /// The origin of an address, as `Referer` gives it.
    pub(super) fn of(address: &str) -> Option<Self> {
        let (_, rest) = Scheme::split(address)?;
        let path = rest.find(['/', '?', '#']).map_or("", |at| &rest[at..]);
        Self::parse(&address[..address.len() - path.len()])
    }

    /// Whether host and port are these. A port that is not named is the origin's scheme's.
    pub(super) fn is_at(&self, host: &Host) -> bool {
        self.name == host.name && self.port == host.port.unwrap_or(self.scheme.port())
    }
}

impl Scheme {
    fn split(text: &str) -> Option<(Self, &str)> {
        let https = text.strip_prefix("https://").map(|rest| (Self::Https, rest));
        https.or_else(|| text.strip_prefix("http://").map(|rest| (Self::Http, rest)))
    }

    const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// What the header `Host` holds.
#[derive(Debug)]
pub(super) struct Host {
    /// In lower case, an IPv6 address in its shortest form.
    name: String,
    port: Option<u16>,
}

impl Host {
    /// No user, no path, no dot at the end.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (name, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (address, port) = rest.split_once(']')?;
                (format!("[{}]", address.parse::<Ipv6Addr>().ok()?), port)
            }
            None => {
                let (name, port) = text.split_at(text.find(':').unwrap_or(text.len()));
                (is_name(name).then(|| name.to_ascii_lowercase())?, port)
            }
        };
        let port = if port.is_empty() { None } else { Some(number(port.strip_prefix(':')?)?) };
        Some(Self { name, port })
    }
}

fn is_name(text: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    !text.is_empty() && !text.ends_with('.') && text.bytes().all(known)
}

/// Digits alone: `parse` would take a sign as well.
fn number(digits: &str) -> Option<u16> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}
