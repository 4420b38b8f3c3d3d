//! Browsers that ask for a page are sent to another one, and know the way back.

use axum::{
    Router,
    body::Body,
    routing::{any, get},
};
use countersign::{DenialKind, LoggedIn, PendingSecondFactor, Require, ReturnTo};
use http::{Method, Request, StatusCode, header};

use crate::{
    help::Site,
    support::{Browser, Reply, minutes},
};

fn site() -> Site {
    Site::with(|config| {
        config.login_url = Some("/login".to_owned());
        config.second_factor.url = Some("/totp?step=2".to_owned());
    })
}

/// Guarded pages, as deep in the application as they can be.
fn app(site: &Site) -> Router {
    let users = Router::new()
        .route("/", any(|| async { "all" }))
        .route("/{id}", any(|| async { "one" }))
        .route("/{id}/wipe", any(|| async { "gone" }).layer(Require::fresh_login(minutes(5))));
    let admin = Router::new().nest("/users", users).layer(Require::logged_in());
    let nested = Router::new()
        .nest("/admin", admin)
        .nest("/deep", Router::new().nest("/er", Router::new().route("/me", get(|_: LoggedIn| async { "me" }))))
        .route("/second", get(|| async { "second" }).layer(Require::second_factor()))
        .route("/admins", get(|| async { "admins" }).layer(Require::role("admin")))
        .route("/pending", any(|_: PendingSecondFactor| async { "pending" }));
    site.serve(Router::new().nest("/v1", nested.clone()).merge(nested))
}

async fn visit(browser: &Browser, method: Method, path: &str) -> Reply {
    let mut request = browser.request(method, path);
    request.headers_mut().insert(header::ACCEPT, "text/html,application/xhtml+xml".parse().unwrap());
    browser.ask(request).await
}

fn assert_sent_to(reply: &Reply, page: &str, kind: DenialKind) {
    assert_eq!((reply.status, reply.denial), (StatusCode::SEE_OTHER, Some(kind)));
    assert_eq!(reply.header(header::LOCATION), Some(page));
    assert_eq!(reply.header(header::CACHE_CONTROL), Some("no-store"));
    assert_eq!((reply.header(header::WWW_AUTHENTICATE), &*reply.body), (None, ""));
}

#[tokio::test]
async fn nobody_is_sent_to_the_login_page_with_the_way_back() {
    let site = site();
    let app = app(&site);
    let nobody = Browser::new(&app);
    for (path, page) in [
        ("/admin/users?a=b", "/login?return_to=%2Fadmin%2Fusers%3Fa%3Db"),
        ("/v1/admin/users/7", "/login?return_to=%2Fv1%2Fadmin%2Fusers%2F7"),
        ("/v1/deep/er/me?q=a%20b&r=c+d", "/login?return_to=%2Fv1%2Fdeep%2Fer%2Fme%3Fq%3Da%2520b%26r%3Dc%2Bd"),
        ("/pending", "/login?return_to=%2Fpending"),
    ] {
        for method in [Method::GET, Method::HEAD] {
            assert_sent_to(&visit(&nobody, method, path).await, page, DenialKind::NotLoggedIn);
            assert_eq!(site.denied(), [(None, DenialKind::NotLoggedIn)]);
        }
    }
    let asked = ReturnTo::of_query("return_to=%2Fv1%2Fdeep%2Fer%2Fme%3Fq%3Da%2520b%26r%3Dc%2Bd");
    assert_eq!(asked.as_ref(), "/v1/deep/er/me?q=a%20b&r=c+d", "what was sent is what comes back");
}

#[tokio::test]
async fn a_form_is_sent_there_too_but_there_is_no_way_back_into_it() {
    let site = site();
    let app = app(&site);
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let reply = visit(&Browser::new(&app), method, "/admin/users/7").await;
        assert_sent_to(&reply, "/login", DenialKind::NotLoggedIn);
    }
}

#[tokio::test]
async fn a_way_back_that_is_unsafe_or_too_long_is_left_out() {
    let site = site();
    let app = site.serve(Router::new().fallback(|| async { "all" }).layer(Require::logged_in()));
    let nobody = Browser::new(&app);
    for path in ["//evil.example/", "/.//evil.example", "/%2fevil.example", "/a/../b", "/%09/evil.example"] {
        assert_sent_to(&visit(&nobody, Method::GET, path).await, "/login", DenialKind::NotLoggedIn);
    }
    let absolute = Request::get("https://evil.example/x").header("accept", "text/html").body(Body::empty()).unwrap();
    assert_sent_to(&nobody.ask(absolute).await, "/login?return_to=%2Fx", DenialKind::NotLoggedIn);
    let path = format!("/{}", "x".repeat(1023));
    let page = format!("/login?return_to=%2F{}", "x".repeat(1023));
    assert_sent_to(&visit(&nobody, Method::GET, &path).await, &page, DenialKind::NotLoggedIn);
    assert_sent_to(&visit(&nobody, Method::GET, &(path + "x")).await, "/login", DenialKind::NotLoggedIn);
}

/// Ada, who has passed the first of two factors.
async fn owing(site: &Site, app: &Router) -> Browser {
    let ada = site.sessions.log_in("ada").pending_second_factor(["totp"]).await.unwrap();
    Browser::with_token(app, &ada.token().reveal())
}

#[tokio::test]
async fn who_owes_a_second_factor_is_sent_to_where_it_is_asked_for() {
    let site = site();
    let app = app(&site);
    let browser = owing(&site, &app).await;
    let reply = visit(&browser, Method::GET, "/v1/admin/users/7").await;
    let page = "/totp?step=2&return_to=%2Fv1%2Fadmin%2Fusers%2F7";
    assert_sent_to(&reply, page, DenialKind::SecondFactorPending);
    let reply = visit(&browser, Method::GET, "/deep/er/me").await;
    assert_sent_to(&reply, "/totp?step=2&return_to=%2Fdeep%2Fer%2Fme", DenialKind::SecondFactorPending);
    assert_eq!(visit(&browser, Method::GET, "/pending").await.body, "pending");
}

#[tokio::test]
async fn each_page_is_sent_to_by_itself() {
    let site = Site::with(|config| config.login_url = Some("/login".to_owned()));
    let routes = app(&site);
    let browser = owing(&site, &routes).await;
    assert_eq!(visit(&browser, Method::GET, "/deep/er/me").await.status, StatusCode::UNAUTHORIZED);

    let site = Site::with(|config| config.second_factor.url = Some("/totp".to_owned()));
    let routes = app(&site);
    let browser = owing(&site, &routes).await;
    let reply = visit(&browser, Method::GET, "/v1/deep/er/me").await;
    assert_sent_to(&reply, "/totp?return_to=%2Fv1%2Fdeep%2Fer%2Fme", DenialKind::SecondFactorPending);
    assert_eq!(visit(&Browser::new(&routes), Method::GET, "/deep/er/me").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn who_has_to_log_in_again_or_by_more_is_sent_to_the_login_page() {
    let site = site();
    let app = app(&site);
    let ada = site.ada().await;
    let browser = Browser::with_token(&app, &ada.token().reveal());
    let reply = visit(&browser, Method::GET, "/second").await;
    assert_sent_to(&reply, "/login?return_to=%2Fsecond", DenialKind::AssuranceTooLow);
    site.clock.advance(minutes(6));
    let reply = visit(&browser, Method::GET, "/admin/users/7/wipe").await;
    assert_sent_to(&reply, "/login?return_to=%2Fadmin%2Fusers%2F7%2Fwipe", DenialKind::NotFresh);
}

#[tokio::test]
async fn the_wrong_one_and_whoever_asks_for_no_page_are_sent_nowhere() {
    let site = site();
    let app = app(&site);
    let ada = site.ada().await;
    let browser = Browser::with_token(&app, &ada.token().reveal());
    let reply = visit(&browser, Method::GET, "/admins").await;
    assert_eq!((reply.status, reply.header(header::LOCATION)), (StatusCode::FORBIDDEN, None));
    let reply = visit(&browser, Method::GET, "/pending").await;
    assert_eq!((reply.status, reply.denial), (StatusCode::FORBIDDEN, Some(DenialKind::NothingPending)));
    for accept in [None, Some("application/json"), Some("*/*")] {
        let mut request = Request::get("/second");
        if let Some(accept) = accept {
            request = request.header(header::ACCEPT, accept);
        }
        let reply = Browser::new(&app).ask(request.body(Body::empty()).unwrap()).await;
        assert_eq!((reply.status, reply.header(header::LOCATION)), (StatusCode::UNAUTHORIZED, None));
    }
}

#[tokio::test]
async fn the_way_back_stands_before_the_fragment_of_a_page() {
    let site = Site::with(|config| config.login_url = Some("/start?lang=de#login".to_owned()));
    let reply = visit(&Browser::new(&app(&site)), Method::GET, "/second").await;
    assert_sent_to(&reply, "/start?lang=de&return_to=%2Fsecond#login", DenialKind::NotLoggedIn);
}
