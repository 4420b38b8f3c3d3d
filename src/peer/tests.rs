mod grammar;
mod properties;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::*;
use crate::config::{ForwardedHeader, Proxies};

/// The proxies of these tests are 10.0.0.0/8, 203.0.113.1 and 2001:db8:a::/48.
const PROXY: &str = "10.0.0.1";
const CLIENT: &str = "198.51.100.9";
const FAKE: &str = "192.0.2.66";

fn proxies(header: ForwardedHeader, trusted: &[&str]) -> TrustedProxies {
    TrustedProxies::new(&Proxies { trusted: trusted.iter().map(ToString::to_string).collect(), header })
}

fn ask(header: ForwardedHeader, socket: &str, headers: &[(&'static str, &[u8])]) -> Peer {
    let headers = headers
        .iter()
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap()))
        .collect();
    proxies(header, &["10.0.0.0/8", "203.0.113.1", "2001:db8:a::/48"]).peer(
        Some(socket.parse().unwrap()),
        true,
        &headers,
    )
}

/// By one or more lines of `Forwarded`, from a proxy.
fn forwarded(lines: &[&str]) -> (Option<String>, bool) {
    let lines: Vec<_> = lines.iter().map(|line| ("forwarded", line.as_bytes())).collect();
    told(ask(ForwardedHeader::Forwarded, PROXY, &lines))
}

/// By one or more lines of `X-Forwarded-For`, and of `X-Forwarded-Proto`.
fn x_forwarded(hops: &[&str], schemes: &[&str]) -> (Option<String>, bool) {
    let hops = hops.iter().map(|line| ("x-forwarded-for", line.as_bytes()));
    let schemes = schemes.iter().map(|line| ("x-forwarded-proto", line.as_bytes()));
    told(ask(ForwardedHeader::XForwardedFor, PROXY, &hops.chain(schemes).collect::<Vec<_>>()))
}

fn told(peer: Peer) -> (Option<String>, bool) {
    (peer.address.map(|address| address.to_string()), peer.secure)
}

fn at(address: &str, secure: bool) -> (Option<String>, bool) {
    (Some(address.to_owned()), secure)
}

const NOWHERE: (Option<String>, bool) = (None, false);

#[test]
fn a_strangers_headers_are_not_believed() {
    let headers: [(&str, &[u8]); 3] = [
        ("forwarded", b"for=192.0.2.66;proto=http"),
        ("x-forwarded-for", b"192.0.2.66"),
        ("x-forwarded-proto", b"http"),
    ];
    for header in [ForwardedHeader::Forwarded, ForwardedHeader::XForwardedFor] {
        for stranger in ["198.51.100.9", "203.0.113.2", "11.0.0.1", "2001:db8:b::1", "::1", "127.0.0.1"] {
            assert_eq!(told(ask(header, stranger, &headers)), at(stranger, true), "{stranger}");
        }
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap()));
        let headers = headers.collect();
        let nobody = proxies(header, &[]);
        assert_eq!(told(nobody.peer(PROXY.parse().ok(), false, &headers)), at(PROXY, false));
        for over_tls in [false, true] {
            let everybody = proxies(header, &["0.0.0.0/0", "::/0"]);
            assert_eq!(told(everybody.peer(None, over_tls, &headers)), (None, over_tls), "a socket without address");
        }
    }
}

#[test]
fn a_header_that_the_proxy_does_not_set_is_not_looked_at() {
    let x: [(&str, &[u8]); 2] = [("x-forwarded-for", b"192.0.2.66"), ("x-forwarded-proto", b"https")];
    assert_eq!(told(ask(ForwardedHeader::Forwarded, PROXY, &x)), at(PROXY, false));
    let standard: [(&str, &[u8]); 1] = [("forwarded", b"for=192.0.2.66;proto=https")];
    assert_eq!(told(ask(ForwardedHeader::XForwardedFor, PROXY, &standard)), at(PROXY, false));
    let both = [x[0], ("forwarded", b"for=198.51.100.9;proto=http".as_slice()), x[1]];
    assert_eq!(told(ask(ForwardedHeader::Forwarded, PROXY, &both)), at(CLIENT, false));
    let both = [standard[0], ("x-forwarded-for", b"198.51.100.9".as_slice())];
    assert_eq!(told(ask(ForwardedHeader::XForwardedFor, PROXY, &both)), at(CLIENT, false));
}

#[test]
fn a_proxy_that_asks_by_itself_is_whom_it_is() {
    assert_eq!(forwarded(&[]), at(PROXY, false));
    assert_eq!(forwarded(&["", " , "]), at(PROXY, false));
    assert_eq!(x_forwarded(&[], &["https"]), at(PROXY, false), "nor is a scheme believed that belongs to no hop");
}

#[test]
fn the_client_is_the_first_from_the_right_that_is_no_proxy() {
    for (lines, expected) in [
        (&["198.51.100.9"][..], CLIENT),
        (&["198.51.100.9, 10.0.0.2"], CLIENT),
        (&["198.51.100.9,203.0.113.1 ,\t10.1.2.3"], CLIENT),
        (&["192.0.2.66, 198.51.100.9"], CLIENT),
        (&["10.0.0.3, 192.0.2.66, 198.51.100.9, 10.0.0.2"], CLIENT),
        (&["unknown, 198.51.100.9"], CLIENT),
        (&["\"\\, 198.51.100.9, 10.0.0.2"], CLIENT),
        (&["192.0.2.66", "198.51.100.9"], CLIENT),
        (&["198.51.100.9", "10.0.0.2"], CLIENT),
        (&["192.0.2.66", "198.51.100.9, 10.0.0.3", "10.0.0.2"], CLIENT),
        (&["192.0.2.66, \u{fc}", "198.51.100.9"], CLIENT),
        // All are proxies: the request began inside.
        (&["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        (&["10.0.0.3", "203.0.113.1"], "10.0.0.3"),
        (&[", 10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        (&["", ", ,10.0.0.3"], "10.0.0.3"),
    ] {
        assert_eq!(x_forwarded(lines, &[]), at(expected, false), "{lines:?}");
    }
}

#[test]
fn the_scheme_is_the_one_of_the_clients_hop() {
    for (hops, schemes, secure) in [
        ("198.51.100.9", &["https"][..], true),
        ("198.51.100.9", &["HTTPS"], true),
        ("198.51.100.9", &["wss"], true),
        ("198.51.100.9", &["http"], false),
        ("198.51.100.9", &["https "], true),
        ("198.51.100.9", &["\"https\""], false),
        ("198.51.100.9", &["ws"], false),
        ("198.51.100.9", &[""], false),
        ("198.51.100.9", &[], false),
        // As many as hops: each has its own.
        ("198.51.100.9, 10.0.0.2", &["https, http"], true),
        ("198.51.100.9, 10.0.0.2", &["http, https"], false),
        ("198.51.100.9, 10.0.0.2", &["https", "http"], true),
        ("192.0.2.66, 198.51.100.9", &["https, http"], false),
        ("192.0.2.66, 198.51.100.9, 10.0.0.2", &["https, http, https"], false),
        ("192.0.2.66, 198.51.100.9, 10.0.0.2", &["http, https, http"], true),
        // One for all.
        ("198.51.100.9, 10.0.0.2", &["https"], true),
        ("192.0.2.66, 198.51.100.9, 10.0.0.2", &["http"], false),
        // Whose is whose cannot be told.
        ("198.51.100.9", &["https, https"], false),
        ("192.0.2.66, 198.51.100.9, 10.0.0.2", &["https, https"], false),
        ("198.51.100.9, 10.0.0.2", &["https,, https"], false),
    ] {
        assert_eq!(x_forwarded(&[hops], schemes), at(CLIENT, secure), "{hops} {schemes:?}");
    }
}

#[test]
fn mapped_addresses_are_those_that_they_map() {
    let mut headers = HeaderMap::new();
    headers.insert("x-forwarded-for", HeaderValue::from_static("198.51.100.9"));
    for (trusted, socket, client) in [
        ("10.0.0.0/8", "::ffff:10.0.0.1", CLIENT),
        ("10.0.0.1", "::ffff:10.0.0.1", CLIENT),
        ("::ffff:10.0.0.1", "10.0.0.1", CLIENT),
        ("::ffff:10.0.0.0/104", "10.200.0.1", CLIENT),
        ("::ffff:10.0.0.0/104", "::ffff:10.200.0.1", CLIENT),
        ("::ffff:0:0/96", "192.0.2.1", CLIENT),
        ("10.7.7.7/8", "10.200.0.1", CLIENT),
        ("2001:db8::1", "2001:db8::1", CLIENT),
        ("10.0.0.1", "10.0.0.2", "10.0.0.2"),
        ("::ffff:10.0.0.0/104", "11.0.0.1", "11.0.0.1"),
        ("192.0.2.0/24", "::ffff:192.0.3.1", "192.0.3.1"),
        ("2001:db8::1", "2001:db8::2", "2001:db8::2"),
        ("::/0", "192.0.2.1", "192.0.2.1"),
        ("::/95", "::ffff:192.0.2.1", "192.0.2.1"),
        ("0.0.0.0/0", "2001:db8::1", "2001:db8::1"),
        ("nonsense", "192.0.2.1", "192.0.2.1"),
        ("10.0.0.0/33", "10.0.0.1", "10.0.0.1"),
    ] {
        let proxies = proxies(ForwardedHeader::XForwardedFor, &[trusted]);
        let peer = proxies.peer(socket.parse().ok(), true, &headers);
        assert_eq!(told(peer), at(client, client != CLIENT), "{trusted} {socket}");
    }
}

#[test]
fn a_bomb_costs_little_and_says_nothing() {
    let fakes =
        [format!("{FAKE}, ").repeat(10_000), "\"\\".repeat(32 * 1024), ",".repeat(64 * 1024), "a".repeat(64 * 1024)];
    for fake in &fakes {
        // Where the proxy has added its word, nothing of it is even read.
        assert_eq!(x_forwarded(&[fake, CLIENT], &[]), at(CLIENT, false));
        assert_eq!(x_forwarded(&[&format!("{fake},{CLIENT}")], &["https"]), at(CLIENT, true));
        assert_eq!(forwarded(&[&format!("{fake},for={CLIENT};proto=https")]), at(CLIENT, true));
        // Schemes are counted, but no further than the bounds.
        assert_eq!(x_forwarded(&[&format!("{fake},{CLIENT}")], &[&"https,".repeat(10_000)]), at(CLIENT, false));
        // Where proxies have added more than that, it is not read to its end.
        let proxies = format!("{fake}, {}", ["10.0.0.2"; 64].join(","));
        assert_eq!(x_forwarded(&[&proxies], &["https"]), NOWHERE);
        let long = format!("{fake}, for=10.0.0.2;host=\"{}\"", "\\a".repeat(4096));
        assert_eq!(forwarded(&[&long]), NOWHERE);
    }
    assert_eq!(forwarded(&[&format!("for={CLIENT};proto=https;host={}", "a".repeat(8100))]), at(CLIENT, true));
    let half = format!("for=10.0.0.2;host={}", "a".repeat(4096));
    assert_eq!(forwarded(&[&format!("for={CLIENT}, {half}")]), at(CLIENT, false));
    assert_eq!(forwarded(&[&format!("for={CLIENT}, {half}, {half}")]), NOWHERE, "8 KiB are all elements' together");
    assert_eq!(forwarded(&[&format!("for={CLIENT}"), &half, &half]), NOWHERE, "and all lines'");
    assert_eq!(x_forwarded(&[&["10.0.0.2"; 64].join(",")], &["https"]), at("10.0.0.2", true));
    let lines = [&[CLIENT][..], &["10.0.0.2"; 63]].concat();
    assert_eq!(x_forwarded(&lines, &[]), at(CLIENT, false), "64 elements are looked at");
    let lines = [&[CLIENT][..], &["10.0.0.2"; 64]].concat();
    assert_eq!(x_forwarded(&lines, &[]), NOWHERE, "and no more");
    assert_eq!(x_forwarded(&[&[FAKE][..], &[""; 1000]].concat(), &[]), NOWHERE);
}
