use http::HeaderValue;
use proptest::{collection::vec, option, prelude::*, test_runner::Config as Cases};

use super::*;
use crate::config::{Config, CrossSite};

const SITE: &str = "sec-fetch-site";

fn policy(origins: &[&str], trust_same_site: bool) -> SameSitePolicy {
    let origins = origins.iter().map(|&origin| origin.to_owned()).collect();
    SameSitePolicy::new(&CrossSite { origins, trust_same_site, ..Config::production().cross_site })
}

/// A request to `example.org`, with these headers too.
fn request(said: &[(&str, &str)]) -> HeaderMap {
    let said = said.iter().chain([&("host", "example.org")]);
    said.map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap())).collect()
}

fn post(policy: &SameSitePolicy, said: &[(&str, &str)]) -> Sender {
    policy.judge(&Method::POST, &Uri::from_static("/"), &request(said))
}

#[test]
fn cs_01_to_03_what_the_browser_says_decides_and_safe_methods_are_harmless() {
    for (site, strict, trusting) in [
        ("same-origin", Sender::OwnSite, Sender::OwnSite),
        ("none", Sender::OwnSite, Sender::OwnSite),
        ("same-site", Sender::OtherSite, Sender::OwnSite),
        ("cross-site", Sender::OtherSite, Sender::OtherSite),
        ("Same-Origin", Sender::OtherSite, Sender::OtherSite),
        ("same-origin, cross-site", Sender::OtherSite, Sender::OtherSite),
        ("", Sender::OtherSite, Sender::OtherSite),
        ("some-day", Sender::OtherSite, Sender::OtherSite),
    ] {
        // The origin is the request's own: it does not speak for what calls itself another site.
        let headers = request(&[(SITE, site), ("origin", "https://example.org"), ("referer", "https://example.org/")]);
        for safe in [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE] {
            let sender = policy(&[], false).judge(&safe, &Uri::from_static("/"), &headers);
            assert_eq!(sender, Sender::Harmless, "{safe} {site}");
        }
        for method in ["POST", "PUT", "PATCH", "DELETE", "CONNECT", "QUERY", "get", "PURGE"] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            let judge = |trust| policy(&[], trust).judge(&method, &Uri::from_static("/"), &headers);
            assert_eq!((judge(false), judge(true)), (strict, trusting), "{method} {site}");
        }
    }
}

#[test]
fn a_trusted_origin_may_be_another_site() {
    let policy = policy(&["https://accounts.example.net", "http://localhost:5173"], false);
    for site in ["same-site", "cross-site", "some-day"] {
        for trusted in ["https://accounts.example.net", "http://localhost:5173"] {
            assert_eq!(post(&policy, &[(SITE, site), ("origin", trusted)]), Sender::OwnSite, "{site} {trusted}");
            assert_eq!(post(&policy, &[("origin", trusted)]), Sender::OwnSite, "{trusted}");
            let referer = format!("{trusted}/page?query");
            assert_eq!(post(&policy, &[("referer", &referer)]), Sender::OwnSite, "{referer}");
            assert_eq!(post(&policy, &[(SITE, site), ("referer", &referer)]), Sender::OtherSite, "{site} {referer}");
        }
        for other in [
            "http://accounts.example.net",
            "https://accounts.example.net:8443",
            "https://x.accounts.example.net",
            "https://example.net",
            "http://localhost",
            "http://localhost:5174",
            "https://example.org",
        ] {
            assert_eq!(post(&policy, &[(SITE, site), ("origin", other)]), Sender::OtherSite, "{site} {other}");
        }
        assert_eq!(post(&policy, &[(SITE, site)]), Sender::OtherSite, "{site}");
    }
}

#[test]
fn what_is_said_twice_or_unreadably_is_another_sites() {
    let policy = policy(&["https://example.org"], true);
    let (ours, referer) = (("origin", "https://example.org"), ("referer", "https://example.org/"));
    assert_eq!(post(&policy, &[(SITE, "same-origin"), (SITE, "same-origin"), ours]), Sender::OtherSite);
    assert_eq!(post(&policy, &[ours, ours, referer]), Sender::OtherSite);
    assert_eq!(post(&policy, &[(SITE, "cross-site"), ours, ours]), Sender::OtherSite);
    assert_eq!(post(&policy, &[referer, referer]), Sender::OtherSite);
    for name in [SITE, "origin", "referer"] {
        let mut headers = request(&[]);
        headers.insert(name, HeaderValue::from_bytes(b"https://example.org\xff").unwrap());
        assert_eq!(policy.judge(&Method::POST, &Uri::from_static("/"), &headers), Sender::OtherSite, "{name}");
    }
}

#[test]
fn cs_04_without_it_origin_decides_then_referer_then_nobody_knows() {
    let policy = policy(&[], false);
    let (ours, theirs) = (("origin", "https://example.org"), ("origin", "https://example.net"));
    assert_eq!(post(&policy, &[ours]), Sender::OwnSite);
    assert_eq!(post(&policy, &[theirs]), Sender::OtherSite);
    assert_eq!(post(&policy, &[theirs, ("referer", "https://example.org/")]), Sender::OtherSite);
    assert_eq!(post(&policy, &[ours, ("referer", "https://example.net/")]), Sender::OwnSite);
    for own in ["https://example.org", "https://example.org/", "https://example.org/a@b:c?d", "https://example.org?q#f"]
    {
        assert_eq!(post(&policy, &[("referer", own)]), Sender::OwnSite, "{own}");
    }
    for other in
        ["https://example.net/https://example.org/", "https://example.org@example.net/", "/login", "about:blank"]
    {
        assert_eq!(post(&policy, &[("referer", other)]), Sender::OtherSite, "{other}");
    }
    assert_eq!(post(&policy, &[]), Sender::Unknown);
    assert_eq!(post(&policy, &[("x-forwarded-host", "example.net"), theirs]), Sender::OtherSite);
}

#[test]
fn an_origin_is_compared_and_never_guessed() {
    for origin in [
        "null",
        "",
        "https://",
        "https:///example.org",
        "https:example.org",
        "//example.org",
        "example.org",
        "https://example.org.attacker.com",
        "https://attackerexample.org",
        "https://www.example.org",
        "https://example.org@evil.com",
        "https://evil.com@example.org",
        "https://ada:password@example.org",
        "https://example.org:443@evil.com",
        "https://example.org.",
        "https://example.org..",
        "https://example.org/",
        "https://example.org/path",
        "https://example.org?",
        "https://example.org#",
        "https://example.org\\",
        "https://evil.com\\@example.org",
        "https://example.org%2eattacker.com",
        "https://example.org,https://example.org",
        "https://example.org https://example.org",
        "https://example.org:",
        "https://example.org:+443",
        "https://example.org:65979",
        "https://example.org:8443",
        "https://example.org:443:443",
        "http://example.org:443",
        "https://example.org:80",
        "https://[example.org]",
        "https://[::1]",
        "HTTPS://example.org",
        "ftp://example.org",
        "wss://example.org",
        "chrome-extension://example.org",
        " https://example.org",
        "https://example.org\t",
        "https:// example.org",
    ] {
        assert_eq!(post(&policy(&[], false), &[("origin", origin)]), Sender::OtherSite, "{origin}");
        let trusting = policy(&["https://example.org"], false);
        assert_eq!(post(&trusting, &[("origin", origin)]), Sender::OtherSite, "{origin}");
        assert_eq!(post(&trusting, &[(SITE, "cross-site"), ("origin", origin)]), Sender::OtherSite, "{origin}");
    }
}

#[test]
fn the_own_host_is_the_targets_or_the_one_host_header() {
    let judge = |target: &'static str, hosts: &[&str], origin: &str| {
        let hosts = hosts.iter().map(|host| (HOST, HeaderValue::from_str(host).unwrap()));
        let headers = hosts.chain([(ORIGIN, HeaderValue::from_str(origin).unwrap())]).collect();
        policy(&[], false).judge(&Method::POST, &Uri::from_static(target), &headers)
    };
    for (target, hosts, origin, expected) in [
        ("https://example.org/", &[][..], "https://example.org", Sender::OwnSite),
        ("https://example.org/", &["example.net"], "https://example.org", Sender::OwnSite),
        ("https://example.org/", &["example.net"], "https://example.net", Sender::OtherSite),
        ("https://ada@example.org/", &["example.org"], "https://example.org", Sender::OtherSite),
        ("/", &["example.org"], "http://example.org", Sender::OwnSite),
        ("/", &["Example.ORG"], "https://eXample.org", Sender::OwnSite),
        ("/", &["example.org:443"], "https://example.org", Sender::OwnSite),
        ("/", &["example.org"], "https://example.org:443", Sender::OwnSite),
        ("/", &["example.org:80"], "https://example.org", Sender::OtherSite),
        ("/", &["example.org:8080"], "http://example.org:8080", Sender::OwnSite),
        ("/", &["example.org:8080"], "http://example.org", Sender::OtherSite),
        ("/", &["[::1]:8080"], "http://[0:0:0:0:0:0:0:1]:8080", Sender::OwnSite),
        ("/", &["[::1]"], "http://[::2]", Sender::OtherSite),
        ("/", &["example.org", "example.org"], "https://example.org", Sender::OtherSite),
        ("/", &["ada@example.org"], "https://example.org", Sender::OtherSite),
        ("/", &["example.org."], "https://example.org.", Sender::OtherSite),
        ("/", &[""], "https://", Sender::OtherSite),
        ("/", &[], "https://example.org", Sender::OtherSite),
    ] {
        assert_eq!(judge(target, hosts, origin), expected, "{target} {hosts:?} {origin}");
    }
}

#[test]
fn where_a_configured_origin_is_at_the_own_host_plain_http_is_another_site() {
    let plain = [("origin", "http://example.org")];
    assert_eq!(post(&policy(&[], false), &plain), Sender::OwnSite);
    assert_eq!(post(&policy(&["https://example.net", "https://example.org:8443"], false), &plain), Sender::OwnSite);

    let configured = policy(&["https://example.net", "https://example.org"], false);
    assert_eq!(post(&configured, &plain), Sender::OtherSite);
    assert_eq!(post(&configured, &[("referer", "http://example.org/")]), Sender::OtherSite);
    assert_eq!(post(&configured, &[("origin", "https://example.org")]), Sender::OwnSite);
}

#[test]
fn a_web_socket_is_not_harmless() {
    let policy = policy(&[], false);
    let open = |upgrade: &str, origin| {
        let headers = request(&[("upgrade", upgrade), ("origin", origin)]);
        policy.judge(&Method::GET, &Uri::from_static("/"), &headers)
    };
    for upgrade in ["websocket", "WebSocket", "h2c, websocket", "h2c,websocket/13 ,x"] {
        assert_eq!(open(upgrade, "https://example.net"), Sender::OtherSite, "{upgrade}");
        assert_eq!(open(upgrade, "https://example.org"), Sender::OwnSite, "{upgrade}");
    }
    for upgrade in ["h2c", "", "TLS/1.0", "websockets"] {
        assert_eq!(open(upgrade, "https://example.net"), Sender::Harmless, "{upgrade}");
    }
}

#[test]
fn every_header_that_the_judgement_rests_on_and_caches_know_is_named() {
    assert_eq!(SameSitePolicy::looks_at(), "sec-fetch-site, origin");
}

/// What origins and hosts are made of, and what attacks are made of.
fn place() -> impl Strategy<Value = String> {
    let known =
        ["example.org", "evil.com", "[::1]", ":443", ":80", ":8080", ":", "@", ".", "/", "\\", ",", "EXAMPLE.org"];
    let piece = prop_oneof![
        8 => proptest::sample::select(known.map(str::to_owned).to_vec()),
        1 => "[ -~]{0,8}",
    ];
    vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

/// Bytes that a header may hold.
fn noise() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>().prop_filter("a control character", |byte| *byte >= 32 && *byte != 127), 0..20)
}

proptest! {
    #![proptest_config(Cases { cases: 2_000, failure_persistence: None, ..Cases::default() })]

    #[test]
    fn who_passes_by_origin_is_at_the_same_host(
        scheme in "https?://|[a-z:/]{0,8}",
        place in place(),
        other in option::of(place()),
    ) {
        let (origin, host) = (format!("{scheme}{place}"), other.unwrap_or(place.clone()));
        let headers = request(&[("origin", &origin)]);
        let uri = Uri::builder().scheme("http").authority(host.as_str()).path_and_query("/").build();
        let uri = uri.unwrap_or(Uri::from_static("/"));
        let host = uri.authority().map_or("example.org", |authority| authority.as_str());
        if policy(&[], false).judge(&Method::POST, &uri, &headers) == Sender::OwnSite {
            let bare = |text: &str| text.trim_end_matches(":443").trim_end_matches(":80").to_ascii_lowercase();
            prop_assert!(["http://", "https://"].contains(&scheme.as_str()));
            prop_assert_eq!(bare(&place), bare(host));
        }
    }

    #[test]
    fn nothing_panics_and_what_says_cross_site_never_passes(
        site in option::of("[a-z-]{0,12}"),
        origin in option::of(noise()),
        host in option::of(noise()),
        referer in option::of(noise()),
        upgrade in option::of(noise()),
    ) {
        let said = [("origin", origin), ("host", host), ("referer", referer), ("upgrade", upgrade)];
        let said = said.into_iter().filter_map(|(name, value)| Some((name, HeaderValue::from_bytes(&value?).unwrap())));
        let mut headers: HeaderMap = said.map(|(name, value)| (HeaderName::from_static(name), value)).collect();
        policy(&["https://example.org"], true).judge(&Method::GET, &Uri::from_static("/"), &headers);
        if let Some(site) = site.filter(|site| !["same-origin", "none"].contains(&site.as_str())) {
            headers.insert(SITE, HeaderValue::from_str(&site).unwrap());
            let sender = policy(&[], false).judge(&Method::POST, &Uri::from_static("/"), &headers);
            prop_assert_eq!(sender, Sender::OtherSite);
        }
    }
}
