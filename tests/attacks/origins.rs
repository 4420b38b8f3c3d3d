//! Another site pretends to be this one, or one that is trusted (CS-01, CS-02, CS-04).

use countersign::Config;
use http::{Method, StatusCode};

use crate::{
    cross_site::{FOREIGN, OWN, refused, said},
    site::site,
    support::{Backend, World},
};

/// A site with these settings, and the token of somebody who is logged in there.
async fn logged_in(change: impl FnOnce(&mut Config)) -> (axum::Router, String) {
    let world = World::with(Backend::Memory, change).await;
    let token = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
    (site(world.sessions), token)
}

/// Where a browser tells no sender, its origin or the address of its page decides. What resembles ours is not ours.
#[tokio::test]
async fn what_looks_like_ones_own_origin_is_not() {
    let (site, token) = logged_in(|_| {}).await;
    for origin in [
        "https://shop.example.org.attacker.example",
        "https://attacker.example#shop.example.org",
        "https://shop.example.org@attacker.example",
        "https://notshop.example.org",
        "https://www.shop.example.org",
        "https://shop.example.org:8443",
        "https://shop.example.org.",
        "//shop.example.org",
        "shop.example.org",
        "javascript://shop.example.org",
        "",
    ] {
        for name in ["origin", "referer"] {
            assert!(refused(&said(&site, &token, &Method::POST, &[(name, origin)]).await), "{name}: {origin}");
            let twice = [(name, origin), (name, OWN)];
            assert!(refused(&said(&site, &token, &Method::POST, &twice).await), "{name}: {origin}, and ours after it");
        }
    }
    let elsewhere = [("origin", FOREIGN), ("x-forwarded-host", "attacker.example")];
    assert!(refused(&said(&site, &token, &Method::POST, &elsewhere).await), "another host");
    for (name, own) in [("origin", "https://SHOP.example.org:443"), ("referer", "https://shop.example.org/a/page?q=1")]
    {
        let reply = said(&site, &token, &Method::POST, &[(name, own)]).await;
        assert_eq!(reply.status, StatusCode::OK, "{name}: {own}");
    }
}

#[tokio::test]
async fn who_is_trusted_may_act_and_nobody_beside_him() {
    let trusted = "https://accounts.example.net";
    let (site, token) = logged_in(|config| config.cross_site.origins = vec![trusted.to_owned()]).await;
    for sender in ["same-site", "cross-site"] {
        for (origin, may_act) in [(trusted, true), ("http://accounts.example.net", false), (FOREIGN, false)] {
            let headers = [("sec-fetch-site", sender), ("origin", origin)];
            let reply = said(&site, &token, &Method::POST, &headers).await;
            assert_eq!(reply.status == StatusCode::OK, may_act, "{headers:?}");
        }
    }
    let (site, token) = logged_in(|config| config.cross_site.trust_same_site = true).await;
    for (sender, may_act) in [("same-site", true), ("cross-site", false)] {
        let reply = said(&site, &token, &Method::POST, &[("sec-fetch-site", sender)]).await;
        assert_eq!(reply.status == StatusCode::OK, may_act, "{sender}");
    }
}

/// No browser writes these of the sender: then it is none that is trusted, also where the origin would be.
#[tokio::test]
async fn a_sender_that_no_browser_would_write_is_another_site() {
    let (site, token) = logged_in(|_| {}).await;
    let senders: [&[&str]; 7] = [
        &["same-origin", "same-origin"],
        &["same-origin", "cross-site"],
        &["same-origin, cross-site"],
        &["SAME-ORIGIN"],
        &["\"same-origin\""],
        &["same-origin\t."],
        &[""],
    ];
    for sender in senders {
        let mut headers: Vec<_> = sender.iter().map(|sender| ("sec-fetch-site", *sender)).collect();
        headers.push(("origin", OWN));
        assert!(refused(&said(&site, &token, &Method::POST, &headers).await), "{sender:?}");
    }
    let reply = said(&site, &token, &Method::POST, &[("sec-fetch-site", "same-origin"), ("origin", OWN)]).await;
    assert_eq!(reply.status, StatusCode::OK);
}
