//! A jar as it is written down, and what is refused when somebody else has written it.

use countersign::client::CookieJar;
use serde_json::{Value, json};

use crate::help::{HERE, jar_of, later, sent, sent_at, uri};

fn entry() -> Value {
    json!({
        "name": "sid",
        "value": "31d4d96e",
        "domain": "www.example.com",
        "host_only": true,
        "path": "/",
        "secure": true,
        "http_only": true,
        "same_site": "lax",
        "expires_at": "2026-11-20T10:30:00.000Z",
        "created_at": "2026-11-20T09:30:00.000Z",
    })
}

/// The entry with these fields written otherwise.
fn changed(fields: &Value) -> Value {
    let mut entry = entry();
    for (field, value) in fields.as_object().unwrap() {
        entry[field] = value.clone();
    }
    entry
}

fn read(entries: impl Into<Value>) -> Result<CookieJar, String> {
    serde_json::from_value(entries.into()).map_err(|error| error.to_string())
}

#[test]
fn a_jar_is_a_list_of_cookies_with_these_fields() {
    let jar = jar_of(HERE, &["sid=31d4d96e; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=3600"]);
    assert_eq!(serde_json::to_value(&jar).unwrap(), json!([entry()]));
    let jar = jar_of(HERE, &["alone; Domain=example.com"]);
    let expected = json!([{
        "name": "", "value": "alone", "domain": "example.com", "host_only": false, "path": "/shop", "secure": false,
        "http_only": false, "same_site": "default", "created_at": "2026-11-20T09:30:00.000Z",
    }]);
    assert_eq!(serde_json::to_value(&jar).unwrap(), expected);
    assert_eq!(serde_json::to_value(CookieJar::new()).unwrap(), json!([]));
}

#[test]
fn what_was_written_is_read_back() {
    let mut jar =
        jar_of(HERE, &["a=1; Path=/", "b=\"2 3\"; Path=/shop; Max-Age=60", "c=\u{1f36a}; Domain=example.com"]);
    jar.insert(&uri("https://[::1]/"), "d=4; SameSite=None; Secure", later(1)).unwrap();
    jar.insert(&uri("https://github.io/"), "e=5; Domain=github.io", later(1)).unwrap();
    jar.insert(&uri("https://www.example.com./x;y/z"), "__Host-f=6; Secure; Path=/", later(1)).unwrap();
    jar.insert(&uri("https://www.example.com./x;y/z"), "g=7", later(1)).unwrap();
    let text = serde_json::to_string(&jar).unwrap();
    let again: CookieJar = serde_json::from_str(&text).unwrap();
    assert_eq!(again.len(), 7);
    assert_eq!(serde_json::to_string(&again).unwrap(), text);
    for there in [HERE, "https://[::1]/", "https://github.io/", "https://www.example.com./x;y/"] {
        assert!(!sent(&jar, there).is_empty());
        assert_eq!(sent(&again, there), sent(&jar, there), "{there}");
    }
    // The order of a millisecond is kept, and what comes later comes after.
    let mut again = again;
    again.insert(&uri(HERE), "h=8; Path=/", later(0)).unwrap();
    assert_eq!(sent_at(&again, HERE, later(60)), "c=\u{1f36a}; a=1; h=8");
}

#[test]
fn a_cookie_that_could_not_have_been_set_is_an_error_that_names_the_field() {
    for (fields, named) in [
        (json!({"name": "a=b"}), "name"),
        (json!({"name": "a;b"}), "name"),
        (json!({"name": " a"}), "name"),
        (json!({"name": "a\r\nX: y"}), "name"),
        (json!({"name": "", "value": ""}), "value"),
        (json!({"value": "x; other=1"}), "value"),
        (json!({"value": "x\r\nX: y"}), "value"),
        (json!({"value": "x\u{0}"}), "value"),
        (json!({"value": "x "}), "value"),
        (json!({"value": "x".repeat(4094)}), "value"),
        (json!({"domain": ""}), "domain"),
        (json!({"domain": "Www.example.com"}), "domain"),
        (json!({"domain": ".example.com"}), "domain"),
        (json!({"domain": "www.example.com:443"}), "domain"),
        (json!({"domain": "user@www.example.com"}), "domain"),
        (json!({"domain": "www.example.com/x"}), "domain"),
        (json!({"domain": "www.example.com?"}), "domain"),
        (json!({"domain": "b\u{fc}cher.example"}), "domain"),
        (json!({"domain": "a b"}), "domain"),
        (json!({"domain": "[::0001]"}), "domain"),
        (json!({"domain": "::1"}), "domain"),
        (json!({"domain": "127.0.0.1", "host_only": false}), "domain"),
        (json!({"path": ""}), "path"),
        (json!({"path": "x"}), "path"),
        (json!({"path": "/\n"}), "path"),
        (json!({"same_site": "none", "secure": false}), "same_site"),
        (json!({"name": "__Secure-a", "secure": false}), "name"),
        (json!({"name": "__Host-a", "secure": false}), "name"),
        (json!({"name": "__host-a", "path": "/x"}), "name"),
        (json!({"name": "__HOST-a", "domain": "example.com", "host_only": false}), "name"),
        (json!({"name": "__Http-a", "http_only": false}), "name"),
        (json!({"name": "__Host-Http-a", "http_only": false}), "name"),
        (json!({"name": "", "value": "__Host-a=1"}), "name"),
        (json!({"expires_at": "tomorrow"}), "expires_at"),
        (json!({"expires_at": "1969-12-31T23:59:59Z"}), "expires_at"),
        (json!({"created_at": "2026-11-20"}), "created_at"),
    ] {
        let error = read(json!([entry(), changed(&fields)])).unwrap_err();
        assert!(error.starts_with(&format!("cookie 2: `{named}`: ")), "{fields}: {error}");
        assert_eq!(read(json!([changed(&fields)])).unwrap_err().replace("cookie 1", "cookie 2"), error);
    }
}

#[test]
fn a_cookie_for_what_is_a_public_suffix_by_now_is_left_out_and_the_others_stay() {
    for domain in ["com", "co.uk", "github.io", "github.io.", "ck"] {
        let jar =
            read(json!([changed(&json!({"name": "left", "domain": domain, "host_only": false})), entry()])).unwrap();
        assert_eq!(jar.names().collect::<Vec<_>>(), ["sid"], "{domain}");
    }
}

#[test]
fn a_field_that_is_missing_or_of_another_kind_is_an_error() {
    for field in ["name", "value", "domain", "host_only", "path", "secure", "http_only", "created_at"] {
        let mut entry = entry();
        entry.as_object_mut().unwrap().remove(field);
        let error = read(json!([entry])).unwrap_err();
        assert_eq!(error, format!("missing field `{field}`"));
    }
    for field in ["same_site", "expires_at"] {
        let mut entry = entry();
        entry.as_object_mut().unwrap().remove(field);
        assert!(read(json!([entry])).is_ok(), "{field}");
    }
    for whole in [json!({}), json!("x"), json!([1]), json!([[]])] {
        assert!(read(whole.clone()).is_err(), "{whole}");
    }
    assert!(read(json!([changed(&json!({"same_site": "sometimes"}))])).is_err());
}

#[test]
fn no_error_repeats_a_value() {
    for value in [json!("SECRET\n"), json!("SECRET;"), json!(4_711_471_147_i64), json!(-4711.25), json!(["SECRET"])] {
        let error = read(json!([changed(&json!({"value": value}))])).unwrap_err();
        assert!(!error.contains("SECRET") && !error.contains("4711"), "{error}");
    }
}

#[test]
fn fields_that_nobody_knows_yet_are_passed_over() {
    assert!(read(json!([changed(&json!({"partitioned": true}))])).is_ok());
}

#[test]
fn of_two_that_are_the_same_the_later_one_counts() {
    let jar = read(json!([entry(), changed(&json!({"value": "later"}))])).unwrap();
    assert_eq!(jar.len(), 1);
    assert_eq!(sent(&jar, HERE), "sid=later");
}

#[test]
fn what_is_too_much_for_a_jar_is_too_much_for_a_file() {
    let entries: Vec<_> = (0..60).map(|index| changed(&json!({"name": format!("c{index}")}))).collect();
    assert_eq!(read(entries).unwrap().len(), 50);
}

#[test]
fn what_has_expired_in_the_meantime_is_not_sent() {
    let jar = read(json!([entry()])).unwrap();
    assert_eq!(sent_at(&jar, HERE, later(3599)), "sid=31d4d96e");
    assert_eq!(sent_at(&jar, HERE, later(3600)), "");
}
