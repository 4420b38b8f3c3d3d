//! What is read of an element, and what is not.

use super::{CLIENT, NOWHERE, PROXY, at, forwarded, x_forwarded};

#[test]
fn an_address_has_many_spellings_and_one_form() {
    for (written, address) in [
        ("198.51.100.9:4711", CLIENT),
        ("198.51.100.9:_port-1.a", CLIENT),
        ("::ffff:198.51.100.9", CLIENT),
        ("::FFFF:c633:6409", CLIENT),
        ("[::ffff:198.51.100.9]:80", CLIENT),
        ("2001:db8::9", "2001:db8::9"),
        ("2001:DB8:0:0:0:0:0:9", "2001:db8::9"),
        ("[2001:db8::9]", "2001:db8::9"),
        ("[2001:db8::9]:80", "2001:db8::9"),
        ("2001:db8::9, 2001:db8:a::1", "2001:db8::9"),
        ("2001:db8::9, ::ffff:10.0.0.2, [2001:db8:a:ffff::]:1", "2001:db8::9"),
    ] {
        assert_eq!(x_forwarded(&[written], &[]), at(address, false), "{written}");
    }
}

#[test]
fn who_called_a_proxy_that_does_not_tell_is_unknown() {
    for boundary in [
        "unknown",
        "_hidden",
        "unix:",
        "-",
        "localhost",
        "198.51.100",
        "198.51.100.9.1",
        "198.51.100.009",
        "198.51.100.256",
        "0x7f.0.0.1",
        "3325256713",
        "198.51.100.9:",
        "198.51.100.9:http",
        "198.51.100.9:123456",
        "198.51.100.9:80:80",
        "198.51.100.9/32",
        "198.51.100.9;proto=https",
        "\"198.51.100.9\"",
        "[198.51.100.9]",
        "[2001:db8::9",
        "2001:db8::9]",
        "[2001:db8::9]80",
        "[2001:db8::9]:",
        "[]",
        "[",
        ":80",
        "fe80::1%eth0",
        "fe80::1%1",
        "[fe80::1%25eth0]:80",
        "2001:db8:::9",
        "\u{fc}",
        "198.51.100.9 192.0.2.66",
        // Nothing: what stands left of it, somebody else has written.
        "",
        " ",
        ",,",
    ] {
        for line in [format!("192.0.2.66, {boundary}"), format!("10.0.0.3, {boundary}, 10.0.0.2")] {
            assert_eq!(x_forwarded(&[&line], &[]), NOWHERE, "{line}");
        }
    }
    assert_eq!(x_forwarded(&["192.0.2.66", ""], &["https"]), NOWHERE);
    assert_eq!(x_forwarded(&["192.0.2.66, unknown"], &["https"]), (None, true), "but how he came is told");
}

#[test]
fn forwarded_is_read_by_its_grammar() {
    for (lines, expected) in [
        (&["for=198.51.100.9"][..], at(CLIENT, false)),
        (&["for=198.51.100.9;proto=https"], at(CLIENT, true)),
        (&["For=\"198.51.100.9\";PROTO=\"HTTPS\""], at(CLIENT, true)),
        (&["proto=wss;by=_a;host=example.org;for=198.51.100.9"], at(CLIENT, true)),
        (&[";for=198.51.100.9; proto=https ;;"], at(CLIENT, true)),
        (&["for=\"198.51.100.9:80\";proto=httpss"], at(CLIENT, false)),
        (&["for=\"19\\8.51.100\\.9\";proto=\"h\\ttps\""], at(CLIENT, true)),
        (&["for=\"[2001:db8::9]:4711\";proto=https"], at("2001:db8::9", true)),
        (&["for=\"[::ffff:198.51.100.9]\""], at(CLIENT, false)),
        (&["for=198.51.100.9;host=\"a\\\";for=192.0.2.66\\\\\""], at(CLIENT, false)),
        (&["for=198.51.100.9;x=\"\\\\\";proto=https"], at(CLIENT, true)),
        (&["for=198.51.100.9;proto=https, for=10.0.0.2;proto=http"], at(CLIENT, true)),
        (&["for=198.51.100.9;proto=http, for=10.0.0.2;proto=https"], at(CLIENT, false)),
        (&["for=192.0.2.66;proto=https", "for=198.51.100.9"], at(CLIENT, false)),
        (&["for=10.0.0.3;proto=https, for=\"10.0.0.2:1\""], at("10.0.0.3", true)),
        // What a client sends ahead does not change how the proxy's element is read.
        (&["for=\"192.0.2.66, for=198.51.100.9"], at(CLIENT, false)),
        (&["for=\"192.0.2.66\\, for=198.51.100.9"], at(CLIENT, false)),
        (&["\", for=198.51.100.9;host=\"\";x=\"y\""], at(CLIENT, false)),
        (&["for=\"", "for=198.51.100.9;proto=https"], at(CLIENT, true)),
        // The proxy does not tell who called it, but how.
        (&["for=192.0.2.66, for=unknown;proto=https"], (None, true)),
        (&["for=192.0.2.66, for=_a1;proto=http"], (None, false)),
        (&["for=192.0.2.66, for=\"_a1:_b\";proto=https"], (None, true)),
        (&["for=192.0.2.66, proto=https"], (None, true)),
        (&["for=192.0.2.66, for=\"2001:db8::9\";proto=https"], (None, true)),
        (&["for=192.0.2.66, for=\"[fe80::1%25eth0]\";proto=https"], (None, true)),
        (&["for=192.0.2.66, for=\"\";proto=https"], (None, true)),
    ] {
        assert_eq!(forwarded(lines), expected, "{lines:?}");
    }
}

#[test]
fn an_element_that_breaks_the_grammar_tells_nothing() {
    for element in [
        "198.51.100.9;proto=https",
        "for=198.51.100.9:80;proto=https",
        "for=[2001:db8::9];proto=https",
        "for=;proto=https",
        "for;proto=https",
        "for =198.51.100.9;proto=https",
        "for= 198.51.100.9;proto=https",
        "=198.51.100.9;proto=https",
        "for=198.51.100.9 proto=https",
        "for=\"198.51.100.9\"proto=https",
        "for=\"198.51.100.9;proto=https",
        "for=198.51.100.9\";proto=https",
        "for=198.51.100.9;proto=\"https",
        "for=198.51.100.9;proto=\"https\\\"",
        "for='198.51.100.9;proto=https\"",
        "proto=https;for=198.51.100.9;for=198.51.100.9",
        "proto=http;for=198.51.100.9;Proto=https",
        "for=198.51.100.9;proto=https;\u{fc}=1",
        "for=198.51.100.9;proto=https;a=\u{fc}",
        // A comma between quotes.
        "for=198.51.100.9;proto=https;host=\"a,b\"",
        "for=198.51.100.9;proto=https;host=\"a, for=192.0.2.66;proto=https\"",
        "for=198.51.100.9;proto=https;host=\"a, for=192.0.2.66;proto=https;x=\\\"\"",
        "for=198.51.100.9;proto=https;host=\"a,for=192.0.2.66;x=\";y=\";z=\\\"\"",
        // Halves, which would be a whole with what a client can send ahead.
        "for=198.51.100.9\";proto=https",
        "for=198.51.100.9;proto=https;host=\"",
        "for=198.51.100.9;proto=https;host=\";x=\"\"",
        "",
    ] {
        for ahead in ["", "for=192.0.2.66;proto=https, ", "for=\"192.0.2.66, ", "for=192.0.2.66;proto=https;x=\", "] {
            let line = format!("{ahead}{element}");
            let expected = if line.is_empty() { at(PROXY, false) } else { NOWHERE };
            assert_eq!(forwarded(&[&line]), expected, "{line}");
        }
    }
}
