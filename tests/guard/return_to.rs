//! Where a log-in leads back to: never to another site (ASVS 3.7.2).

use axum::{Router, body::Body, routing::get};
use countersign::ReturnTo;
use http::Request;
use proptest::prelude::*;
use serde::Deserialize;
use url::Url;

use crate::support::Browser;

/// Ways to another site, or into something that is no page, that somebody has tried somewhere.
const ATTACKS: &[&str] = &[
    "",
    " ",
    "evil.example",
    "https://evil.example",
    "HTTPS://evil.example",
    "https:evil.example",
    "https:/evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/a\\b",
    "//\\evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "//user@evil.example",
    "@evil.example",
    ".evil.example",
    ":80@evil.example",
    "?//evil.example",
    "#",
    " //evil.example",
    " /a",
    "/a ",
    "/a b",
    "\t//evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r/evil.example",
    "/\u{b}/evil.example",
    "/\0/evil.example",
    "/a\r\nset-cookie: x=1",
    "/a\0",
    "/\u{7f}",
    "/\u{2f}\u{2f}evil.example",
    "/\u{ff0f}evil.example",
    "/\u{3002}evil.example",
    "/\u{200b}/evil.example",
    "/caf\u{e9}",
    "/%2fevil.example",
    "/%2Fevil.example",
    "/%5cevil.example",
    "/%5Cevil.example",
    "/%252fevil.example",
    "/%25252fevil.example",
    "%2f%2fevil.example",
    "/%09/evil.example",
    "/%0a/evil.example",
    "/%0d%0aset-cookie:x=1",
    "/a/%00",
    "/a/%7f",
    "/.",
    "/..",
    "/./",
    "/.//evil.example",
    "/..//evil.example",
    "/a/..//evil.example",
    "/a/../..//evil.example",
    "/a/.//evil.example",
    "/%2e//evil.example",
    "/%2E%2e//evil.example",
    "/.%2e//evil.example",
    "/a/%2e%2e//evil.example",
    "/a/%2e%2e/%2fevil.example",
    "/../\\evil.example",
    "/<script>",
    "/?q=\"><script>",
];

const PLACES: &[&str] = &[
    "/",
    "/a",
    "/users?page=2&sort=name",
    "/users/7#address",
    "/a//b",
    "/.well-known/change-password",
    "/..a/.b/c..",
    "/a?to=//other.example",
    "/a?to=https://other.example/../x",
    "/?%0a%2f%2f",
    "/caf%C3%A9?q=%E2%82%AC",
    "/a%20b/%2fc",
    "/@you:here",
    "/a%",
    "/a%zz",
    "/~ada/it's,(fine)!*;v=1",
];

#[test]
fn no_way_leads_to_another_site() {
    for attack in ATTACKS {
        assert_eq!(ReturnTo::parse(attack), None, "{attack:?}");
    }
}

#[test]
fn a_page_of_this_site_is_kept_as_it_is() {
    for place in PLACES {
        let back = ReturnTo::parse(place).unwrap_or_else(|| panic!("{place}"));
        assert_eq!((back.as_ref(), back.to_string().as_str()), (*place, *place));
        assert_stays(place);
    }
    assert_eq!(ReturnTo::default().as_ref(), "/");
}

#[test]
fn it_is_of_two_kibibytes_at_most() {
    let long = |length: usize| format!("/{}", "x".repeat(length - 1));
    assert!(ReturnTo::parse(&long(2048)).is_some());
    assert_eq!(ReturnTo::parse(&long(2049)), None);
}

#[derive(Deserialize)]
struct Form {
    #[serde(default)]
    return_to: ReturnTo,
}

/// Whatever a form says, reading it is no error.
#[test]
fn what_is_wrong_is_read_as_the_front_page() {
    let read = |json: serde_json::Value| serde_json::from_value::<Form>(json).unwrap().return_to;
    assert_eq!(read(serde_json::json!({ "return_to": "/a?b" })).as_ref(), "/a?b");
    for wrong in [
        serde_json::json!({}),
        serde_json::json!({ "return_to": null }),
        serde_json::json!({ "return_to": 7 }),
        serde_json::json!({ "return_to": ["/a"] }),
        serde_json::json!({ "return_to": { "/a": "/b" } }),
    ] {
        assert_eq!(read(wrong.clone()), ReturnTo::default(), "{wrong}");
        let text = wrong.to_string();
        assert_eq!(serde_json::from_str::<Form>(&text).unwrap().return_to, ReturnTo::default(), "{text}");
    }
    for attack in ATTACKS {
        assert_eq!(read(serde_json::json!({ "return_to": attack })), ReturnTo::default(), "{attack:?}");
    }
}

#[test]
fn a_query_is_decoded_once() {
    for (query, place) in [
        ("return_to=%2Fa%3Fb%3Dc%26d", "/a?b=c&d"),
        ("x=1&return_to=/a&y", "/a"),
        ("return_to=/a%2520b", "/a%20b"),
        ("return_to=", "/"),
        ("return_to", "/"),
        ("", "/"),
        ("&&=&", "/"),
        ("return_to=%2F%2Fevil.example", "/"),
        ("return_to=/%09/evil.example", "/"),
        ("return_to=/%2509/evil.example", "/"),
        ("return_to=/+/a", "/"),
        ("return_to=/%ff", "/"),
        ("return_to=/%", "/%"),
        ("return_to=/a&return_to=/b", "/"),
        ("Return_To=/a", "/"),
    ] {
        assert_eq!(ReturnTo::of_query(query).as_ref(), place, "{query}");
    }
}

#[tokio::test]
async fn a_handler_is_given_it_without_a_layer_and_without_an_error() {
    let app = Router::new().route("/login", get(|back: ReturnTo| async move { back.to_string() }));
    for (address, place) in [
        ("/login?return_to=%2Fa", "/a"),
        ("/login?return_to=%2F%2Fevil.example", "/"),
        ("/login?other=%2Fa", "/"),
        ("/login", "/"),
    ] {
        let request = Request::get(address).body(Body::empty()).unwrap();
        assert_eq!(Browser::new(&app).ask(request).await.body, place);
    }
}

/// As a browser follows it, from the page where one logs in.
fn assert_stays(place: &str) {
    let page = Url::parse("https://example.org/login").unwrap();
    let there = page.join(place).unwrap();
    assert_eq!(there.origin(), page.origin(), "{place:?}");
    assert!(!there.path().starts_with("//"), "{place:?}: what is made of its path stays here as well");
    assert_eq!((there.username(), there.password()), ("", None));
}

proptest! {
    #[test]
    fn whatever_is_accepted_stays_on_this_site(text in r"[/\\.%a-fA-F0-9@:?#\t\n\r ]{0,12}") {
        if let Some(back) = ReturnTo::parse(&text) {
            assert_stays(back.as_ref());
        }
    }

    #[test]
    fn so_does_whatever_starts_like_a_path(text in r"/(/|\\|\.|%2[eEfF]|%5[cC]|%25|%0[9aAdD]|\t|\n|evil|@|:|\?|#){0,6}") {
        if let Some(back) = ReturnTo::parse(&text) {
            assert_stays(back.as_ref());
        }
    }

    #[test]
    fn any_text_is_taken_and_nothing_panics(text in any::<String>(), query in any::<String>()) {
        let _ = ReturnTo::parse(&text);
        assert_stays(ReturnTo::of_query(&query).as_ref());
        assert_stays(ReturnTo::of_query(&format!("return_to={query}")).as_ref());
    }
}
