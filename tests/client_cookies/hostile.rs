//! what a hostile server, or one beside the right one, tries to put where it does not belong.

use countersign::client::{Cookie, CookieJar, CookieRefusalKind};

use crate::help::{echoed, jar_of, now, sent, uri};

use CookieRefusalKind::{ForeignDomain, InsecureOrigin, MalformedDomain, OverlaysSecure, Prefix, PublicSuffix};

#[test]
fn a22_a_domain_that_is_not_the_senders_is_refused() {
    for (from, domain, expected) in [
        // Public suffixes, of registries and of hosts for everybody.
        ("https://shop.co.uk/", "co.uk", PublicSuffix),
        ("https://shop.co.uk/", ".co.uk", PublicSuffix),
        ("https://shop.co.uk/", "CO.UK", PublicSuffix),
        ("https://shop.co.uk/", "uk", PublicSuffix),
        ("https://example.com/", "com", PublicSuffix),
        ("https://mallory.github.io/", "github.io", PublicSuffix),
        ("https://mallory.github.io/", "io", PublicSuffix),
        ("https://mallory.github.io/", "victim.github.io", ForeignDomain),
        ("https://shop.anything.ck/", "anything.ck", PublicSuffix),
        ("https://shop.kawasaki.jp/", "kawasaki.jp", PublicSuffix),
        ("https://a.shop.kawasaki.jp/", "shop.kawasaki.jp", PublicSuffix),
        ("https://city.kawasaki.jp/", "kawasaki.jp", PublicSuffix),
        ("https://shop.anything.ck/", "ck", PublicSuffix),
        // No suffix, but one lies between.
        ("https://bucket.s3.amazonaws.com/", "s3.amazonaws.com", PublicSuffix),
        ("https://bucket.s3.amazonaws.com/", "amazonaws.com", PublicSuffix),
        // In punycode, as requests spell them.
        ("https://shop.xn--55qx5d.cn/", "xn--55qx5d.cn", PublicSuffix),
        ("https://shop.xn--p1ai/", "XN--P1AI", PublicSuffix),
        ("https://shop.xn--p1ai/", "\u{440}\u{444}", MalformedDomain),
        ("https://xn--bcher-kva.example/", "b\u{fc}cher.example", MalformedDomain),
        // The root, seen and unseen.
        ("https://example.com./", "com.", PublicSuffix),
        ("https://example.com./", "com", PublicSuffix),
        ("https://example.com/", "example.com.", ForeignDomain),
        ("https://example.com./", "example.com", ForeignDomain),
        ("https://example.com/", "..com", MalformedDomain),
        ("https://example.com/", "example..com", MalformedDomain),
        ("https://example.com/", "example.com..", MalformedDomain),
        // Addresses have no domains.
        ("https://192.0.2.1/", "0.2.1", ForeignDomain),
        ("https://192.0.2.1/", "2.1", ForeignDomain),
        ("https://192.0.2.1/", "1", ForeignDomain),
        ("https://192.0.2.1/", "192.0.2.2", ForeignDomain),
        ("https://192.0.2.0x1/", "0x1", ForeignDomain),
        ("https://[2001:db8::1]/", "2001:db8::1", ForeignDomain),
        ("https://[2001:db8::1]/", "[2001:db8::2]", ForeignDomain),
        ("https://[2001:db8::1]/", "[::]", ForeignDomain),
        // Others that begin or end alike, and what is no host at all.
        ("https://evil-example.com/", "example.com", ForeignDomain),
        ("https://example.com.evil.org/", "example.com", ForeignDomain),
        ("https://example.com/", "www.example.com", ForeignDomain),
        ("https://www.example.com/", "*.example.com", ForeignDomain),
        ("https://www.example.com/", "example.com/", ForeignDomain),
        ("https://www.example.com/", "example.com, example.com", ForeignDomain),
        ("https://www.example.com/", "\"example.com\"", ForeignDomain),
        ("https://www.example.com/", "%65xample.com", ForeignDomain),
        ("https://localhost/", "example.com", ForeignDomain),
        ("https://example.com/", "localhost", ForeignDomain),
    ] {
        assert_eq!(echoed(from, format!("a=1; Domain={domain}")), Err(expected), "{from} {domain}");
    }
}

#[test]
fn a22_a_suffix_that_is_a_host_keeps_its_cookies_to_itself() {
    for (suffix, below) in [
        ("https://github.io/", "https://victim.github.io/"),
        ("https://co.uk/", "https://shop.co.uk/"),
        ("https://xn--p1ai/", "https://shop.xn--p1ai/"),
    ] {
        let domain = uri(suffix).host().unwrap().to_owned();
        let jar = jar_of(suffix, &[&format!("a=1; Domain={domain}"), &format!("b=2; Domain=.{domain}")]);
        assert!(jar.iter().all(Cookie::is_host_only));
        assert_eq!((sent(&jar, suffix).as_str(), sent(&jar, below).as_str()), ("a=1; b=2", ""), "{suffix}");
    }
}

#[test]
fn a22_an_address_keeps_its_cookies_to_itself() {
    for host in ["192.0.2.1", "[2001:db8::1]", "127.1", "0x7f.0.0.1", "2130706433"] {
        let jar = jar_of(&format!("https://{host}/"), &["a=1", &format!("b=2; Domain={host}")]);
        assert!(jar.iter().all(Cookie::is_host_only), "{host}");
        assert_eq!(sent(&jar, &format!("https://{host}/")), "a=1; b=2", "{host}");
    }
}

#[test]
fn a22_names_that_are_on_no_list_are_as_others() {
    let jar = jar_of("https://app.localhost/", &["a=1", "b=2; Domain=app.localhost"]);
    assert_eq!(sent(&jar, "https://localhost/"), "");
    assert_eq!(sent(&jar, "https://x.app.localhost/"), "b=2");
    let jar = jar_of("https://localhost/", &["a=1", "b=2; Domain=localhost"]);
    assert_eq!(sent(&jar, "https://localhost/"), "a=1; b=2");
}

/// Cookie tossing: a neighbour below the same domain sets a cookie of a name that is not its own.
#[test]
fn a22_a_neighbour_tosses_nothing_before_a_cookie_that_says_host() {
    let mut jar = jar_of("https://app.example.com/", &["__Host-sid=right; Secure; Path=/; HttpOnly", "plain=right"]);
    let neighbour = uri("https://evil.example.com/");
    for (set_cookie, expected) in [
        ("__Host-sid=evil; Secure; Path=/; Domain=example.com", Prefix),
        ("__host-sid=evil; Secure; Path=/; Domain=example.com", Prefix),
        ("__Host-sid=evil; Secure; Path=/app; Domain=example.com", Prefix),
        ("=__Host-sid=evil; Secure; Path=/; Domain=example.com", Prefix),
        ("__Host-sid=evil; Domain=app.example.com", ForeignDomain),
    ] {
        assert_eq!(jar.insert(&neighbour, set_cookie, now()).unwrap_err().kind(), expected, "{set_cookie}");
    }
    assert_eq!(jar.insert(&neighbour, "__Host-sid=its own; Secure; Path=/", now()), Ok(true));
    assert_eq!(sent(&jar, "https://app.example.com/"), "__Host-sid=right; plain=right");
    // A name without a prefix has no such protection, which is what prefixes are for (section 8.6).
    assert_eq!(jar.insert(&neighbour, "plain=evil; Path=/; Domain=example.com", now()), Ok(true));
    assert_eq!(sent(&jar, "https://app.example.com/"), "__Host-sid=right; plain=right; plain=evil");
}

#[test]
fn a22_whoever_holds_the_wire_of_http_touches_no_secure_cookie() {
    let mut jar = jar_of("https://app.example.com/", &["sid=right; Secure; Path=/"]);
    for (from, set_cookie, expected) in [
        ("http://app.example.com/", "sid=evil; Path=/", OverlaysSecure),
        ("http://app.example.com/", "sid=evil; Path=/me", OverlaysSecure),
        ("http://app.example.com/", "sid=; Path=/; Max-Age=0", OverlaysSecure),
        ("http://app.example.com/", "sid=evil; Path=/; Secure", InsecureOrigin),
        ("http://other.example.com/", "sid=evil; Path=/; Domain=example.com", OverlaysSecure),
        ("http://below.app.example.com/", "sid=evil; Path=/; Domain=app.example.com", OverlaysSecure),
        ("ws://app.example.com/", "sid=evil; Path=/", OverlaysSecure),
    ] {
        assert_eq!(jar.insert(&uri(from), set_cookie, now()).unwrap_err().kind(), expected, "{from} {set_cookie}");
    }
    assert_eq!(sent(&jar, "https://app.example.com/me"), "sid=right");
}

#[test]
fn a22_a_name_or_value_cannot_bring_a_second_header() {
    let mut jar = CookieJar::new();
    for set_cookie in ["a=1\r\nCookie: b=2", "a\r\n=1", "a=1\0", "a=1; Path=/\r\n x"] {
        let refusal = jar.insert(&uri("https://www.example.com/"), set_cookie, now()).unwrap_err();
        assert_eq!(refusal.kind(), CookieRefusalKind::ControlCharacter, "{set_cookie:?}");
    }
    assert!(jar.is_empty());
}
