//! Sections 5.7 and 6.1: how many cookies there is room for, and which ones go when there is none.

use countersign::client::CookieJar;

use crate::help::{later, now, sent_at, uri};

const HOST: &str = "https://www.example.com/";

fn set(jar: &mut CookieJar, at: &str, set_cookie: &str, seconds: u64) {
    assert_eq!(jar.insert(&uri(at), set_cookie, later(seconds)), Ok(true), "{set_cookie}");
}

/// Fifty cookies of one domain, `c0` the oldest.
fn full(attributes: &str) -> CookieJar {
    let mut jar = CookieJar::new();
    for index in 0..50 {
        set(&mut jar, HOST, &format!("c{index}=1; Path=/{index}; {attributes}"), index);
    }
    jar
}

#[test]
fn s6_1_a_domain_has_fifty_cookies_and_the_oldest_goes() {
    let mut jar = full("Secure");
    assert_eq!(jar.len(), 50);
    set(&mut jar, HOST, "new=1; Secure", 100);
    assert_eq!(jar.len(), 50);
    assert!(jar.contains("new") && !jar.contains("c0") && jar.contains("c1"));
    // What replaces needs no room, and other domains have their own.
    set(&mut jar, HOST, "new=2; Secure", 101);
    set(&mut jar, "https://api.example.com/", "other=1", 101);
    set(&mut jar, HOST, "wide=1; Domain=example.com", 101);
    assert_eq!(jar.len(), 52);
    assert!(jar.contains("c1"));
}

#[test]
fn s5_7_cookies_that_are_not_secure_go_first() {
    let mut jar = full("Secure");
    set(&mut jar, HOST, "plain=1; Path=/plain", 50);
    assert!(!jar.contains("plain"), "forty-nine neighbours later it is the one to go");
    let mut jar = full("HttpOnly");
    set(&mut jar, HOST, "safe=1; Secure; Path=/safe", 50);
    set(&mut jar, HOST, "safe2=1; Secure; Path=/safe", 51);
    assert!(jar.contains("safe") && jar.contains("safe2") && !jar.contains("c0") && !jar.contains("c1"));
}

#[test]
fn s5_7_what_has_expired_goes_before_anything_else() {
    let mut jar = full("Secure");
    jar.remove("c49", &uri("https://www.example.com/49"));
    set(&mut jar, HOST, "short=1; Secure; Max-Age=1", 50);
    set(&mut jar, HOST, "new=1; Secure", 51);
    assert!(jar.contains("new") && jar.contains("c0") && !jar.contains("short"));
}

#[test]
fn s5_7_what_was_sent_lately_stays() {
    let mut jar = full("Secure");
    assert_eq!(sent_at(&jar, "https://www.example.com/0", later(120)), "c0=1");
    // It counts for a clone as well, which is how a session writes.
    let mut clone = jar.clone();
    for jar in [&mut jar, &mut clone] {
        set(jar, HOST, "new=1; Secure", 200);
        assert!(jar.contains("c0") && !jar.contains("c1"));
    }
}

#[test]
fn s6_1_a_jar_has_three_thousand_cookies() {
    let mut jar = CookieJar::new();
    for index in 0..3000_u64 {
        let host = format!("https://host{}.example.com/", index % 100);
        set(&mut jar, &host, &format!("c{index}=1; Secure"), index);
    }
    assert_eq!(jar.len(), 3000);
    set(&mut jar, "https://host0.example.com/", "new=1", 4000);
    assert_eq!(jar.len(), 3000);
    assert!(jar.contains("new") && !jar.contains("c0") && jar.contains("c1"));
}

#[test]
fn a_flood_from_one_host_takes_nothing_from_another() {
    let mut jar = CookieJar::new();
    set(&mut jar, HOST, "sid=1; Secure", 0);
    for index in 0..10_000 {
        jar.insert(&uri("https://evil.example.org/"), format!("c{index}=1"), now()).unwrap();
    }
    assert_eq!(jar.len(), 51);
    assert!(jar.contains("sid"));
}
