//! Section 5.7: which cookies are taken, which of them replace others, and when they end.

use countersign::client::{CookieJar, CookieRefusalKind};

use crate::help::{HERE, echoed, jar_of, later, now, sent, sent_at, uri};

#[test]
fn s5_7_a_domain_must_include_the_host_that_sets_it() {
    for (from, domain, expected) in [
        ("https://www.example.com/", "www.example.com", Ok(())),
        ("https://www.example.com/", "example.com", Ok(())),
        ("https://a.b.www.example.com/", "example.com", Ok(())),
        ("https://example.com/", "www.example.com", Err(CookieRefusalKind::ForeignDomain)),
        ("https://www.example.com/", "api.example.com", Err(CookieRefusalKind::ForeignDomain)),
        ("https://www.example.com/", "example.org", Err(CookieRefusalKind::ForeignDomain)),
        ("https://badexample.com/", "example.com", Err(CookieRefusalKind::ForeignDomain)),
        ("https://www.example.com/", "ample.com", Err(CookieRefusalKind::ForeignDomain)),
        ("https://www.example.com/", "www.example.com:443", Err(CookieRefusalKind::ForeignDomain)),
        ("https://www.example.com/", "https://www.example.com", Err(CookieRefusalKind::ForeignDomain)),
    ] {
        assert_eq!(echoed(from, format!("a=1; Domain={domain}")).map(|_| ()), expected, "{from} {domain}");
    }
}

#[test]
fn s5_7_without_a_domain_the_cookie_is_for_the_host_only() {
    let jar = jar_of("https://example.com/", &["host=1"]);
    assert_eq!(sent(&jar, "https://example.com/"), "host=1");
    assert_eq!(sent(&jar, "https://www.example.com/"), "");
}

#[test]
fn s5_7_with_its_own_host_as_domain_the_cookie_is_for_all_below() {
    let jar = jar_of("https://example.com/", &["all=1; Domain=example.com"]);
    assert_eq!(sent(&jar, "https://example.com/"), "all=1");
    assert_eq!(sent(&jar, "https://www.example.com/"), "all=1");
    assert_eq!(sent(&jar, "https://example.org/"), "");
}

#[test]
fn s5_7_secure_cookies_come_from_secure_origins_only() {
    let insecure = Err(CookieRefusalKind::InsecureOrigin);
    assert_eq!(echoed("http://www.example.com/", "a=1; Secure"), insecure);
    assert_eq!(echoed("ws://www.example.com/", "a=1; Secure"), insecure);
    assert_eq!(echoed("http://10.0.0.1/", "a=1; Secure"), insecure);
    for here in ["https://www.example.com/", "wss://www.example.com/", "http://localhost:8080/", "http://127.0.0.1/"] {
        assert_eq!(echoed(here, "a=1; Secure").as_deref(), Ok("a=1"), "{here}");
    }
}

#[test]
fn s5_7_an_insecure_origin_leaves_secure_cookies_alone() {
    let secure = || jar_of("https://www.example.com/", &["a=1; Secure; Path=/login; Domain=example.com"]);
    for (set_cookie, taken) in [
        ("a=2; Path=/login; Domain=example.com", false),
        ("a=2; Path=/login", false),
        ("a=2; Path=/login/en; Domain=www.example.com", false),
        ("a=; Path=/login; Domain=example.com; Max-Age=0", false),
        ("a=2; Path=/", true),
        ("a=2; Path=/loginpage", true),
        ("A=2; Path=/login", true),
        ("b=2; Path=/login", true),
    ] {
        let mut jar = secure();
        let outcome = jar.insert(&uri("http://www.example.com/"), set_cookie, now()).map_err(|refusal| refusal.kind());
        let expected = if taken { Ok(true) } else { Err(CookieRefusalKind::OverlaysSecure) };
        assert_eq!(outcome, expected, "{set_cookie}");
        assert!(sent(&jar, "https://www.example.com/login").starts_with("a=1"), "{set_cookie}");
    }
    // From below and from above: the domains are compared both ways.
    let mut jar = jar_of("https://www.example.com/", &["a=1; Secure; Path=/"]);
    let refused = jar.insert(&uri("http://api.example.com/"), "a=2; Domain=example.com; Path=/", now());
    assert_eq!(refused.unwrap_err().kind(), CookieRefusalKind::OverlaysSecure);
    assert_eq!(jar.insert(&uri("http://api.example.com/"), "a=2; Path=/", now()), Ok(true), "a sibling is no overlay");
}

#[test]
fn s5_7_a_secure_origin_replaces_secure_cookies_also_by_others() {
    let mut jar = jar_of("https://www.example.com/", &["a=1; Secure; Path=/"]);
    assert_eq!(jar.insert(&uri("https://www.example.com/"), "a=2; Path=/", now()), Ok(true));
    assert_eq!(sent(&jar, "http://www.example.com/"), "a=2");
}

#[test]
fn s5_7_an_expired_secure_cookie_is_in_nobodys_way() {
    let mut jar = jar_of("https://www.example.com/", &["a=1; Secure; Path=/; Max-Age=60"]);
    let outcome = jar.insert(&uri("http://www.example.com/"), "a=2; Path=/", later(60));
    assert_eq!(outcome, Ok(true));
    assert_eq!(jar.len(), 1);
}

#[test]
fn s5_7_the_same_name_domain_and_path_replace_and_keep_their_age() {
    let mut jar = jar_of(HERE, &["old=1; Path=/", "new=1; Path=/"]);
    assert_eq!(jar.insert(&uri(HERE), "old=2; Path=/", later(10)), Ok(true));
    assert_eq!(jar.len(), 2);
    let cookie = jar.get("old", &uri(HERE), later(10)).unwrap();
    assert_eq!((cookie.reveal(), cookie.created_at()), ("2", now()));
    assert_eq!(sent_at(&jar, HERE, later(10)), "old=2; new=1", "its place is the old one's");
}

#[test]
fn s5_7_one_for_the_host_and_one_for_the_domain_are_two() {
    let jar = jar_of("https://example.com/", &["a=host", "a=domain; Domain=example.com"]);
    assert_eq!(sent(&jar, "https://example.com/"), "a=host; a=domain");
    assert_eq!(sent(&jar, "https://www.example.com/"), "a=domain");
}

#[test]
fn s5_7_other_names_domains_and_paths_are_others() {
    let jar = jar_of(HERE, &["a=1; Path=/", "A=2; Path=/", "a=3; Path=/shop", "a=4; Path=/shop/", "=a=5; Path=/"]);
    assert_eq!(jar.len(), 5);
}

#[test]
fn s5_7_a_cookie_that_has_expired_takes_the_old_one_away() {
    for end in ["Max-Age=0", "Expires=Thu, 01 Jan 1970 00:00:00 GMT", "Expires=Fri, 20 Nov 2026 09:30:00 GMT"] {
        let mut jar = jar_of(HERE, &["a=1; Path=/", "a=2; Path=/shop"]);
        assert_eq!(jar.insert(&uri(HERE), format!("a=; Path=/; {end}"), now()), Ok(true), "{end}");
        assert_eq!(sent(&jar, HERE), "a=2", "{end}");
    }
}

#[test]
fn s5_7_a_cookie_that_says_nothing_new_changes_nothing() {
    let mut jar = CookieJar::new();
    let set_cookie = "a=1; Path=/; Expires=Sat, 21 Nov 2026 09:30:00 GMT; SameSite=Lax";
    assert_eq!(jar.insert(&uri(HERE), set_cookie, now()), Ok(true));
    assert_eq!(jar.insert(&uri(HERE), set_cookie, later(60)), Ok(false));
    for other in [
        "a=2; Path=/; Expires=Sat, 21 Nov 2026 09:30:00 GMT; SameSite=Lax",
        "a=1; Path=/; Expires=Sat, 21 Nov 2026 09:30:01 GMT; SameSite=Lax",
        "a=1; Path=/; Expires=Sat, 21 Nov 2026 09:30:00 GMT; SameSite=Strict",
        "a=1; Path=/; Expires=Sat, 21 Nov 2026 09:30:00 GMT; SameSite=Lax; HttpOnly",
        "a=1; Path=/; Expires=Sat, 21 Nov 2026 09:30:00 GMT; SameSite=Lax; Secure",
        "a=1; Path=/; SameSite=Lax",
    ] {
        let mut jar = jar.clone();
        assert_eq!(jar.insert(&uri(HERE), other, later(60)), Ok(true), "{other}");
        assert_eq!(jar.len(), 1, "{other}");
    }
}

#[test]
fn s5_7_what_has_expired_is_gone_once_a_cookie_is_taken_in() {
    let mut jar = jar_of(HERE, &["a=1; Max-Age=60", "b=1; Max-Age=600", "c=1"]);
    assert_eq!(jar.insert(&uri(HERE), "c=1", later(60)), Ok(true));
    assert_eq!(jar.names().collect::<Vec<_>>(), ["b", "c"]);
    assert_eq!((jar.remove_expired(later(599)), jar.remove_expired(later(600))), (0, 1));
}

#[test]
fn s5_7_cookies_without_an_expiry_end_with_the_session() {
    let mut jar = jar_of(HERE, &["a=1", "b=1; Max-Age=60", "c=1; Expires=soon"]);
    assert_eq!(jar.clear_session_cookies(), 2);
    assert_eq!(jar.names().collect::<Vec<_>>(), ["b"]);
}

#[test]
fn cookies_are_removed_by_name_where_a_request_would_carry_them() {
    let mut jar =
        jar_of("https://www.example.com/", &["a=1; Secure", "a=2; Domain=example.com", "a=3; Path=/x", "b=4"]);
    jar.insert(&uri("https://api.example.com/"), "a=5", now()).unwrap();
    jar.insert(&uri("https://example.com/"), "a=6", now()).unwrap();
    assert_eq!(jar.remove("c", &uri("https://www.example.com/")), 0);
    assert_eq!(jar.remove("a", &uri("http://www.example.com/")), 2);
    assert_eq!(sent(&jar, "https://www.example.com/x"), "a=3; b=4");
    assert_eq!(sent(&jar, "https://api.example.com/"), "a=5");
    assert_eq!(sent(&jar, "https://example.com/"), "a=6");
    assert!(jar.contains("a") && !jar.contains("A"));
    jar.clear();
    assert!(jar.is_empty() && !jar.contains("a"));
}

#[test]
fn what_is_no_http_sets_and_gets_nothing() {
    for there in ["/relative", "ftp://www.example.com/", "file://www.example.com/", "www.example.com:443", "*"] {
        assert_eq!(echoed(there, "a=1"), Err(CookieRefusalKind::NotHttp), "{there}");
        assert_eq!(sent(&jar_of(HERE, &["a=1; Path=/; Domain=example.com"]), there), "", "{there}");
    }
}

#[test]
fn a_clone_keeps_what_it_has() {
    let mut jar = jar_of(HERE, &["a=1; Path=/"]);
    let clone = jar.clone();
    jar.insert(&uri(HERE), "a=2; Path=/", now()).unwrap();
    jar.insert(&uri(HERE), "b=2; Path=/", now()).unwrap();
    assert_eq!((sent(&clone, HERE), sent(&jar, HERE)), ("a=1".to_owned(), "a=2; b=2".to_owned()));
}
