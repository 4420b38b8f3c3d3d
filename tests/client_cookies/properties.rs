//! What holds for whatever bytes a server sends.

use countersign::client::CookieJar;
use proptest::prelude::*;

use crate::help::{later, now, sent, uri};

/// Hosts of several owners, each with the name below which its owner is alone.
const HOSTS: [(&str, &str); 9] = [
    ("www.example.com", "example.com"),
    ("example.com", "example.com"),
    ("api.www.example.com", "example.com"),
    ("mallory.github.io", "mallory.github.io"),
    ("victim.github.io", "victim.github.io"),
    ("shop.co.uk", "shop.co.uk"),
    ("www.other.co.uk", "other.co.uk"),
    ("192.0.2.1", "192.0.2.1"),
    ("[2001:db8::1]", "[2001:db8::1]"),
];

/// Pieces out of which a `Set-Cookie` is made, rightly or wrongly.
fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "a",
        "=",
        "; ",
        ";",
        " ",
        "\t",
        "\"",
        ",",
        "1",
        "-",
        "__Host-",
        "__secure-",
        "Path=",
        "/",
        "/shop",
        "Domain=",
        ".",
        "example.com",
        "github.io",
        "co.uk",
        "192.0.2.1",
        "Secure",
        "HttpOnly",
        "SameSite=",
        "None",
        "Max-Age=",
        "Expires=",
        "20 Nov 2026 10:00:00",
        "9999999999999999999",
        "\u{1f36a}",
    ]);
    let piece = prop_oneof![
        8 => known.prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn place() -> impl Strategy<Value = String> {
    let scheme = prop::sample::select(vec!["http", "https", "ws", "wss"]);
    let path = prop::sample::select(vec!["", "/", "/shop/cart", "/a;b/c?d#e", "//x"]);
    (scheme, prop::sample::select(HOSTS.to_vec()), path)
        .prop_map(|(scheme, (host, _), path)| format!("{scheme}://{host}{path}"))
}

fn assert_sound(jar: &CookieJar) -> Result<(), TestCaseError> {
    for (host, _) in HOSTS {
        for path in ["/", "/shop/cart", "/a;b/c"] {
            let header = jar.header(&uri(&format!("https://{host}{path}")), now());
            let clean = |header: http::HeaderValue| {
                let bytes = header.as_bytes();
                !bytes.is_empty() && !bytes.iter().any(|byte| byte.is_ascii_control() && *byte != b'\t')
            };
            prop_assert!(header.is_none_or(clean));
        }
    }
    let written = serde_json::to_string(jar).unwrap();
    let read: CookieJar = serde_json::from_str(&written).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(serde_json::to_string(&read).unwrap(), written);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_bytes_panic_or_become_a_second_header(
        bytes in prop_oneof![pieces(), prop::collection::vec(any::<u8>(), 0..200)],
        from in place(),
    ) {
        let mut jar = CookieJar::new();
        let taken = jar.insert(&uri(&from), &bytes, now());
        prop_assert_eq!(jar.len(), usize::from(taken == Ok(true)));
        assert_sound(&jar)?;
    }

    #[test]
    fn dates_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..60), date in "[0-9a-zA-Z:, -]{0,40}") {
        let mut jar = CookieJar::new();
        let _ = jar.insert(&uri("https://example.com/"), [b"a=1; Expires=", &bytes[..]].concat(), now());
        let with_date = format!("b=1; Expires={date}");
        prop_assert!(jar.insert(&uri("https://example.com/"), with_date, now()).is_ok());
    }

    /// A-22, whatever the server says.
    #[test]
    fn no_cookie_goes_to_strangers(set_cookies in prop::collection::vec(pieces(), 1..8), from in place()) {
        let mut jar = CookieJar::new();
        for set_cookie in &set_cookies {
            let _ = jar.insert(&uri(&from), set_cookie, now());
        }
        let sender = uri(&from);
        let (_, owner) = HOSTS.into_iter().find(|(host, _)| Some(*host) == sender.host()).unwrap();
        for (host, _) in HOSTS.into_iter().filter(|(_, other)| *other != owner) {
            for path in ["/", "/shop/cart", "/a;b/c"] {
                prop_assert_eq!(sent(&jar, &format!("https://{host}{path}")), "", "{}", host);
            }
        }
    }

    #[test]
    fn a_jar_of_many_is_sound(steps in prop::collection::vec((place(), pieces(), 0_u64..4000), 0..80)) {
        let mut jar = CookieJar::new();
        for (from, set_cookie, seconds) in &steps {
            let before = serde_json::to_string(&jar).unwrap();
            if !matches!(jar.insert(&uri(from), set_cookie, later(*seconds)), Ok(true)) {
                jar.remove_expired(later(*seconds));
                let mut same: CookieJar = serde_json::from_str(&before).unwrap();
                same.remove_expired(later(*seconds));
                prop_assert_eq!(serde_json::to_string(&jar).unwrap(), serde_json::to_string(&same).unwrap());
            }
            prop_assert_eq!(jar.len(), jar.iter().count());
        }
        assert_sound(&jar)?;
    }
}
