//! `Forwarded`, `X-Forwarded-For` and what else tells where a request came from: whose word is believed.
//!
//! The first byte of the input says by its lowest bits who is at the other end of the socket (1: a proxy of ours; 2: by IPv6),
//! and the header that our proxies set (4). Each further line is a header; its first letter says which.

use std::{collections::BTreeSet, convert::Infallible, future::IntoFuture, net::IpAddr};

use countersign::{ClientAddress, Config, ForwardedHeader, Session, SessionLayer};
use http::{HeaderName, HeaderValue, Request, Response};
use tower::{Layer, ServiceExt, service_fn};

use super::setting::{at_once, sessions_with};

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
    if trusted {
        believed(socket, &values(header, &headers), address);
    } else {
        assert_eq!(address, Some(socket), "nobody's word is believed but that of one's own proxies");
    }
}

/// Headers from one's own proxy: right to left each proxy of ours is believed about who was before it. What stands left of the
/// first that is not ours, anybody can have written. What cannot be read makes the client unknown, and nobody else.
fn believed(socket: IpAddr, entries: &[Entry], address: Option<IpAddr>) {
    let mut near = BTreeSet::from([socket]);
    let (mut client, mut plain) = (socket, entries.len() <= MOST);
    for entry in entries.iter().rev() {
        // What is no address ends the walk: whoever wrote it has vouched for nothing before it.
        let Some(named) = entry.address else {
            plain = false;
            break;
        };
        near.insert(named);
        (client, plain) = (named, plain && entry.is_plain);
        if !is_ours(named) {
            break;
        }
    }
    let address = address.map(|address| address.to_canonical());
    assert!(address.is_none_or(|address| near.contains(&address)), "{address:?} out of {near:?}");
    if plain {
        assert_eq!(address, Some(client), "the first that is not ours, or else the last of ours, is the client");
    }
}

/// What one proxy says of who was before it.
struct Entry {
    address: Option<IpAddr>,
    /// Whether it is written without any liberty, so that it has to be read.
    is_plain: bool,
}

/// The entries of all headers of the one kind that is looked at, left to right. A comma ends an entry, whatever it stands in.
fn values(header: ForwardedHeader, headers: &[(HeaderName, Vec<u8>)]) -> Vec<Entry> {
    let name = if header == ForwardedHeader::Forwarded { "forwarded" } else { "x-forwarded-for" };
    let lines = headers.iter().filter(|(other, _)| other == name);
    // One character a byte, so that text can be cut like text.
    let texts = lines.map(|(_, value)| value.iter().copied().map(char::from).collect::<String>());
    let entry = match header {
        ForwardedHeader::XForwardedFor => |text: &str| Entry { address: address(text), is_plain: is_plain(text) },
        ForwardedHeader::Forwarded => element,
    };
    texts.flat_map(|text| text.split(',').map(entry).collect::<Vec<_>>()).collect()
}

/// RFC 7239, section 4: pairs by semicolons, of which one names the node.
fn element(text: &str) -> Entry {
    let named = text.split(';').filter_map(|pair| pair.split_once('='));
    let mut nodes = named.filter(|(name, _)| name.trim_matches([' ', '\t']).eq_ignore_ascii_case("for"));
    let node = nodes.next().filter(|_| nodes.next().is_none());
    let node = node.map(|(_, node)| node.trim_matches([' ', '\t']));
    let bare = node.map(|node| node.strip_prefix('"').and_then(|node| node.strip_suffix('"')).unwrap_or(node));
    Entry {
        address: bare.and_then(|node| address(&node.replace('\\', ""))),
        is_plain: text.strip_prefix("for=").is_some_and(|node| is_plain(node) && !node.contains(':')),
    }
}

fn is_plain(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
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

/// More entries than this are not looked at.
const MOST: usize = 64;

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
            (Forwarded, &["for=192.0.2.1;host=\"a, for=10.0.0.1\""], &["192.0.2.1", ""]),
            (Forwarded, &["for=\"192\\.0.2.1\";host=\"\\\"\", for=10.0.0.1"], &["192.0.2.1", "10.0.0.1"]),
            (Forwarded, &["for=\"192.0.2.1, for=10.0.0.1"], &["", "10.0.0.1"]),
            (Forwarded, &[], &[]),
        ];
        for (header, lines, expected) in cases {
            let name = if header == Forwarded { "forwarded" } else { "x-forwarded-for" };
            let headers: Vec<_> =
                lines.iter().map(|line| (HeaderName::from_static(name), line.as_bytes().to_vec())).collect();
            let expected: Vec<Option<IpAddr>> = expected.iter().map(|address| address.parse().ok()).collect();
            let found: Vec<_> = values(header, &headers).iter().map(|entry| entry.address).collect();
            assert_eq!(found, expected, "{lines:?}");
        }
    }

    #[test]
    fn the_model_believes_nothing_left_of_the_first_stranger() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let entry = |text: &str| Entry { address: text.parse().ok(), is_plain: true };
        let holds = |found: &str| {
            let found = address(found);
            let entries = ["203.0.113.9", "192.0.2.1", "10.0.0.1"].map(entry);
            std::panic::catch_unwind(move || believed(address("10.1.2.3"), &entries, Some(found))).is_ok()
        };
        assert!(holds("192.0.2.1"));
        assert!(!holds("203.0.113.9") && !holds("10.0.0.1") && !holds("10.1.2.3"));
        believed(address("10.1.2.3"), &["", "10.0.0.1"].map(entry), None);
        believed(address("10.1.2.3"), &[], Some(address("10.1.2.3")));
    }
}
