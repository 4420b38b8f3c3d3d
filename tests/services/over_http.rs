//! What the layer answers, and whom it lets through.

use axum::{Json, Router, body::Body, extract::Path, routing::get};
use countersign::{
    DenialKind, Error, RefusalKind, ServiceIdentity, ServiceLayer, ServiceToken, SessionId, SessionInfo, Sessions,
};
use http::{Request, StatusCode, header};
use serde_json::Value;

use crate::{
    help::ALL,
    support::{Backend, Browser, Reply, World, on_every_store},
};

fn app(sessions: &Sessions) -> Router {
    Router::new()
        .route("/who", get(|service: ServiceIdentity| async move { service.name().to_owned() }))
        .route("/sessions/{id}", get(read).put(write))
        .route("/ship", get(ship))
        .merge(
            Router::new()
                .route("/only/shippers", get(|| async { "shipped" }))
                .route_layer(ServiceLayer::new(sessions.services()).requiring("orders.ship")),
        )
        .layer(ServiceLayer::new(sessions.services()))
}

async fn read(service: ServiceIdentity, Path(id): Path<SessionId>) -> Result<Json<SessionInfo>, Error> {
    Ok(Json(service.session(id).await?.info()))
}

async fn write(service: ServiceIdentity, Path(id): Path<SessionId>, body: String) -> Result<(), Error> {
    service.session(id).await?.set("last_order", &body)?.commit().await.map(drop)
}

async fn ship(service: ServiceIdentity) -> Result<(), Error> {
    service.require("orders.ship")
}

fn caller(app: &Router, token: &ServiceToken) -> Browser {
    Browser::with_bearer(app, &token.reveal())
}

fn json(reply: &Reply) -> Value {
    assert_eq!(reply.header(header::CONTENT_TYPE), Some("application/json"));
    assert_eq!(reply.header(header::CACHE_CONTROL), Some("no-store"));
    serde_json::from_str(&reply.body).unwrap()
}

#[tokio::test]
async fn a_good_token_reaches_the_handler_and_nothing_else_does() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(&world.node().await);
        let token = world.sessions.services().register("orders", ALL).await.unwrap();
        assert_eq!(caller(&app, &token).get("/who").await.body, "orders");

        let reply = Browser::new(&app).get("/who").await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        assert_eq!(reply.header(header::WWW_AUTHENTICATE), Some("Bearer"));
        assert_eq!(json(&reply)["error"], "service_token_required");

        let ada = world.sessions.log_in("ada").await.unwrap();
        let lost = world.sessions.services().register("lost", ALL).await.unwrap();
        world.sessions.services().revoke("lost").await.unwrap();
        for (bearer, kind) in [
            ("junk".to_owned(), RefusalKind::Malformed),
            (ada.token().reveal().to_string(), RefusalKind::Forged),
            (lost.reveal().to_string(), RefusalKind::Gone),
        ] {
            let reply = Browser::with_bearer(&app, &bearer).get("/who").await;
            assert_eq!((reply.status, reply.refusal), (StatusCode::UNAUTHORIZED, Some(kind)));
            assert_eq!(reply.header(header::WWW_AUTHENTICATE), Some(r#"Bearer error="invalid_token""#));
            assert_eq!(json(&reply)["error"], "invalid_service_token");
        }
        // Neither of these is one: a cookie, and a second header.
        assert_eq!(Browser::with_token(&app, &token.reveal()).get("/who").await.status, StatusCode::UNAUTHORIZED);
        let bearer = format!("Bearer {}", *token.reveal());
        let twice = Request::get("/who").header("authorization", &bearer).header("authorization", &bearer);
        let reply = Browser::new(&app).ask(twice.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        assert_eq!(reply.header(header::WWW_AUTHENTICATE), Some(r#"Bearer error="invalid_request""#));
    })
    .await;
}

#[tokio::test]
async fn a_missing_permission_is_a_403_that_names_it() {
    let world = World::new(Backend::Memory).await;
    let app = app(&world.sessions);
    let token = world.sessions.services().register("statistics", ["session.read"]).await.unwrap();
    let id = world.sessions.log_in("ada").await.unwrap().session_id();
    let mut statistics = caller(&app, &token);
    assert_eq!(json_of(&statistics.get(&format!("/sessions/{id}")).await)["user"], "ada");
    for (method, path, permission) in [
        (http::Method::PUT, format!("/sessions/{id}"), "session.write"),
        (http::Method::GET, "/ship".to_owned(), "orders.ship"),
        (http::Method::GET, "/only/shippers".to_owned(), "orders.ship"),
    ] {
        let reply = statistics.send(method, &path).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{path}");
        let body = json(&reply);
        assert_eq!(body["error"], "not_permitted");
        assert!(body["message"].as_str().unwrap().contains(&format!("`{permission}`")), "{body}");
        let challenge = reply.header(header::WWW_AUTHENTICATE).unwrap();
        assert!(challenge.starts_with(r#"Bearer error="insufficient_scope""#), "{challenge}");
    }
    let reply = statistics.get("/only/shippers").await;
    assert_eq!(reply.denial, Some(DenialKind::MissingPermission));
    assert!(reply.header(header::WWW_AUTHENTICATE).unwrap().ends_with(r#"scope="orders.ship""#));
    let shipper = world.sessions.services().register("shipper", ["orders.ship"]).await.unwrap();
    assert_eq!(caller(&app, &shipper).get("/only/shippers").await.body, "shipped");
}

/// P10: also while a new secret is used for the first time.
#[tokio::test]
async fn a_broken_store_is_a_503_and_never_a_denial() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(&world.sessions);
        let services = world.sessions.services();
        let token = services.register("orders", ["session.read"]).await.unwrap();
        let id = world.sessions.log_in("ada").await.unwrap().session_id();
        let new = services.rotate("orders", std::time::Duration::ZERO).await.unwrap();
        world.calls.break_store(true);
        for token in [&token, &new] {
            let reply = caller(&app, token).get(&format!("/sessions/{id}")).await;
            assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
            assert!(reply.header(header::RETRY_AFTER).is_some());
            assert_eq!((reply.refusal, reply.denial), (None, None));
        }
        world.calls.break_store(false);
        world.calls.break_writes(true);
        let reply = caller(&app, &new).get("/who").await;
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "its overlap could not be begun");
        assert_eq!(caller(&app, &token).get("/who").await.body, "orders", "so the old one is good still");
        world.calls.break_writes(false);
        assert_eq!(caller(&app, &new).get("/who").await.body, "orders");
    })
    .await;
}

/// A question is asked twice: a connection that has just died costs nobody a request.
#[tokio::test]
async fn a_failure_that_is_over_at_once_is_not_noticed() {
    let world = World::new(Backend::Memory).await;
    let app = app(&world.sessions);
    let token = world.sessions.services().register("orders", ["session.read"]).await.unwrap();
    world.calls.fail_next(1);
    assert_eq!(caller(&app, &token).get("/who").await.status, StatusCode::OK);
}

#[tokio::test]
async fn without_the_layer_the_answer_names_it() {
    let app: Router =
        Router::new().route("/who", get(|service: ServiceIdentity| async move { service.name().to_owned() }));
    let reply = Browser::new(&app).get("/who").await;
    assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(reply.body.contains("ServiceLayer::new(sessions.services())"), "{}", reply.body);
    let open = Router::new()
        .route("/who", get(|service: Option<ServiceIdentity>| async move { service.is_some().to_string() }));
    assert_eq!(Browser::new(&open).get("/who").await.body, "false");
}

/// Where the settings want https, a service's token that came without it is not looked at.
#[tokio::test]
async fn where_https_is_required_a_token_over_http_is_not_looked_at() {
    let world = World::with(Backend::Memory, |config| config.require_https = true).await;
    let app = app(&world.sessions);
    let token = world.sessions.services().register("orders", ALL).await.unwrap();
    world.calls.take();
    let reply = caller(&app, &token).get("/who").await;
    assert_eq!((reply.status, reply.refusal), (StatusCode::FORBIDDEN, Some(RefusalKind::Insecure)));
    assert_eq!(world.calls.take(), (0, 0, 0));
    let mut request = caller(&app, &token).request(http::Method::GET, "/who");
    request.extensions_mut().insert(countersign::OverTls);
    assert_eq!(Browser::new(&app).ask(request).await.body, "orders");
}

fn json_of(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap()
}
