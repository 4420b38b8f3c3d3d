//! Cross-site request forgery (G12, 3.5.1, 3.5.2): another site makes the victim's browser send a request, and its cookie goes along.

use std::sync::{Arc, Mutex};

use countersign::{CrossSiteCheck, Event, RefusalKind, SameSite, Sessions};
use http::{Method, StatusCode, header};

use crate::{
    kinds::with_forms,
    site::{ask, site},
    support::{Backend, Browser, Reply, World},
};

pub(crate) const OWN: &str = "https://shop.example.org";
pub(crate) const FOREIGN: &str = "https://shop.example.org.evil.example";

/// A request with a cookie that says of its sender only what is given here.
pub(crate) async fn said(site: &axum::Router, token: &str, method: &Method, said: &[(&str, &str)]) -> Reply {
    let cookie = format!("__Host-sid={token}");
    let mut headers = vec![("host", "shop.example.org"), ("cookie", cookie.as_str())];
    headers.extend(said);
    let path = if *method == Method::POST { "/count" } else { "/peek" };
    ask(&Browser::new(site), method.clone(), path, None, &headers).await
}

pub(crate) fn refused(reply: &Reply) -> bool {
    reply.refusal == Some(RefusalKind::CrossSite)
}

/// CS-01 to CS-04, CS-09: what the header says, by the method.
#[tokio::test]
async fn every_kind_of_sender_and_method_is_judged_as_the_table_says() {
    let world = World::new(Backend::Memory).await;
    let site = site(world.sessions.clone());
    let token = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
    let table: [(&[(&str, &str)], bool); 16] = [
        (&[("sec-fetch-site", "same-origin")], true),
        (&[("sec-fetch-site", "none")], true),
        (&[("sec-fetch-site", "same-site")], false),
        (&[("sec-fetch-site", "cross-site")], false),
        (&[("sec-fetch-site", "what-comes-next")], false),
        (&[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")], false),
        (&[("sec-fetch-site", "same-site"), ("origin", OWN)], false),
        (&[("sec-fetch-site", "cross-site"), ("origin", OWN)], false),
        (&[("origin", OWN)], true),
        (&[("origin", FOREIGN)], false),
        (&[("origin", "null")], false),
        (&[("origin", "https://shop.example.org:8443")], false),
        (&[("referer", "https://shop.example.org/cart?x")], true),
        (&[("referer", "https://evil.example/shop.example.org")], false),
        (&[("x-forwarded-host", "evil.example"), ("origin", "https://evil.example")], false),
        (&[], false),
    ];
    for (headers, own) in table {
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            let reply = said(&site, &token, &method, headers).await;
            assert_eq!(!refused(&reply), own, "{method} {headers:?}");
            if !own {
                assert_eq!(reply.status, StatusCode::FORBIDDEN);
                assert_eq!(reply.header(header::SET_COOKIE), None, "nobody is logged out by it");
                let vary = reply.header(header::VARY).unwrap();
                assert!(vary.contains("sec-fetch-site") && vary.contains("origin"), "{vary}");
            }
        }
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert!(!refused(&said(&site, &token, &method, headers).await), "{method} {headers:?}");
        }
    }
    assert_eq!(world.sessions.list("ada").await.unwrap().len(), 1);
}

/// 3.5.2: no kind of body goes without a preflight and without the check.
#[tokio::test]
async fn no_kind_of_body_is_let_through() {
    let world = World::new(Backend::Memory).await;
    let site = site(world.sessions.clone());
    let token = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json", ""]
    {
        let headers = [("content-type", kind), ("sec-fetch-site", "cross-site")];
        assert!(refused(&said(&site, &token, &Method::POST, &headers).await), "{kind}");
    }
}

/// CS-08, A-16, 7.6.2: the victim's browser is made to log in as the attacker.
#[tokio::test]
async fn a_log_in_from_another_site_is_refused() {
    let world = World::new(Backend::Memory).await;
    let site = site(world.sessions.clone());
    let browser = Browser::new(&site);
    for path in ["/login/mallory", "/guess/mallory/right", "/first/mallory"] {
        for headers in [[("sec-fetch-site", "cross-site")], [("origin", FOREIGN)], [("origin", "null")]] {
            let reply = ask(&browser, Method::POST, path, None, &headers).await;
            assert_eq!((reply.status, reply.header(header::SET_COOKIE)), (StatusCode::FORBIDDEN, None), "{path}");
        }
    }
    assert_eq!(world.sessions.list("mallory").await.unwrap().len(), 0);
    for headers in [&[("sec-fetch-site", "same-origin")][..], &[]] {
        let reply = ask(&browser, Method::POST, "/login/ada", None, headers).await;
        assert_eq!(reply.status, StatusCode::OK, "a page of this site, and a program, may: {headers:?}");
    }
}

/// CS-01, CS-08: a form of another site is posted here, without the cookie, which is `SameSite=Lax`. What the answer sets the browser
/// keeps all the same, as this is a navigation: a session that began here would take the place of the victim's own.
#[tokio::test]
async fn another_site_takes_nobodys_cookie_away_by_having_him_begin_a_session() {
    let world = World::new(Backend::Memory).await;
    let site = with_forms(world.sessions.clone());
    let mut victim = Browser::new(&site);
    victim.post("/login/ada").await;
    for from in
        [[("sec-fetch-site", "cross-site"), ("origin", FOREIGN)], [("origin", FOREIGN), ("host", "shop.example.org")]]
    {
        for path in ["/count", "/attributes/colour/red", "/form"] {
            let reply = ask(&Browser::new(&site), Method::POST, path, None, &from).await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path}: what is lost is told");
            victim.keep_all(&reply);
            assert_eq!(victim.get("/me").await.body, "ada", "{path}");
        }
        let removing = ask(&Browser::new(&site), Method::DELETE, "/attributes/colour", None, &from).await;
        assert_eq!((removing.status, removing.set_cookie()), (StatusCode::OK, None), "what begins nothing may be");
    }
    let link = ask(&Browser::new(&site), Method::GET, "/peek", None, &[("sec-fetch-site", "cross-site")]).await;
    assert_eq!((link.status, link.set_cookie()), (StatusCode::OK, None));
}

/// CS-05, B-05: what counts is the credential that authenticated, and not which headers stand beside it.
#[tokio::test]
async fn a_junk_authorization_beside_a_cookie_exempts_nothing() {
    let world = World::new(Backend::Memory).await;
    let site = site(world.sessions.clone());
    let token = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
    for junk in ["Basic YTpi", "Digest x", "x", ""] {
        let headers = [("authorization", junk), ("sec-fetch-site", "cross-site")];
        assert!(refused(&said(&site, &token, &Method::POST, &headers).await), "{junk}");
    }
    let bearer = [("authorization", "Bearer junk"), ("sec-fetch-site", "cross-site")];
    let reply = said(&site, &token, &Method::PUT, &bearer).await;
    assert_eq!(reply.refusal, Some(RefusalKind::Malformed), "a Bearer header decides alone: it is nobody's request");
}

/// CS-05, CS-08: what came with a Bearer header is not judged, and so it is given no cookie: nobody is logged in by it in a browser.
#[tokio::test]
async fn a_junk_bearer_header_hands_out_no_cookie() {
    let world = World::new(Backend::Memory).await;
    let site = site(world.sessions.clone());
    let junk = [("authorization", "Bearer junk"), ("sec-fetch-site", "cross-site"), ("origin", FOREIGN)];
    for path in ["/login/mallory", "/guess/mallory/right", "/first/mallory", "/count"] {
        let reply = ask(&Browser::new(&site), Method::POST, path, None, &junk).await;
        assert_eq!(reply.headers.get(header::SET_COOKIE), None, "{path}");
    }
    let own = [("sec-fetch-site", "same-origin")];
    let reply = ask(&Browser::new(&site), Method::POST, "/login/ada", None, &own).await;
    assert!(reply.set_cookie().is_some(), "a page of this site gets one");
}

/// CS-05: no page can make a browser send a Bearer token that it does not have.
#[tokio::test]
async fn a_bearer_token_is_exempt() {
    let world = World::new(Backend::Memory).await;
    let site = site(world.sessions.clone());
    let token = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
    let program = Browser::with_bearer(&site, &token);
    for headers in [&[("sec-fetch-site", "cross-site"), ("origin", FOREIGN)][..], &[("origin", "null")], &[]] {
        assert_eq!(ask(&program, Method::POST, "/mine/count", None, headers).await.status, StatusCode::OK);
    }
}

/// 4.4.2: a handshake is a GET, and no browser asks before.
#[tokio::test]
async fn a_web_socket_from_another_site_is_refused() {
    let world = World::new(Backend::Memory).await;
    let site = site(world.sessions.clone());
    let token = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
    let handshake = |origin| [("connection", "Upgrade"), ("upgrade", "websocket"), ("origin", origin)];
    assert!(refused(&said(&site, &token, &Method::GET, &handshake(FOREIGN)).await));
    assert!(!refused(&said(&site, &token, &Method::GET, &handshake(OWN)).await));
}

/// CS-10.
#[tokio::test]
async fn report_only_lets_through_and_tells() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&told);
    let mut config = countersign::Config::production();
    config.cross_site.check = CrossSiteCheck::Report;
    let keys = countersign::KeyRing::new(crate::support::KEY).unwrap();
    let sessions = Sessions::builder(keys, countersign::MemoryStore::new()).config(config).on_event(move |event| {
        if let Event::CrossSiteReported { session } = event {
            listener.lock().unwrap().push(session.is_some());
        }
    });
    let sessions = sessions.build().unwrap();
    let site = site(sessions.clone());
    let token = sessions.log_in("ada").await.unwrap().token().reveal().to_string();
    let foreign = [("origin", FOREIGN)];
    assert_eq!(said(&site, &token, &Method::POST, &foreign).await.status, StatusCode::OK);
    assert_eq!(said(&site, &token, &Method::POST, &[("origin", OWN)]).await.status, StatusCode::OK);
    let log_in = ask(&Browser::new(&site), Method::POST, "/login/ada", None, &foreign).await;
    assert_eq!(log_in.status, StatusCode::OK);
    assert_eq!(*told.lock().unwrap(), [true, false], "what would be refused, with a session and without");
}

/// CS-12, and trusted origins.
#[tokio::test]
async fn without_same_site_the_check_still_holds() {
    let world = World::with(Backend::Memory, |config| {
        config.cookie.same_site = SameSite::None;
        config.cross_site.origins = vec![OWN.to_owned(), "https://accounts.example.net".to_owned()];
    })
    .await;
    let site = site(world.sessions.clone());
    let token = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
    for (origin, own) in [
        (FOREIGN, false),
        ("https://accounts.example.net", true),
        ("https://accounts.example.net.evil.example", false),
        ("http://shop.example.org", false),
        (OWN, true),
    ] {
        assert_eq!(!refused(&said(&site, &token, &Method::POST, &[("origin", origin)]).await), own, "{origin}");
    }
}
