//! An outage is never a denial: what cannot be checked is a 503, and who is merely remembered passes no guard.

use std::sync::Arc;

use axum::{Router, routing::get};
use countersign::{CachedStore, DenialKind, MemoryStore, Outage, Require, SessionLayer};
use http::{StatusCode, header};
use tokio::time::sleep;

use crate::{
    help::{Site, assert_passes, assert_refused},
    support::{Browser, Calls, Probe, minutes, seconds},
};

#[tokio::test(start_paused = true)]
async fn a_session_that_is_merely_remembered_is_logged_in_and_no_more() {
    let calls = Arc::new(Calls::default());
    let store = CachedStore::new(Probe::new(MemoryStore::new(), Arc::clone(&calls)));
    let site = Site::over(store, |config| config.login_url = Some("/login".to_owned()));
    let page = |require: Require| get(|| async { "welcome" }).layer(require);
    let demands = [
        ("/role", Require::role("editor")),
        ("/all", Require::all_roles(["editor"])),
        ("/permission", Require::permission("posts.write")),
        ("/that", Require::that(|_| true)),
        ("/fresh", Require::fresh_login(minutes(5))),
        ("/assurance", Require::assurance(countersign::Assurance::Aal1)),
        ("/both", Require::logged_in().and(Require::role("editor"))),
        ("/wrong", Require::role("admin")),
    ];
    let mut routes = Router::new().route("/in", page(Require::logged_in()));
    for (path, require) in &demands {
        routes = routes.route(path, page(require.clone()));
    }
    let layer = SessionLayer::new(site.sessions.clone()).outage(Outage::StaleFor(minutes(5)));
    let app = routes.layer(layer);
    let ada = site.ada().await;
    let mut browser = Browser::with_token(&app, &ada.token().reveal());
    assert_passes(&browser.get("/in").await);
    assert_passes(&browser.get("/role").await);
    assert_eq!(browser.get("/wrong").await.denial, Some(DenialKind::MissingRole));
    sleep(seconds(3)).await;
    calls.break_store(true);
    site.denied();

    assert_passes(&browser.get("/in").await);
    for (path, _) in &demands {
        let mut request = browser.request(http::Method::GET, path);
        request.headers_mut().insert(header::ACCEPT, "text/html".parse().unwrap());
        let reply = browser.ask(request).await;
        assert_refused(&reply, DenialKind::Unchecked, None, "unavailable");
        assert_eq!(reply.header(header::RETRY_AFTER), Some("2"), "{path}");
        assert_eq!(site.denied(), [(Some(ada.session_id()), DenialKind::Unchecked)]);
    }
    let mut nobody = Browser::new(&app);
    assert_eq!(nobody.get("/role").await.status, StatusCode::UNAUTHORIZED, "nobody is nobody, store or not");

    calls.break_store(false);
    assert_passes(&browser.get("/role").await);
}

#[tokio::test(start_paused = true)]
async fn without_an_outage_policy_the_layer_says_so_itself() {
    let calls = Arc::new(Calls::default());
    let site = Site::over(Probe::new(MemoryStore::new(), Arc::clone(&calls)), |_| {});
    let app = site.app(Require::logged_in());
    let ada = site.ada().await;
    calls.break_store(true);
    let reply = Browser::with_token(&app, &ada.token().reveal()).get("/page").await;
    assert_eq!((reply.status, reply.denial), (StatusCode::SERVICE_UNAVAILABLE, None));
    assert_eq!(site.denied(), []);
}
