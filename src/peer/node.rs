//! How a hop is written.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::{self, FromStr},
};

/// The address of `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]`, `[2001:db8::1]:80`: an address with or without a port, which
/// may be obfuscated (RFC 7239, section 6). `unknown`, an obfuscated address, one with a zone and anything else has none.
pub(super) fn address(text: &[u8]) -> Option<IpAddr> {
    let (address, port): (IpAddr, _) = match text.strip_prefix(b"[") {
        Some(text) => {
            let (address, rest) = split_at(text, b']')?;
            (parse::<Ipv6Addr>(address)?.into(), if rest.is_empty() { None } else { Some(rest.strip_prefix(b":")?) })
        }
        None => match split_at(text, b':') {
            Some((address, port)) => (parse::<Ipv4Addr>(address)?.into(), Some(port)),
            None => (parse::<Ipv4Addr>(text)?.into(), None),
        },
    };
    port.is_none_or(is_port).then(|| address.to_canonical())
}

/// An address of the family that is asked for.
pub(super) fn parse<A: FromStr>(text: &[u8]) -> Option<A> {
    str::from_utf8(text).ok()?.parse().ok()
}

/// Whether a request of this scheme comes over TLS.
pub(super) fn is_secure(scheme: &[u8]) -> bool {
    scheme.eq_ignore_ascii_case(b"https") || scheme.eq_ignore_ascii_case(b"wss")
}

fn is_port(text: &[u8]) -> bool {
    match text.strip_prefix(b"_") {
        Some(name) => !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte)),
        None => (1..=5).contains(&text.len()) && text.iter().all(u8::is_ascii_digit),
    }
}

fn split_at(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == separator)?;
    Some((&text[..at], &text[at + 1..]))
}
