//! Another proof of who somebody is: it changes id and secret, and starts both limits anew.

use axum::{
    Router,
    routing::{get, post},
};
use countersign::{Assurance, LoggedIn, Reason, Session, SessionLayer, Sessions};
use http::{Method, StatusCode};

use crate::support::{Browser, World, app as every_route, minutes, on_every_store};

fn app(sessions: Sessions) -> Router {
    Router::new()
        .route("/confirm", post(|session: Session| async move { session.step_up("pwd").await.map(drop) }))
        .route("/key", post(|session: Session| async move { session.step_up("hwk").await.map(drop) }))
        .route("/level", get(|who: LoggedIn| async move { format!("{:?}", who.assurance()) }))
        .layer(SessionLayer::new(sessions.clone()))
        .merge(every_route(sessions))
}

/// ASVS 7.2.4, N-19.
#[tokio::test]
async fn step_up_changes_id_and_secret_and_starts_both_limits_anew() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let mut browser = Browser::new(&app);
        browser.post("/login/ada").await;
        browser.post("/attributes/colour/red").await;
        world.pass(minutes(20));
        browser.get("/me").await;
        world.pass(minutes(20));
        let before = browser.token().unwrap().to_owned();
        assert_eq!(browser.post("/confirm").await.status, StatusCode::OK);
        let listed = world.sessions.list("ada").await.unwrap();
        assert_eq!(listed.len(), 1);
        let now = world.clock.now();
        assert_eq!((listed[0].authenticated_at(), listed[0].expires_at()), (now, now.after(minutes(30))));
        assert!(!before.contains(&listed[0].id().to_string()));
        assert_eq!(browser.get("/attributes/colour").await.body, "\"red\"", "what it holds stays");
        let mut old = Browser::with_token(&app, &before);
        assert_eq!(old.get("/me").await.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

/// N-07: only another factor raises the level.
#[tokio::test]
async fn the_same_factor_again_raises_nothing_and_another_one_does() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let issued = world.sessions.log_in("ada").method("pwd").await.unwrap();
        let mut browser = Browser::with_token(&app(world.sessions.clone()), &issued.token().reveal());
        browser.post("/confirm").await;
        assert_eq!(browser.get("/level").await.body, "Aal1");
        browser.post("/key").await;
        assert_eq!(browser.get("/level").await.body, "Aal2");
        browser.post("/confirm").await;
        assert_eq!(browser.get("/level").await.body, "Aal2", "a proof takes nothing away");
        let info = world.sessions.list("ada").await.unwrap().remove(0);
        assert_eq!(info.methods().collect::<Vec<_>>(), ["pwd", "hwk"]);
        assert!(info.assurance() < Assurance::Aal3);
    })
    .await;
}

#[tokio::test]
async fn nobody_and_who_has_ended_cannot_step_up() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        assert_eq!(Browser::new(&app).post("/confirm").await.status, StatusCode::UNAUTHORIZED);
        let mut browser = Browser::new(&app);
        browser.post("/login/ada").await;
        world.sessions.revoke_user("ada", Reason::ByOperator).await.unwrap();
        world.heard().await;
        assert_eq!(browser.post("/confirm").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(world.sessions.list("ada").await.unwrap().len(), 0);
    })
    .await;
}

#[tokio::test]
async fn of_two_step_ups_at_once_one_session_comes() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let mut browser = Browser::new(&app(world.sessions.clone()));
        browser.post("/login/ada").await;
        let again = browser.clone();
        let (one, two) = tokio::join!(
            browser.ask(browser.request(Method::POST, "/confirm")),
            again.ask(again.request(Method::POST, "/confirm")),
        );
        assert!(one.status.is_success() != two.status.is_success(), "{} {}", one.status, two.status);
        assert_eq!(world.sessions.list("ada").await.unwrap().len(), 1);
    })
    .await;
}
