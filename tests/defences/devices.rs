//! A browser is known again at the next log-in, by a cookie that authenticates nobody.

use axum::{Router, extract::Path, routing::post};
use countersign::{Clock, Config, Error, MemoryStore, Session, SessionLayer};
use http::StatusCode;

use crate::{
    support::{Browser, World, app as every_route, minutes, on_every_store},
    told::telling,
};

fn app(sessions: countersign::Sessions) -> Router {
    Router::new()
        .route("/guess/{user}/{password}", post(guess))
        .route("/first/{user}", post(first))
        .route("/second", post(second))
        .layer(SessionLayer::new(sessions.clone()))
        .merge(every_route(sessions))
}

async fn guess(session: Session, Path((user, password)): Path<(String, String)>) -> Result<(), Error> {
    let attempt = session.attempt(&user).await?;
    if password != "right" {
        return Err(attempt.refuse().await);
    }
    session.log_in(user).since(&attempt).await.map(drop)
}

async fn first(session: Session, Path(user): Path<String>) -> Result<(), Error> {
    session.log_in(user).pending_second_factor(["totp"]).await.map(drop)
}

async fn second(session: Session) -> Result<(), Error> {
    session.pending().unwrap().pass("totp").await.map(drop)
}

#[tokio::test]
async fn a_log_in_on_a_device_that_does_not_know_the_user_is_told() {
    let clock = Clock::manual(std::time::UNIX_EPOCH + minutes(30_000_000));
    let (sessions, told) = telling(MemoryStore::new(), Config::production(), &clock, None);
    let app = app(sessions.clone());
    let mut browser = Browser::new(&app);
    browser.post("/login/ada").await;
    assert_eq!(told.take(), ["ada logged in", "new device of ada"]);
    browser.post("/logout").await;
    told.take();
    browser.post("/login/ada").await;
    assert_eq!(told.take(), ["ada logged in"], "known again");
    browser.post("/logout").await;
    told.take();
    browser.post("/login/grace").await;
    assert_eq!(told.take(), ["grace logged in", "new device of grace"], "a device knows users one by one");

    let mut other = Browser::new(&app);
    other.post("/first/ada").await;
    assert_eq!(told.take(), ["first factor of ada"], "whoever knows the password alone makes no device known");
    other.post("/second").await;
    assert_eq!(told.take(), ["ada logged in", "new device of ada"]);
}

#[tokio::test]
async fn all_sessions_of_a_device_can_be_ended_by_its_id() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let mut here = Browser::new(&app);
        let first = here.post("/login/ada").await;
        assert!(first.device_cookie().unwrap().contains("Max-Age=15780096"));
        let kept_open = here.clone();
        here.forget_session();
        here.post("/login/ada").await;
        let mut elsewhere = Browser::new(&app);
        elsewhere.post("/login/ada").await;
        let listed = world.sessions.list("ada").await.unwrap();
        let mut ids: Vec<_> = listed.iter().map(|session| session.device().id.unwrap()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!((listed.len(), ids.len()), (3, 2));
        let own = here.token().unwrap().split('.').nth(1).unwrap().to_owned();
        let own = listed.iter().find(|session| session.id().to_string() == own).unwrap().device().id.unwrap();
        world.sessions.revoke_device("ada", &own, countersign::Reason::ByUser).await.unwrap();
        world.heard().await;
        assert_eq!(here.get("/me").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(kept_open.clone().get("/me").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(elsewhere.get("/me").await.status, StatusCode::OK);
    })
    .await;
}

/// ASVS 6.1.1, C-09: somebody else's guessing locks nobody out of his own device.
#[tokio::test]
async fn a_user_on_his_device_is_not_locked_out_by_strangers() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| config.throttle.answer_after = std::time::Duration::ZERO).await;
        let app = app(world.sessions.clone());
        let mut owner = Browser::new(&app);
        owner.post("/guess/ada/right").await;
        owner.post("/logout").await;
        let mut stranger = Browser::new(&app);
        for _ in 0..5 {
            assert_eq!(stranger.post("/guess/ada/wrong").await.status, StatusCode::UNAUTHORIZED);
        }
        let refused = stranger.post("/guess/ada/right").await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refused.header(http::header::RETRY_AFTER), Some("30"));
        assert_eq!(owner.post("/guess/ada/right").await.status, StatusCode::OK);
    })
    .await;
}
