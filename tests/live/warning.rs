//! How much time is left, and that a page is told before it is over.

use axum::{Json, Router, routing::get};
use countersign::{Config, LoggedIn, Session, SessionLayer, Sessions};
use http::{StatusCode, header};
use serde_json::{Value, json};

use crate::support::{Backend, Browser, World, app as every_route, minutes, on_every_store, seconds};

fn app(sessions: Sessions) -> Router {
    let layer = SessionLayer::new(sessions.clone());
    Router::new()
        .route("/whole", get(|who: LoggedIn| async move { Json(who) }))
        .route("/soon", get(|session: Session| async move { session.ends_soon().to_string() }))
        .route("/left", get(|session: Session| async move { format!("{:?}", session.remaining()) }))
        .layer(layer)
        .merge(every_route(sessions))
}

const NAME: &str = "session-expires-in";

#[tokio::test]
async fn a_session_says_how_much_time_it_has_left() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let mut browser = Browser::new(&app);
        assert_eq!(browser.get("/left").await.body, "None");
        browser.post("/login/ada").await;
        world.pass(seconds(50));
        let me: Value = serde_json::from_str(&browser.get("/whole").await.body).unwrap();
        assert_eq!((&me["idle_left"], &me["absolute_left"]), (&json!(1_750), &json!(28_750)), "{backend:?}");
        for gone in ["session_id", "current", "user", "roles", "device", "created_at", "last_seen", "expires_at"] {
            assert!(me.get(gone).is_some(), "{gone}");
        }
        let said = browser.get("/left").await.body;
        assert!(said.contains("idle: 1750s") && said.contains("absolute: 28750s"), "{said}");
        let listed: Value = serde_json::from_str(&browser.get("/sessions").await.body).unwrap();
        assert_eq!(listed[0]["idle_left"], 1_750);
    })
    .await;
}

#[tokio::test]
async fn it_ends_soon_from_the_threshold_on_by_either_limit() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| config.warn_before = minutes(2)).await;
        let app = app(world.sessions.clone());
        let mut browser = Browser::new(&app);
        assert_eq!(browser.get("/soon").await.body, "false", "nobody has nothing to lose");
        browser.post("/login/ada").await;
        world.pass(minutes(28));
        let mut asks = browser.clone();
        assert_eq!(asks.get("/soon").await.body, "false", "{backend:?}: two minutes to the idle limit");
        world.pass(minutes(28) + seconds(1));
        assert_eq!(asks.get("/soon").await.body, "true", "less than two");
        assert_eq!(asks.get("/soon").await.body, "false", "to ask was to use it");
        while world.sessions.list("ada").await.unwrap()[0].remaining().absolute > minutes(2) {
            world.pass(minutes(1));
            asks.get("/me").await;
        }
        world.pass(seconds(1));
        assert_eq!(asks.get("/soon").await.body, "true", "{backend:?}: by the absolute one");
    })
    .await;
}

#[tokio::test]
async fn p14_a_header_says_so_where_it_is_wanted_and_makes_the_response_private() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| config.expires_in_header = true).await;
        let app = app(world.sessions.clone());
        let mut browser = Browser::new(&app);
        let reply = browser.get("/free").await;
        assert!(!reply.headers.contains_key(NAME) && !reply.headers.contains_key(header::VARY), "no session");
        let reply = browser.post("/login/ada").await;
        assert_eq!(reply.headers[NAME], "1800;warn-before=300", "{backend:?}");
        world.pass(seconds(50));
        // A route that does not look at the session: the response depends on it all the same.
        let reply = browser.get("/free").await;
        assert_eq!(reply.headers[NAME], "1750;warn-before=300");
        assert_eq!(reply.header(header::CACHE_CONTROL), Some("private"));
        assert!(reply.header(header::VARY).unwrap().contains("cookie"), "{:?}", reply.headers);
        world.pass(seconds(20));
        assert_eq!(browser.get("/free").await.headers[NAME], "1800;warn-before=300", "as it is when it has slid");
        assert!(!browser.post("/logout").await.headers.contains_key(NAME), "it has ended");
        let reply = Browser::with_token(&app, "no token").get("/me").await;
        assert_eq!((reply.status, reply.headers.contains_key(NAME)), (StatusCode::UNAUTHORIZED, false));
    })
    .await;
}

#[tokio::test]
async fn the_header_is_off_unless_it_is_set() {
    assert!(!Config::production().expires_in_header && !Config::development().expires_in_header);
    let world = World::new(Backend::Memory).await;
    let app = app(world.sessions.clone());
    let mut browser = Browser::new(&app);
    browser.post("/login/ada").await;
    let reply = browser.get("/free").await;
    assert!(!reply.headers.contains_key(NAME) && reply.header(header::CACHE_CONTROL).is_none());
}
