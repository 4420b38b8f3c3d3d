//! `Forwarded`, `X-Forwarded-For` and what else tells where a request came from: whose word is believed.
//!
//! The first byte of the input says by its lowest bits who is at the other end of the socket (1: a proxy of ours; 2: by IPv6),
//! and the header that our proxies set (4). Each further line is a header; its first letter says which.

use std::{collections::BTreeSet, convert::Infallible, future::IntoFuture, net::IpAddr};

use countersign::{ClientAddress, Config, ForwardedHeader, Session, SessionLayer};
use http::{HeaderName, HeaderValue, Request, Response};
use tower::{Layer, ServiceExt, service_fn};

use super::setting::{at_once, sessions_with};

/// Whether the crate reads such headers at all. While it does not, nobody's are believed.
const READ: bool = false;

pub fn check(input: &[u8]) {
    let (first, lines) = input.split_first().unwrap_or((&0, &[]));
    let header = if first & 4 == 0 { ForwardedHeader::XForwardedFor } else { ForwardedHeader::Forwarded };
    let trusted = first & 1 == 1;
    let socket: IpAddr = match (trusted, first & 2 == 0) {
        (true, true) => "10.1.2.3",
        (true, false) => "fd00::3",
        (false, true) => "192.0.2.7",
        (false, false) => "2001:db8::7",
    }
    .parse()
    .unwrap();
    let headers: Vec<(HeaderName, Vec<u8>)> = lines.split(|byte| *byte == b'\n').map(named).collect();

    let address = recorded(socket, header, &headers);
    if trusted && READ {
        believed(socket, &values(header, &headers), address);
    } else {
        assert_eq!(address, Some(socket), "nobody's word is believed but that of one's own proxies");
    }
}

/// Headers from one's own proxy: right to left each proxy of ours is believed about who was before it. What stands left of the
/// first that is not ours, anybody can have written.
fn believed(socket: IpAddr, entries: &[Option<IpAddr>], address: Option<IpAddr>) {
    let mut near = BTreeSet::from([socket]);
    let mut first_stranger = None;
    for entry in entries.iter().rev() {
        // What is no address ends the walk: whoever wrote it has vouched for nothing before it.
        let Some(entry) = entry else { break };
        near.insert(*entry);
        if !is_ours(*entry) {
            first_stranger = Some(*entry);
            break;
        }
    }
    let address = address.map(|address| address.to_canonical());
    assert!(address.is_none_or(|address| near.contains(&address)), "{address:?} out of {near:?}");
    if first_stranger.is_some() && (1..=8).contains(&entries.len()) {
        assert_eq!(address, first_stranger, "the first that is not ours is the client");
    }
}

/// The entries of all headers of the one kind that is looked at, left to right. `None` is one that is no address.
fn values(header: ForwardedHeader, headers: &[(HeaderName, Vec<u8>)]) -> Vec<Option<IpAddr>> {
    let name = if header == ForwardedHeader::Forwarded { "forwarded" } else { "x-forwarded-for" };
    let lines = headers.iter().filter(|(other, _)| other == name);
    // One character a byte, so that text can be cut like text.
    let texts = lines.map(|(_, value)| value.iter().copied().map(char::from).collect::<String>());
    match header {
        ForwardedHeader::XForwardedFor => {
            texts.flat_map(|text| text.split(',').map(address).collect::<Vec<_>>()).collect()
        }
        ForwardedHeader::Forwarded => texts.flat_map(|text| elements(&text)).collect(),
    }
}

/// RFC 7239, section 4: elements by commas, pairs by semicolons, neither inside of quotes.
fn elements(text: &str) -> Vec<Option<IpAddr>> {
    let element = |element: String| {
        let pairs = cut(&element, ';');
        let named = pairs.iter().filter_map(|pair| pair.split_once('='));
        let mut nodes = named.filter(|(name, _)| name.trim_matches([' ', '\t']).eq_ignore_ascii_case("for"));
        let (_, node) = nodes.next().filter(|_| nodes.next().is_none())?;
        let node = node.trim_matches([' ', '\t']);
        let bare = node.strip_prefix('"').and_then(|node| node.strip_suffix('"'));
        address(&bare.unwrap_or(node).replace('\\', ""))
    };
    cut(text, ',').into_iter().map(element).collect()
}

/// Cuts text where this character stands outside of quotes.
fn cut(text: &str, at: char) -> Vec<String> {
    let (mut parts, mut quoted, mut escaped) = (vec![String::new()], false, false);
    for c in text.chars() {
        match c {
            _ if c == at && !quoted => {
                parts.push(String::new());
                continue;
            }
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = quoted && c == '\\' && !escaped;
        parts.last_mut().unwrap().push(c);
    }
    parts
}

/// `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]`, and each with a port.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim_matches([' ', '\t']);
    let found = text.parse().ok().or_else(|| {
        let host = match text.strip_prefix('[') {
            Some(rest) => rest.split_once(']')?.0,
            None => text.rsplit_once(':')?.0,
        };
        host.parse().ok()
    });
    found.map(|address: IpAddr| address.to_canonical())
}

fn is_ours(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.octets()[0] == 10,
        IpAddr::V6(address) => address.segments()[0] >> 8 == 0xfd,
    }
}

fn named(line: &[u8]) -> (HeaderName, Vec<u8>) {
    let (first, value) = line.split_first().unwrap_or((&b'X', &[]));
    let name = match first {
        b'F' => "forwarded",
        b'P' => "x-forwarded-proto",
        b'H' => "x-forwarded-host",
        b'R' => "x-real-ip",
        b'V' => "via",
        _ => "x-forwarded-for",
    };
    let value = value.iter().copied().filter(|byte| matches!(byte, b'\t' | b' '..=b'~' | 0x80..)).collect();
    (HeaderName::from_static(name), value)
}

/// The address that a session has which is begun by such a request.
fn recorded(socket: IpAddr, header: ForwardedHeader, headers: &[(HeaderName, Vec<u8>)]) -> Option<IpAddr> {
    let mut config = Config::production();
    config.proxies.trusted = ["10.0.0.0/8", "fd00::/8"].map(str::to_owned).to_vec();
    config.proxies.header = header;
    let sessions = sessions_with(config);

    let mut request = Request::new(());
    request.extensions_mut().insert(ClientAddress(socket));
    for (name, value) in headers {
        request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
    }
    let handler = async |request: Request<()>| {
        Session::of(&request).log_in("ada").into_future().await.unwrap();
        Ok::<_, Infallible>(Response::new(()))
    };
    let response = at_once(SessionLayer::new(sessions.clone()).layer(service_fn(handler)).oneshot(request)).unwrap();
    assert_eq!(response.status(), 200, "whatever it says, it is served");
    let begun = at_once(sessions.list("ada")).unwrap();
    assert_eq!(begun.len(), 1);
    begun[0].address()
}

/// The model itself.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_reads_what_the_standards_write() {
        use ForwardedHeader::{Forwarded, XForwardedFor};
        let cases: [(_, &[&str], &[&str]); 12] = [
            (XForwardedFor, &["203.0.113.9, 10.0.0.9"], &["203.0.113.9", "10.0.0.9"]),
            (
                XForwardedFor,
                &["203.0.113.9:80", "[2001:db8::9]:80,2001:db8::8"],
                &["203.0.113.9", "2001:db8::9", "2001:db8::8"],
            ),
            (XForwardedFor, &["::ffff:10.0.0.1,\t192.0.2.1 "], &["10.0.0.1", "192.0.2.1"]),
            (XForwardedFor, &["unknown, ,192.0.2.1"], &["", "", "192.0.2.1"]),
            (Forwarded, &["for=192.0.2.1;proto=https, For=\"[2001:db8::1]:80\""], &["192.0.2.1", "2001:db8::1"]),
            (Forwarded, &["by=x; for=192.0.2.1", "for=10.0.0.1"], &["192.0.2.1", "10.0.0.1"]),
            (Forwarded, &["for=_hidden, for=unknown, proto=http"], &["", "", ""]),
            (Forwarded, &["for=192.0.2.1;for=192.0.2.2"], &[""]),
            (Forwarded, &["for=192.0.2.1;host=\"a, for=10.0.0.1\""], &["192.0.2.1"]),
            (Forwarded, &["for=\"192\\.0.2.1\";host=\"\\\"\", for=10.0.0.1"], &["192.0.2.1", "10.0.0.1"]),
            (Forwarded, &["for=\"192.0.2.1, for=10.0.0.1"], &[""]),
            (Forwarded, &[], &[]),
        ];
        for (header, lines, expected) in cases {
            let name = if header == Forwarded { "forwarded" } else { "x-forwarded-for" };
            let headers: Vec<_> =
                lines.iter().map(|line| (HeaderName::from_static(name), line.as_bytes().to_vec())).collect();
            let expected: Vec<Option<IpAddr>> = expected.iter().map(|address| address.parse().ok()).collect();
            assert_eq!(values(header, &headers), expected, "{lines:?}");
        }
    }

    #[test]
    fn the_model_believes_nothing_left_of_the_first_stranger() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let entries = ["203.0.113.9", "192.0.2.1", "10.0.0.1"].map(|text| text.parse().ok());
        let holds = |found: &str| {
            let found = address(found);
            std::panic::catch_unwind(move || believed(address("10.1.2.3"), &entries, Some(found))).is_ok()
        };
        assert!(holds("192.0.2.1"));
        assert!(!holds("203.0.113.9") && !holds("10.0.0.1") && !holds("10.1.2.3"));
        believed(address("10.1.2.3"), &[None, Some(address("10.0.0.1"))], Some(address("10.0.0.1")));
        believed(address("10.1.2.3"), &[], Some(address("10.1.2.3")));
    }
}
