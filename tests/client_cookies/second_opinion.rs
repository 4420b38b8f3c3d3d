//! Where RFC 6265 and its successor say the same, the crate that follows the old one sends what this jar sends.

use cookie_store::CookieStore;
use countersign::client::CookieJar;
use proptest::prelude::*;
use url::Url;

use crate::help::{now, sent, uri};

/// One `Set-Cookie`, and from where.
fn step() -> impl Strategy<Value = (String, String)> {
    // The old rules know no difference between a cookie for a host and one for a domain of the same name: here, the
    // names differ.
    let host = prop::sample::select(vec!["example.com", "www.example.com", "a.www.example.com", "example.org"]);
    let scope =
        prop::sample::select(vec!["", "; Domain=example.com", "; Domain=.www.example.com", "; Domain=example.org"]);
    let folder = prop::sample::select(vec!["", "/", "/shop", "/shop/", "/shop/cart", "/shopping/x"]);
    let path = prop::sample::select(vec!["", "; Path=/", "; Path=/shop", "; Path=/shop/", "; path=x", "; Path="]);
    let end =
        prop::sample::select(vec!["", "", "", "; Max-Age=0", "; Max-Age=-1", "; Max-Age=1000", "; Secure", "; x"]);
    (host, scope, folder, path, end, 0..3, "[a-z0-9]{0,4}").prop_map(|(host, scope, folder, path, end, name, value)| {
        let kind = if scope.is_empty() { "host" } else { "wide" };
        (format!("https://{host}{folder}"), format!("{kind}{name}={value}{scope}{path}{end}"))
    })
}

proptest! {
    #[test]
    fn two_jars_send_the_same(steps in prop::collection::vec(step(), 1..25)) {
        let (mut ours, mut theirs) = (CookieJar::new(), CookieStore::new());
        for (from, set_cookie) in &steps {
            let taken = ours.insert(&uri(from), set_cookie, now()).is_ok();
            let theirs_taken = theirs.parse(set_cookie, &Url::parse(from).unwrap());
            prop_assert!(taken || theirs_taken.is_err(), "{} {}: {:?}", from, set_cookie, theirs_taken);
        }
        for scheme in ["http", "https"] {
            for host in ["example.com", "www.example.com", "a.www.example.com", "b.example.com", "example.org"] {
                for path in ["/", "/shop", "/shop/", "/shop/cart/1", "/shopping/", "/x"] {
                    let there = format!("{scheme}://{host}{path}");
                    let mut ours: Vec<_> = sent(&ours, &there).split("; ").map(str::to_owned).collect();
                    let url = Url::parse(&there).unwrap();
                    let theirs = theirs.get_request_values(&url).map(|(name, value)| format!("{name}={value}"));
                    let mut theirs: Vec<_> = theirs.collect();
                    ours.retain(|pair| !pair.is_empty());
                    ours.sort_unstable();
                    theirs.sort_unstable();
                    prop_assert_eq!(ours, theirs, "{}", there);
                }
            }
        }
    }
}
