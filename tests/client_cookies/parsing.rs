//! Section 5.6: what a `Set-Cookie` says.

use countersign::{
    Timestamp,
    client::{Cookie, CookieJar, CookieRefusalKind, SameSite},
};

use crate::help::{HERE, echoed, jar_of, later, now, sent, sent_at, uri};

/// Looks at the one cookie that this sets.
fn look<T>(set_cookie: &str, see: impl Fn(&Cookie) -> T) -> T {
    let jar = jar_of(HERE, &[set_cookie]);
    assert_eq!(jar.len(), 1, "{set_cookie}");
    see(jar.iter().next().unwrap())
}

fn expires_at(set_cookie: &str) -> Option<Timestamp> {
    look(set_cookie, Cookie::expires_at)
}

#[test]
fn s5_6_a_control_character_refuses_the_cookie() {
    for byte in (0..0x20).chain([0x7f]) {
        for place in [&b"a%=1"[..], b"%a=1", b"a=1%", b"a=1; %", b"a=1; Path=/%", b"a=1; X=%;Y"] {
            let text: Vec<u8> = place.iter().map(|b| if *b == b'%' { byte } else { *b }).collect();
            let taken = echoed("https://www.example.com/", &text);
            if byte == b'\t' {
                assert!(taken.is_ok(), "{place:?}");
            } else {
                assert_eq!(taken, Err(CookieRefusalKind::ControlCharacter), "{byte:#x} {place:?}");
            }
        }
    }
}

#[test]
fn s5_6_names_and_values_are_what_stands_around_the_first_equals_sign() {
    for (set_cookie, expected) in [
        ("a=1", "a=1"),
        ("a=", "a="),
        ("a=1=2", "a=1=2"),
        ("a==1", "a==1"),
        ("a=1;", "a=1"),
        ("a=1;;;", "a=1"),
        ("  a  =  1  ; Secure", "a=1"),
        ("\t a\t=\t1 \t", "a=1"),
        ("a=1 2\t3", "a=1 2\t3"),
        ("a b=1", "a b=1"),
        ("a=\"1 2\"", "a=\"1 2\""),
        ("a=\"1;2\"", "a=\"1"),
        ("a=1,b=2", "a=1,b=2"),
        ("a=%41%3b", "a=%41%3b"),
        ("%61=1", "%61=1"),
        ("a=\u{e9}\u{1f36a}", "a=\u{e9}\u{1f36a}"),
        ("\u{e9}=1", "\u{e9}=1"),
        ("a=\u{a0}1\u{a0}", "a=\u{a0}1\u{a0}"),
        ("$Version=1", "$Version=1"),
        ("path=/x", "path=/x"),
        ("A=1", "A=1"),
    ] {
        assert_eq!(echoed(HERE, set_cookie).as_deref(), Ok(expected), "{set_cookie}");
    }
}

#[test]
fn s5_6_without_an_equals_sign_there_is_no_name() {
    for (set_cookie, expected) in [("alone", "alone"), (" alone ; Secure", "alone"), ("=alone", "alone")] {
        assert_eq!(echoed(HERE, set_cookie).as_deref(), Ok(expected), "{set_cookie}");
        assert_eq!(look(set_cookie, |cookie| cookie.name().to_owned()), "");
    }
    assert_eq!(echoed(HERE, "=a=b").as_deref(), Ok("a=b"));
}

#[test]
fn s5_6_without_name_and_value_there_is_no_cookie() {
    for set_cookie in ["", "=", " ", " = ", ";", "; Secure", "=; Path=/", "\t=\t;"] {
        assert_eq!(echoed(HERE, set_cookie), Err(CookieRefusalKind::Empty), "{set_cookie:?}");
    }
}

#[test]
fn s5_6_name_and_value_have_4096_bytes_at_most() {
    for (name, value, fits) in [(1, 4095, true), (4096, 0, true), (0, 4096, true), (1, 4096, false), (4097, 0, false)] {
        let set_cookie = format!("{}={}; Path=/", "n".repeat(name), "v".repeat(value));
        let expected = if fits { Ok(()) } else { Err(CookieRefusalKind::TooLarge) };
        assert_eq!(echoed(HERE, set_cookie).map(|_| ()), expected, "{name} {value}");
    }
    // White space at the ends does not count, and neither do attributes.
    let set_cookie = format!("a={}{}; {}", "v".repeat(4095), " ".repeat(4096), "x".repeat(9000));
    assert!(echoed(HERE, set_cookie).is_ok());
}

#[test]
fn s5_6_an_attribute_of_more_than_1024_bytes_is_passed_over() {
    let long = |length: usize| format!("/{}", "p".repeat(length - 1));
    assert_eq!(look(&format!("a=1; Path={}", long(1024)), |cookie| cookie.path().len()), 1024);
    assert_eq!(look(&format!("a=1; Path={}", long(1025)), |cookie| cookie.path().to_owned()), "/shop");
    assert_eq!(look(&format!("a=1; Path=/x; Path={}", long(1025)), |cookie| cookie.path().to_owned()), "/x");
    let domain = format!("a=1; Domain={}.example.org", "x".repeat(1024));
    assert!(look(&domain, Cookie::is_host_only));
    assert_eq!(expires_at(&format!("a=1; Max-Age={}", "9".repeat(1025))), None);
}

#[test]
fn s5_6_attributes_are_read_in_any_case_and_with_spaces_around() {
    for set_cookie in
        ["a=1; SECURE; httponly; pAtH=/x; samesite=LAX", "a=1;\tSecure ;HttpOnly = yes; Path\t= /x ;SameSite=\tlax "]
    {
        look(set_cookie, |cookie| {
            assert!(cookie.is_secure() && cookie.is_http_only(), "{set_cookie}");
            assert_eq!((cookie.path(), cookie.same_site()), ("/x", SameSite::Lax), "{set_cookie}");
        });
    }
}

#[test]
fn s5_6_unknown_attributes_are_passed_over() {
    for set_cookie in
        ["a=1; Partitioned; Priority=High", "a=1; Sec ure", "a=1; =; =/x", "a=1; X-Path=/x", "a=1; \u{130}"]
    {
        look(set_cookie, |cookie| {
            assert!(!cookie.is_secure(), "{set_cookie}");
            assert_eq!(cookie.path(), "/shop", "{set_cookie}");
        });
    }
    // Bytes that are no text do no harm where nobody reads them.
    assert_eq!(echoed(HERE, b"a=1; Note=\xff\xfe").as_deref(), Ok("a=1"));
}

#[test]
fn s5_3_bytes_that_are_not_utf8_refuse_the_cookie() {
    for set_cookie in [&b"a=\xff"[..], b"\xe9=1", b"\xff", b"a=1; Path=/\xff"] {
        assert_eq!(echoed(HERE, set_cookie), Err(CookieRefusalKind::NotText), "{set_cookie:?}");
    }
}

#[test]
fn s5_6_2_max_age_is_digits_with_or_without_a_minus() {
    for (value, seconds) in [("1", 1), ("60", 60), ("0060", 60), ("34560000", 34_560_000)] {
        assert_eq!(expires_at(&format!("a=1; Max-Age={value}")), Some(later(seconds)), "{value}");
    }
    for value in ["", "+60", " ", "-", "--5", "6 0", "60s", "1e3", "0x10", "1.5", "sixty", "60\u{660}"] {
        assert_eq!(expires_at(&format!("a=1; Max-Age={value}")), None, "{value:?}");
    }
}

#[test]
fn s5_6_2_a_max_age_of_zero_or_less_expires_at_once() {
    for value in ["0", "-0", "-1", "000", "-99999999999999999999999999"] {
        let mut jar = jar_of(HERE, &["a=1"]);
        assert_eq!(jar.insert(&uri(HERE), format!("a=2; Max-Age={value}"), now()), Ok(true), "{value}");
        assert!(jar.is_empty(), "{value}");
        assert_eq!(jar.insert(&uri(HERE), format!("a=2; Max-Age={value}"), now()), Ok(false), "nothing was there");
    }
}

#[test]
fn s5_5_no_cookie_lives_for_more_than_400_days() {
    let longest = Some(later(400 * 86_400));
    for attribute in [
        "Max-Age=34560001",
        "Max-Age=99999999999999999999999999999999999999",
        "Expires=Fri, 31 Dec 9999 23:59:59 GMT",
        "Expires=Sat, 25 Dec 2027 09:30:01 GMT",
    ] {
        assert_eq!(expires_at(&format!("a=1; {attribute}")), longest, "{attribute}");
    }
    assert_eq!(expires_at("a=1; Expires=Sat, 25 Dec 2027 09:29:59 GMT"), Some(later(400 * 86_400 - 1)));
}

#[test]
fn s5_7_max_age_goes_before_expires_wherever_it_stands() {
    for set_cookie in [
        "a=1; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60",
        "a=1; Max-Age=5; Max-Age=60; Expires=Fri, 20 Nov 2026 10:00:00 GMT",
    ] {
        assert_eq!(expires_at(set_cookie), Some(later(60)), "{set_cookie}");
    }
    // One that cannot be read is as if it was not there.
    assert_eq!(expires_at("a=1; Max-Age=soon; Expires=Fri, 20 Nov 2026 09:31:00 GMT"), Some(later(60)));
    assert_eq!(expires_at("a=1; Max-Age=60; Max-Age=soon"), Some(later(60)));
    assert_eq!(expires_at("a=1; Expires=Fri, 20 Nov 2026 09:31:00 GMT; Expires=soon"), Some(later(60)));
}

#[test]
fn s5_6_3_domains_lose_one_leading_dot_and_their_case() {
    for domain in ["example.com", ".example.com", "EXAMPLE.Com", ".Example.COM"] {
        look(&format!("a=1; Domain={domain}"), |cookie| {
            assert_eq!((cookie.domain(), cookie.is_host_only()), ("example.com", false), "{domain}");
        });
    }
    assert_eq!(echoed(HERE, "a=1; Domain=..example.com"), Err(CookieRefusalKind::MalformedDomain));
}

#[test]
fn s5_6_3_an_empty_domain_is_none_even_as_the_last() {
    for attributes in ["Domain", "Domain=", "Domain=.", "Domain= ", "Domain=example.com; Domain="] {
        look(&format!("a=1; {attributes}"), |cookie| {
            assert_eq!((cookie.domain(), cookie.is_host_only()), ("www.example.com", true), "{attributes}");
        });
    }
}

#[test]
fn s5_6_4_a_path_that_does_not_begin_with_a_slash_is_the_default_path() {
    for attributes in ["Path", "Path=", "Path=shop", "Path=\"/x\"", "Path=%2Fx", "Path=/x; Path=y", "Path=/x; Path"] {
        assert_eq!(look(&format!("a=1; {attributes}"), |cookie| cookie.path().to_owned()), "/shop", "{attributes}");
    }
    assert_eq!(look("a=1; Path=/x; Path=/Y/z/", |cookie| cookie.path().to_owned()), "/Y/z/");
}

#[test]
fn s5_6_the_last_of_an_attribute_counts() {
    assert_eq!(expires_at("a=1; Max-Age=5; Max-Age=60"), Some(later(60)));
    assert_eq!(look("a=1; Domain=example.org; Domain=example.com", |c| c.domain().to_owned()), "example.com");
    assert_eq!(echoed(HERE, "a=1; Domain=example.com; Domain=example.org"), Err(CookieRefusalKind::ForeignDomain));
    assert_eq!(look("a=1; SameSite=Lax; SameSite=Strict", Cookie::same_site), SameSite::Strict);
}

#[test]
fn s5_6_7_same_site_is_kept_as_one_of_four() {
    for (attribute, expected) in [
        ("SameSite=Strict", SameSite::Strict),
        ("SameSite=lAx", SameSite::Lax),
        ("SameSite=NONE; Secure", SameSite::None),
        ("SameSite", SameSite::Default),
        ("SameSite=Everywhere", SameSite::Default),
        ("SameSite=Strict; SameSite=Everywhere", SameSite::Default),
        ("X", SameSite::Default),
    ] {
        assert_eq!(look(&format!("a=1; {attribute}"), Cookie::same_site), expected, "{attribute}");
    }
}

#[test]
fn s5_7_same_site_none_is_for_secure_cookies() {
    assert_eq!(echoed(HERE, "a=1; SameSite=None"), Err(CookieRefusalKind::SameSiteNone));
    assert_eq!(echoed(HERE, "a=1; SameSite=None; SameSite=Lax").as_deref(), Ok("a=1"));
}

#[test]
fn several_set_cookie_headers_are_several_cookies() {
    let mut headers = http::HeaderMap::new();
    for set_cookie in ["a=1; Path=/", "b=2; Path=/", "c=3; Domain=com", "d=4; Path=/; Max-Age=9, e=5"] {
        headers.append("set-cookie", set_cookie.parse().unwrap());
    }
    headers.append("set-cookie2", "f=6; Path=/".parse().unwrap());
    let mut jar = CookieJar::new();
    assert!(jar.take_in(&uri(HERE), &headers, now()));
    assert_eq!(sent(&jar, HERE), "a=1; b=2; d=4");
    assert!(!jar.take_in(&uri(HERE), &headers, now()), "they say nothing new");
    assert_eq!(sent_at(&jar, HERE, later(86_400 * 500)), "a=1; b=2; d=4");
}
