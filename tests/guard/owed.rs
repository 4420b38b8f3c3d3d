//! Sessions whose user still owes a second factor, or another proof.

use axum::{
    Router,
    routing::{get, post},
};
use countersign::{DenialKind, Error, Issued, LoggedIn, PendingSecondFactor, Reaction, Require, Session};
use http::{Method, Request, StatusCode, header};

use crate::{
    help::{Site, ask, assert_passes, assert_refused},
    support::Browser,
};

async fn half_logged_in(site: &Site) -> Issued {
    site.sessions.log_in("ada").roles(["admin"]).method("pwd").pending_second_factor(["totp"]).await.unwrap()
}

async fn totp(pending: PendingSecondFactor) -> Result<String, Error> {
    let user = pending.user().to_owned();
    pending.pass("totp").await?;
    Ok(user)
}

#[tokio::test]
async fn who_owes_his_second_factor_meets_no_demand() {
    let site = Site::new();
    let ada = half_logged_in(&site).await;
    let demands = [
        Require::logged_in(),
        Require::role("admin"),
        Require::permission("posts.read"),
        Require::that(|_| true),
        Require::second_factor(),
        Require::fresh_login(std::time::Duration::MAX),
        Require::role("x").or(Require::logged_in()),
    ];
    for require in demands {
        let reply = ask(&site, &require, Some(&ada)).await;
        assert_refused(&reply, DenialKind::SecondFactorPending, Some(STEP_UP), "step_up_required");
    }
}

#[tokio::test]
async fn who_passes_it_is_let_in_under_a_new_token() {
    let site = Site::new();
    let ada = half_logged_in(&site).await;
    let app = site.serve(
        Router::new()
            .route("/page", get(|| async { "welcome" }).layer(Require::role("admin").and(Require::second_factor())))
            .route("/totp", post(totp)),
    );
    let mut browser = Browser::with_token(&app, &ada.token().reveal());
    assert_eq!(browser.post("/totp").await.body, "ada");
    assert_passes(&browser.get("/page").await);
    let reply = Browser::with_token(&app, &ada.token().reveal()).get("/page").await;
    assert_eq!(reply.denial, Some(DenialKind::NotLoggedIn), "the old one is worth nothing");
}

#[tokio::test]
async fn a_session_that_has_to_be_proved_again_meets_no_demand_until_it_is() {
    let site = Site::with(|config| config.binding.user_agent = Reaction::StepUp);
    let app = site.serve(
        Router::new()
            .route("/login", post(|session: Session| async move { session.log_in("ada").await.map(drop) }))
            .route("/page", get(|| async { "welcome" }).layer(Require::logged_in()))
            .route("/password", post(|p: PendingSecondFactor| async move { p.pass("pwd").await.map(drop) })),
    );
    let from = |browser: &Browser, method: Method, path: &str, agent: &str| {
        let mut request = browser.request(method, path);
        request.headers_mut().insert(header::USER_AGENT, agent.parse().unwrap());
        request
    };
    let nobody = Browser::new(&app);
    let here = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let there = "curl/8.5.0";
    let token = |reply: &crate::support::Reply| {
        let cookie = reply.set_cookie().unwrap();
        cookie.split(';').next().unwrap().trim_start_matches("__Host-sid=").to_owned()
    };
    let reply = nobody.ask(from(&nobody, Method::POST, "/login", here)).await;
    let browser = Browser::with_token(&app, &token(&reply));
    assert_passes(&browser.ask(from(&browser, Method::GET, "/page", here)).await);
    let reply = browser.ask(from(&browser, Method::GET, "/page", there)).await;
    assert_refused(&reply, DenialKind::StepUpDemanded, Some(STEP_UP), "step_up_required");
    assert_eq!(site.denied().len(), 1);
    let reply = browser.ask(from(&browser, Method::POST, "/password", there)).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    let browser = Browser::with_token(&app, &token(&reply));
    assert_passes(&browser.ask(from(&browser, Method::GET, "/page", there)).await);
}

#[tokio::test]
async fn the_extractors_tell_the_same_as_the_guard() {
    let site = Site::new();
    let app = site.serve(
        Router::new()
            .route("/guard", get(|| async { "welcome" }).layer(Require::logged_in()))
            .route("/extractor", get(|_: LoggedIn| async { "welcome" }))
            .route("/pending", get(|_: PendingSecondFactor| async { "welcome" })),
    );
    let ada = half_logged_in(&site).await;
    let owing = Browser::with_token(&app, &ada.token().reveal());
    let dead = Browser::with_bearer(&app, "dead");
    for (browser, paths) in [
        (owing, &["/guard", "/extractor"][..]),
        (Browser::new(&app), &["/guard", "/extractor", "/pending"]),
        (dead, &["/guard", "/extractor", "/pending"]),
    ] {
        let mut said = Vec::new();
        for path in paths {
            let reply = browser.ask(browser.request(Method::GET, path)).await;
            assert_eq!(site.denied().len(), 1, "{path}");
            said.push((reply.status, reply.headers, reply.body, reply.denial));
        }
        assert!(said.windows(2).all(|pair| pair[0] == pair[1]), "{said:?}");
    }
}

#[tokio::test]
async fn only_who_owes_something_is_pending() {
    let site = Site::new();
    let app = site.serve(
        Router::new()
            .route("/totp", post(totp))
            .route("/maybe", get(|pending: Option<PendingSecondFactor>| async move { pending.is_some().to_string() })),
    );
    let half = half_logged_in(&site).await;
    let whole = site.ada().await;
    let mut owing = Browser::with_token(&app, &half.token().reveal());
    assert_eq!(owing.get("/maybe").await.body, "true");
    assert_eq!(Browser::with_token(&app, &whole.token().reveal()).get("/maybe").await.body, "false");
    assert_eq!(Browser::new(&app).get("/maybe").await.body, "false");
    assert_eq!(site.denied(), [], "an option demands nothing");

    let reply = Browser::new(&app).post("/totp").await;
    assert_refused(&reply, DenialKind::NotLoggedIn, Some("Bearer"), "login_required");
    let reply = Browser::with_token(&app, &whole.token().reveal()).post("/totp").await;
    assert_refused(&reply, DenialKind::NothingPending, None, "nothing_pending");
    assert_eq!(
        site.denied(),
        [(None, DenialKind::NotLoggedIn), (Some(whole.session_id()), DenialKind::NothingPending)]
    );
    assert_eq!(owing.post("/totp").await.body, "ada");

    let bare = Router::new()
        .route("/totp", post(|_: PendingSecondFactor| async {}))
        .route("/maybe", post(|_: Option<PendingSecondFactor>| async {}));
    for path in ["/totp", "/maybe"] {
        let reply = Browser::new(&bare).ask(Request::post(path).body(axum::body::Body::empty()).unwrap()).await;
        assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(reply.body.contains("SessionLayer"));
    }
}

/// The credential is good; its user has to prove more (RFC 9470, section 3).
const STEP_UP: &str = r#"Bearer error="insufficient_user_authentication""#;
