//! Whatever anybody sends.

use std::net::IpAddr;

use proptest::{collection::vec, prelude::*, sample::select, test_runner::Config as Cases};

use super::{PROXY, ask, at, told};
use crate::config::ForwardedHeader;

proptest! {
    #![proptest_config(Cases { cases: 2_000, failure_persistence: None, ..Cases::default() })]

    #[test]
    fn a_stranger_is_where_his_socket_is(lines in vec(garbage(), 0..4), header in header(), socket in stranger()) {
        let headers = names(&lines);
        prop_assert_eq!(told(ask(header, &socket.to_string(), &headers)), at(&socket.to_string(), true));
    }

    /// Whatever a client sends ahead, in the same line or in lines of its own.
    #[test]
    fn what_the_proxy_has_added_counts(
        lines in vec(garbage(), 0..3), ahead in garbage(), client in stranger(), secure in any::<bool>(), quoted in any::<bool>(),
    ) {
        let scheme = if secure { "https" } else { "http" };
        let node = if client.is_ipv6() { format!("[{client}]") } else { client.to_string() };
        let node = if quoted || client.is_ipv6() { format!("\"{node}\"") } else { node };
        let added = [&ahead, format!(", for={node};proto={scheme}").as_bytes()].concat();
        let headers: Vec<_> = lines.iter().chain([&added]).map(|line| ("forwarded", line.as_slice())).collect();
        let expected = at(&client.to_string(), secure);
        prop_assert_eq!(told(ask(ForwardedHeader::Forwarded, PROXY, &headers)), expected);

        let added = [&ahead, format!(",{client}").as_bytes()].concat();
        let mut headers: Vec<_> = lines.iter().chain([&added]).map(|line| ("x-forwarded-for", line.as_slice())).collect();
        headers.push(("x-forwarded-proto", scheme.as_bytes()));
        let expected = at(&client.to_string(), secure);
        prop_assert_eq!(told(ask(ForwardedHeader::XForwardedFor, PROXY, &headers)), expected);
    }

    /// Nobody is at an address that no header names: the proxy's own, or one that stands there.
    #[test]
    fn garbage_names_nobody(lines in vec(garbage(), 0..4), header in header()) {
        let headers = names(&lines);
        if let Some(address) = ask(header, PROXY, &headers).address {
            let named = lines.iter().any(|line| String::from_utf8_lossy(line).contains(&address.to_string()));
            prop_assert!(named || address == PROXY.parse::<IpAddr>().unwrap(), "{}", address);
        }
    }
}

/// Each line as each header.
fn names(lines: &[Vec<u8>]) -> Vec<(&'static str, &[u8])> {
    let all = ["forwarded", "x-forwarded-for", "x-forwarded-proto"];
    lines.iter().flat_map(|line| all.map(|name| (name, line.as_slice()))).collect()
}

/// Bytes that a header may have: any, and more often those that mean something.
fn garbage() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        (0x20_u8..=0xff).prop_filter("no header holds it", |byte| *byte != 0x7f).prop_map(|byte| vec![byte]),
        select(
            &[
                "\"",
                "\\",
                ",",
                ";",
                "=",
                " ",
                "\t",
                "for=",
                "proto=https",
                "192.0.2.66",
                "10.0.0.2",
                "[",
                "]",
                ":80",
                "unknown"
            ][..]
        )
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    vec(part, 0..24).prop_map(|parts| parts.concat())
}

fn header() -> impl Strategy<Value = ForwardedHeader> {
    prop_oneof![Just(ForwardedHeader::Forwarded), Just(ForwardedHeader::XForwardedFor)]
}

/// An address that is no proxy's.
fn stranger() -> impl Strategy<Value = IpAddr> {
    any::<IpAddr>().prop_map(|address| address.to_canonical()).prop_filter("a proxy", |address| match address {
        IpAddr::V4(address) => address.octets()[0] != 10 && address.to_string() != "203.0.113.1",
        IpAddr::V6(address) => address.segments()[..3] != [0x2001, 0xdb8, 0xa],
    })
}
