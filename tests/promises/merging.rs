//! P6: concurrent requests never lose each other's changes. "What must be shown", 2.

use std::collections::BTreeMap;

use axum::{
    Json, Router,
    routing::{get, post},
};
use countersign::{Error, Session, SessionLayer};
use http::StatusCode;

use crate::support::{Browser, World, app, on_every_store};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p06_500_concurrent_increments_make_500() {
    on_every_store(|backend| async move {
        let world = World::with(backend, patient).await;
        let app = app(world.sessions.clone());
        let mut browser = Browser::new(&app);
        browser.post("/login/ada").await;
        all_at_once(500, |_| {
            let mut browser = browser.clone();
            async move { browser.post("/count/slowly").await.status }
        })
        .await;
        assert_eq!(browser.get("/attributes/count").await.body, "500", "{backend:?}");
    })
    .await;
}

/// Whoever changes roles writes what he has read; what others wrote meanwhile stays.
#[tokio::test]
async fn p06_a_change_of_roles_loses_nothing_that_others_wrote() {
    on_every_store(|backend| async move {
        let world = World::with(backend, patient).await;
        let other = app(world.sessions.clone());
        let rise = move |session: Session, headers: http::HeaderMap| async move {
            let read: Option<String> = session.get("colour")?;
            let token = headers["x-token"].to_str().unwrap();
            Browser::with_token(&other, token).post("/attributes/colour/blue").await;
            Browser::with_token(&other, token).send(http::Method::DELETE, "/attributes/size").await;
            session.set("seen", &read)?;
            session.change_roles(["admin"]).await.map(drop)
        };
        let layer = SessionLayer::new(world.sessions.clone());
        let app: Router = app(world.sessions.clone()).merge(Router::new().route("/rise", post(rise)).layer(layer));
        let mut browser = Browser::new(&app);
        browser.post("/login/ada").await;
        browser.post("/attributes/colour/red").await;
        browser.post("/attributes/size/7").await;
        let mut request = browser.request(http::Method::POST, "/rise");
        request.headers_mut().insert("x-token", browser.token().unwrap().parse().unwrap());
        let reply = browser.ask(request).await;
        let cookie = reply.set_cookie().unwrap();
        let token = cookie.trim_start_matches("__Host-sid=").split(';').next().unwrap();
        let mut browser = Browser::with_token(&app, token);
        assert_eq!(browser.get("/roles").await.body, "admin");
        assert_eq!(browser.get("/attributes/colour").await.body, "\"blue\"", "{backend:?}");
        assert_eq!(browser.get("/attributes/seen").await.body, "\"red\"");
        assert_eq!(browser.get("/attributes/size").await.body, "null", "what was removed stays removed");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p06_100_concurrent_requests_that_set_different_fields_all_win() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| {
            patient(config);
            config.attributes.fields = 100;
        })
        .await;
        let nodes = [app(world.sessions.clone()), app(world.node().await)];
        let issued = world.sessions.log_in("ada").await.unwrap();
        let token = issued.token().reveal();
        all_at_once(100, |index| {
            let mut browser = Browser::with_token(&nodes[index % 2], &token);
            async move { browser.post(&format!("/attributes/field{index}/{index}")).await.status }
        })
        .await;
        let fields = Router::new().route("/", get(all_fields)).layer(SessionLayer::new(world.sessions.clone()));
        let body = Browser::with_token(&fields, &token).get("/").await.body;
        let found: BTreeMap<usize, String> = serde_json::from_str(&body).unwrap();
        assert_eq!(found, (0..100).map(|index| (index, index.to_string())).collect(), "{backend:?}");
    })
    .await;
}

async fn all_fields(session: Session) -> Result<Json<BTreeMap<usize, String>>, Error> {
    session.entries("field").map(Json)
}

#[tokio::test]
async fn p06_a_request_sees_its_own_writes_and_after_a_commit_those_of_others() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let mut browser = Browser::new(&app);
        assert_eq!(browser.post("/count").await.body, "1");
        assert_eq!(browser.post("/count").await.body, "2");
        browser.post("/attributes/name/ada").await;
        assert_eq!(browser.get("/attributes/name").await.body, "\"ada\"");
        browser.send(http::Method::DELETE, "/attributes/name").await;
        assert_eq!(browser.get("/attributes/name").await.body, "null");
        assert_eq!(browser.get("/attributes/count").await.body, "2");
    })
    .await;
}

/// A queue of 500 writers before one file is not what a deadline is for.
fn patient(config: &mut countersign::Config) {
    config.store_deadline = std::time::Duration::from_secs(60);
}

async fn all_at_once<F>(requests: usize, request: impl Fn(usize) -> F)
where
    F: Future<Output = StatusCode> + Send + 'static,
{
    let tasks: Vec<_> = (0..requests).map(|index| tokio::spawn(request(index))).collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), StatusCode::OK);
    }
}
