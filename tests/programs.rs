//! Programs as users write them: what is short here has to stay short.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

#[cfg(feature = "redis")]
#[path = "support/servers/mod.rs"]
mod servers;

use std::{collections::BTreeMap, time::Duration};

use axum::{
    Form, Json, Router,
    body::Body,
    extract::Path,
    response::Redirect,
    routing::{delete, get, post},
};
use countersign::{
    Error, Issued, KeyRing, LoggedIn, Reason, Session, SessionId, SessionInfo, SessionLayer, Sessions, SqliteStore,
};
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use serde::Deserialize;
use tower::ServiceExt;

#[derive(Deserialize)]
struct Login {
    name: String,
}

async fn login(session: Session, Form(form): Form<Login>) -> Result<Redirect, Error> {
    session.log_in(form.name).keep("cart.").remember(true).roles(["buyer"]).await?;
    Ok(Redirect::to("/me"))
}

async fn login_json(session: Session, Json(form): Json<Login>) -> Result<Json<Issued>, Error> {
    Ok(Json(session.log_in(form.name).await?))
}

async fn me(who: LoggedIn) -> String {
    format!("hello {}", who.user())
}

async fn logout(session: Session) -> Result<Redirect, Error> {
    session.log_out().await?;
    Ok(Redirect::to("/"))
}

async fn add(session: Session, Path(item): Path<u64>) -> Result<StatusCode, Error> {
    session.increment(format!("cart.{item}"), 1)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn cart(session: Session) -> Result<Json<BTreeMap<u64, u32>>, Error> {
    session.entries("cart.").map(Json)
}

async fn devices(who: LoggedIn) -> Result<Json<Vec<SessionInfo>>, Error> {
    Ok(Json(who.sessions().await?))
}

async fn end_one(who: LoggedIn, Path(id): Path<SessionId>) -> Result<StatusCode, Error> {
    who.revoke(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn end_others(who: LoggedIn) -> Result<StatusCode, Error> {
    who.revoke_others().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn app(sessions: Sessions) -> Router {
    Router::new()
        .route("/login", post(login))
        .route("/login.json", post(login_json))
        .route("/me", get(me))
        .route("/logout", post(logout))
        .route("/cart", get(cart))
        .route("/cart/{item}", post(add))
        .route("/devices", get(devices).delete(end_others))
        .route("/devices/{id}", delete(end_one))
        .layer(SessionLayer::new(sessions))
}

#[tokio::test]
async fn a_cart_fills_before_log_in_and_survives_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(dir.path().join("sessions.db")).await.unwrap();
    let app = app(Sessions::new(KeyRing::generate().unwrap(), store));
    let response = app.clone().oneshot(Request::post("/cart/17").body(Body::empty()).unwrap()).await.unwrap();
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let login = Request::post("/login").header(header::COOKIE, cookie).header("sec-fetch-site", "same-origin");
    let login = login.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(Body::from("name=ada"));
    let response = app.clone().oneshot(login.unwrap()).await.unwrap();
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let cart = Request::get("/cart").header(header::COOKIE, cookie).body(Body::empty()).unwrap();
    let body = app.oneshot(cart).await.unwrap().into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, r#"{"17":1}"#);
}

#[tokio::test]
async fn an_application_is_tested_without_a_clock_that_runs() {
    let sessions = Sessions::for_tests();
    let ask = |request| app(sessions.clone()).oneshot(request);
    let request: Request<Body> = sessions.logged_in_request("ada", Request::get("/me"));
    let later = Request::get("/me").header("authorization", request.headers()["authorization"].clone());
    assert_eq!(ask(request).await.unwrap().status(), StatusCode::OK);
    sessions.clock().advance(Duration::from_secs(31 * 60));
    assert_eq!(ask(later.body(Body::empty()).unwrap()).await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_support_tool_needs_no_request() {
    let sessions = Sessions::for_tests();
    sessions.log_in("ada").await.unwrap();
    let lines: Vec<String> = sessions.list("ada").await.unwrap().iter().map(line).collect();
    assert!(lines[0].ends_with("unknown device  2027-01-15T08:00:00.000Z"), "{lines:?}");
    sessions.revoke_user("ada", Reason::PasswordChanged).await.unwrap();
    assert!(sessions.list("ada").await.unwrap().is_empty());
}

/// Ten nodes on a Redis cluster, cached, sealed: only the store argument is another.
#[cfg(all(feature = "redis", feature = "cache", feature = "toml"))]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_cached_and_sealed_is_another_store_argument() {
    use countersign::{CachedStore, Config, RedisStore, Sealed};

    let (urls, keys) = (servers::cluster().urls(), KeyRing::generate().unwrap());
    let store = RedisStore::cluster(&urls[..2]).await.unwrap();
    let store = Sealed::new(CachedStore::new(store).staleness(Duration::from_secs(2)), &keys);
    let config = Config::from_toml("[limit]\nmax = 3").unwrap();
    let sessions = Sessions::builder(keys, store).config(config).build().unwrap();
    let maintenance = sessions.spawn_maintenance();

    let issued = sessions.log_in("ada").await.unwrap();
    let bearer = format!("Bearer {}", *issued.token().reveal());
    let me = Request::get("/me").header("authorization", bearer).body(Body::empty()).unwrap();
    assert_eq!(app(sessions.clone()).oneshot(me).await.unwrap().status(), StatusCode::OK);
    maintenance.stop().await;
}

fn line(s: &SessionInfo) -> String {
    format!("{}  {}  {}", s.id(), s.device(), s.last_seen())
}
