//! Values show up nowhere but in the header and in what is written down.

use http::HeaderMap;

use countersign::client::CookieJar;

use crate::{
    help::{HERE, jar_of, now, uri},
    said::Said,
};

#[test]
fn debug_prints_names_and_no_values() {
    let jar = jar_of(HERE, &["sid=SECRET; Path=/", "SECRET; Path=/"]);
    let header = jar.header(&uri(HERE), now()).unwrap();
    let shown = [
        format!("{jar:?} {jar:#?}"),
        jar.iter().map(|cookie| format!("{cookie:?} {cookie:#?}")).collect(),
        format!("{header:?} {header:#?}"),
    ];
    assert!(shown[0].contains("sid") && shown[1].contains("sid"));
    assert!(shown.iter().all(|text| !text.contains("SECRET")), "{shown:?}");
}

#[test]
fn the_header_is_marked_as_sensitive() {
    assert!(jar_of(HERE, &["sid=SECRET"]).header(&uri(HERE), now()).unwrap().is_sensitive());
}

#[test]
fn the_log_tells_which_rule_was_broken_and_no_more() {
    let said = Said::default();
    let mut headers = HeaderMap::new();
    for refused in [
        "SECRET=SECRET; Domain=com",
        "__Host-SECRET=SECRET",
        "=__Host-SECRET",
        "SECRET=SECRET; SameSite=None",
        "SECRET=SECRET; Domain=secret.example.org",
        "sid=SECRET; Path=/",
    ] {
        headers.append("set-cookie", refused.parse().unwrap());
    }
    tracing::subscriber::with_default(said.subscriber(), || {
        assert!(CookieJar::new().take_in(&uri(HERE), &headers, now()));
    });
    let log = said.text();
    assert_eq!(log.lines().count(), 5, "{log}");
    assert!(log.contains("must not be a public suffix") && log.contains("www.example.com"), "{log}");
    assert!(!log.to_lowercase().contains("secret"), "{log}");
}
