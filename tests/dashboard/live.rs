//! The stream behind the figures.

use std::time::Duration;

use axum::{Router, body::Body};
use countersign::{Reason, Sessions};
use http::{Method, StatusCode, header};
use http_body_util::BodyExt;
use tokio::{sync::oneshot, time::timeout};
use tower::ServiceExt;

use crate::{
    app::{app, app_with, logged_in, operator},
    support::{Backend, Browser, World},
};

/// What a stream has sent until it ended, or until `is_enough`.
async fn read(body: &mut Body, is_enough: impl Fn(&str) -> bool) -> (String, bool) {
    let mut text = String::new();
    while !is_enough(&text) {
        let frame = timeout(PATIENCE, body.frame()).await.expect("something should have come by now");
        let Some(frame) = frame else { return (text, true) };
        text.push_str(std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
    }
    (text, false)
}

async fn listen(app: &Router, who: &Browser) -> (StatusCode, Body) {
    let response = app.clone().oneshot(who.request(Method::GET, "/operators/live")).await.unwrap();
    if response.status() == StatusCode::OK {
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        assert_eq!(response.headers().get_all(header::CACHE_CONTROL).iter().collect::<Vec<_>>(), ["no-store"]);
        assert!(response.headers().contains_key(header::CONTENT_SECURITY_POLICY));
    }
    (response.status(), response.into_body())
}

async fn opals_id(sessions: &Sessions) -> countersign::SessionId {
    sessions.list("opal").await.unwrap()[0].id()
}

#[tokio::test]
async fn what_happens_arrives_within_seconds() {
    let world = World::new(Backend::Memory).await;
    let app = app(&world.sessions);
    let opal = operator(&world.sessions, &app).await;
    let (status, mut body) = listen(&app, &opal).await;
    assert_eq!(status, StatusCode::OK);
    let (first, _) = read(&mut body, |text| text.contains("\n\n")).await;
    let message: serde_json::Value = serde_json::from_str(first.trim().strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(message["figures"].as_array().unwrap().len(), 6);
    assert_eq!(message["figures"][0]["value"], "1", "not older than the page that asks");
    for _ in 0..9 {
        logged_in(&world.sessions, &app, "ada", &[]).await;
    }
    let (_, over) = read(&mut body, |text| text.contains("Log-ins: 10 in the last hour")).await;
    assert!(!over);
}

#[tokio::test]
async fn it_ends_with_the_operators_session_and_does_not_prolong_it() {
    let world = World::new(Backend::Memory).await;
    let app = app(&world.sessions);
    let opal = operator(&world.sessions, &app).await;
    let before = world.sessions.list("opal").await.unwrap()[0].expires_at();
    let (_, mut body) = listen(&app, &opal).await;
    read(&mut body, |text| text.contains("\n\n")).await;
    world.pass(Duration::from_mins(10));
    logged_in(&world.sessions, &app, "ada", &[]).await;
    let sent = read(&mut body, |text| text.contains("\n\n")).await;
    assert!(!sent.1);
    assert_eq!(world.sessions.list("opal").await.unwrap()[0].expires_at(), before, "ten minutes later");

    world.sessions.revoke(opals_id(&world.sessions).await, Reason::LoggedOut).await.unwrap();
    assert!(read(&mut body, |_| false).await.1, "it is over");
}

#[tokio::test]
async fn it_ends_when_the_server_wants_to() {
    let world = World::new(Backend::Memory).await;
    let (end, ended) = oneshot::channel::<()>();
    let app = app_with(&world.sessions, |dashboard| dashboard.live_until(async move { drop(ended.await) }));
    let opal = operator(&world.sessions, &app).await;
    let (_, mut body) = listen(&app, &opal).await;
    read(&mut body, |text| text.contains("\n\n")).await;
    end.send(()).unwrap();
    assert!(read(&mut body, |_| false).await.1);
    assert_eq!(listen(&app, &opal).await.0, StatusCode::NO_CONTENT, "and nobody needs to ask again");
}

const PATIENCE: Duration = Duration::from_secs(20);
