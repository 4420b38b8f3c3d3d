//! `Forwarded` (RFC 7239).

use http::{HeaderMap, header::FORWARDED};

use super::{
    Peer,
    elements::Elements,
    node::{address, is_secure},
};

/// Who called each proxy, and how, from the nearest one outwards.
pub(super) fn hops(headers: &HeaderMap) -> impl Iterator<Item = Peer> {
    Elements::of(headers, &FORWARDED).map(|element| element.and_then(read).unwrap_or(Peer::UNKNOWN))
}

/// Reads one element: `for=192.0.2.1;proto=https`, as in section 4. `None` if it breaks the grammar or says one thing twice:
/// then nothing of it counts. Spaces around `;` are passed over, as many proxies write them.
fn read(element: &[u8]) -> Option<Peer> {
    let (mut node, mut scheme) = (None, None);
    let mut rest = element;
    loop {
        rest = rest.trim_ascii_start();
        if !matches!(rest.first(), None | Some(b';')) {
            let (name, after) = token(rest)?;
            let (value, after) = value(after.strip_prefix(b"=")?)?;
            let known = match () {
                () if name.eq_ignore_ascii_case(b"for") => Some(&mut node),
                () if name.eq_ignore_ascii_case(b"proto") => Some(&mut scheme),
                () => None,
            };
            if known.is_some_and(|known| known.replace(value).is_some()) {
                return None;
            }
            rest = after.trim_ascii_start();
        }
        match rest.split_first() {
            None => break,
            Some((b';', after)) => rest = after,
            Some(_) => return None,
        }
    }
    let mut room = [0; LONGEST];
    Some(Peer {
        address: node.and_then(|node| address(unescaped(node, &mut room)?)),
        secure: scheme.is_some_and(|scheme| unescaped(scheme, &mut room).is_some_and(is_secure)),
    })
}

/// A token, and what follows it.
fn token(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = text.iter().take_while(|byte| is_token(**byte)).count();
    (length > 0).then(|| text.split_at(length))
}

/// A token, or what stands between quotes with its escapes, and what follows.
fn value(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let Some(quoted) = text.strip_prefix(b"\"") else { return token(text) };
    let mut escaped = false;
    let end = quoted.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    })?;
    Some((&quoted[..end], &quoted[end + 1..]))
}

/// A value without its escapes. `None` if it is longer than any that means something.
fn unescaped<'a>(value: &[u8], room: &'a mut [u8; LONGEST]) -> Option<&'a [u8]> {
    let (mut length, mut escaped) = (0, false);
    for byte in value {
        escaped = *byte == b'\\' && !escaped;
        if !escaped {
            *room.get_mut(length)? = *byte;
            length += 1;
        }
    }
    Some(&room[..length])
}

/// RFC 9110, section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// More than the longest address takes with its port.
const LONGEST: usize = 64;
