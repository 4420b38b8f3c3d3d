//! Section 5.8: which cookies a request carries, in which order, and as which text.

use countersign::client::{Cookie, CookieJar};

use crate::help::{HERE, jar_of, later, now, sent, sent_at, uri};

#[test]
fn s5_8_longer_paths_come_first_then_older_cookies() {
    let mut jar = jar_of(HERE, &["a=1; Path=/", "b=2; Path=/shop", "c=3; Path=/", "d=4; Path=/shop/cart"]);
    jar.insert(&uri(HERE), "e=5; Path=/shop; Domain=example.com", later(1)).unwrap();
    jar.insert(&uri(HERE), "f=6; Path=/; Domain=example.com", later(1)).unwrap();
    assert_eq!(sent(&jar, HERE), "d=4; b=2; e=5; a=1; c=3; f=6");
}

#[test]
fn s5_8_a_cookie_goes_to_its_path_and_below() {
    let jar = jar_of(HERE, &["a=1; Path=/shop", "b=2; Path=/shop/"]);
    for (path, expected) in [
        ("/shop/", "b=2; a=1"),
        ("/shop/x?y=/z", "b=2; a=1"),
        ("/shop", "a=1"),
        ("/shop?x", "a=1"),
        ("/shopping", ""),
        ("/", ""),
        ("", ""),
        ("/x/shop", ""),
        ("/Shop/", ""),
    ] {
        assert_eq!(sent(&jar, &format!("https://www.example.com{path}")), expected, "{path}");
    }
}

#[test]
fn s5_8_secure_cookies_go_over_secure_connections_only() {
    let jar = jar_of("https://www.example.com/", &["a=1; Secure", "b=2"]);
    assert_eq!(sent(&jar, "https://www.example.com/"), "a=1; b=2");
    assert_eq!(sent(&jar, "http://www.example.com/"), "b=2");
}

#[test]
fn s5_8_this_machine_is_secure_and_nothing_that_looks_like_it() {
    for here in ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.1", "[::1]", "[0:0:0:0:0:0:0:1]"] {
        let jar = jar_of(&format!("https://{here}/"), &["a=1; Secure"]);
        assert_eq!(sent(&jar, &format!("http://{here}:8080/")), "a=1", "{here}");
    }
    for there in
        ["localhost.example.com", "127.0.0.1.example.com", "128.0.0.1", "0.0.0.0", "[::2]", "127.1", "localhos"]
    {
        let jar = jar_of(&format!("https://{there}/"), &["a=1; Secure"]);
        assert_eq!(sent(&jar, &format!("http://{there}/")), "", "{there}");
    }
}

#[test]
fn s5_8_websockets_are_as_http() {
    let jar = jar_of("wss://www.example.com/feed", &["a=1; Secure", "b=2"]);
    assert_eq!(sent(&jar, "https://www.example.com/"), "a=1; b=2");
    assert_eq!(sent(&jar, "wss://www.example.com/"), "a=1; b=2");
    assert_eq!(sent(&jar, "ws://www.example.com/"), "b=2");
}

#[test]
fn s5_8_an_expired_cookie_is_never_sent() {
    let jar = jar_of(HERE, &["a=1; Max-Age=60", "b=2"]);
    assert_eq!(sent_at(&jar, HERE, now()), "a=1; b=2");
    assert_eq!(sent_at(&jar, HERE, later(59)), "a=1; b=2");
    assert_eq!(sent_at(&jar, HERE, later(60)), "b=2");
    assert!(jar.get("a", &uri(HERE), later(60)).is_none());
}

#[test]
fn s5_8_same_site_and_http_only_hold_nothing_back() {
    let jar = jar_of(HERE, &["a=1; SameSite=Strict", "b=2; SameSite=Lax; HttpOnly", "c=3; SameSite=None; Secure"]);
    assert_eq!(sent(&jar, HERE), "a=1; b=2; c=3");
}

#[test]
fn s5_8_a_cookie_without_a_name_is_sent_as_its_value() {
    let jar = jar_of(HERE, &["alone", "a=", "b=2"]);
    assert_eq!(sent(&jar, HERE), "alone; a=; b=2");
}

#[test]
fn s8_5_ports_are_no_part_of_a_host() {
    let jar = jar_of("https://www.example.com:8443/", &["a=1"]);
    assert_eq!(sent(&jar, "https://www.example.com/"), "a=1");
    assert_eq!(sent(&jar, "https://www.example.com:9443/"), "a=1");
    assert_eq!(sent(&jar, "https://user:password@www.example.com/"), "a=1");
}

#[test]
fn s5_1_2_hosts_are_compared_without_regard_to_case() {
    let jar = jar_of("https://WWW.Example.COM/", &["a=1", "b=2; Domain=EXAMPLE.com"]);
    assert_eq!(sent(&jar, "https://www.example.com/"), "a=1; b=2");
    assert_eq!(sent(&jar, "HTTPS://API.EXAMPLE.COM/"), "b=2");
}

#[test]
fn without_a_cookie_there_is_no_header() {
    assert_eq!(CookieJar::new().header(&uri(HERE), now()), None);
    assert_eq!(jar_of(HERE, &["a=1"]).header(&uri("https://example.org/"), now()), None);
}

#[test]
fn one_cookie_is_found_as_the_request_would_carry_it() {
    let jar = jar_of(HERE, &["a=root; Path=/", "a=shop; Path=/shop", "b=1; Secure; Path=/"]);
    assert_eq!(jar.get("a", &uri(HERE), now()).unwrap().reveal(), "shop");
    assert_eq!(jar.get("a", &uri("https://www.example.com/"), now()).unwrap().reveal(), "root");
    assert!(jar.get("b", &uri("http://www.example.com/"), now()).is_none());
    assert!(jar.get("A", &uri(HERE), now()).is_none());
    let names: Vec<_> = jar.matching(&uri(HERE), now()).into_iter().map(Cookie::name).collect();
    assert_eq!(names, ["a", "a", "b"]);
}
