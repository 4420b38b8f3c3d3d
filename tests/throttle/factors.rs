//! A second factor has a count of its own, for each user.

use axum::{Router, extract::Path, routing::post};
use countersign::{Error, ErrorKind, LoggedIn, PendingSecondFactor, Session, SessionLayer, Sessions, Whence};
use http::StatusCode;

use crate::{
    help::{allowed, attempt, world},
    support::{Browser, on_every_store, seconds},
};

fn app(sessions: Sessions) -> Router {
    Router::new()
        .route("/password/{user}", post(password))
        .route("/code/{factor}/{code}", post(code))
        .route("/me", axum::routing::get(|who: LoggedIn| async move { who.user().to_owned() }))
        .layer(SessionLayer::new(sessions))
}

async fn password(session: Session, Path(user): Path<String>) -> Result<(), Error> {
    session.log_in(user).pending_second_factor(["totp", "recovery"]).await.map(drop)
}

async fn code(pending: PendingSecondFactor, Path((factor, code)): Path<(String, String)>) -> Result<(), Error> {
    let attempt = pending.attempt(&factor).await?;
    if code != "right" {
        return Err(attempt.refuse().await);
    }
    pending.pass(&factor).since(&attempt).await.map(drop)
}

/// N-21, N-22: who knows the password does not guess the code by beginning anew, on another node neither.
#[tokio::test]
async fn a_factor_is_locked_for_its_user_alone_until_it_is_unlocked() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        let other = world.node().await;
        let mut browsers = [&world.sessions, &other].map(|sessions| Browser::new(&app(sessions.clone())));
        for number in 0..6 {
            let browser = &mut browsers[number % 2];
            browser.post("/password/ada").await;
            let reply = browser.post("/code/totp/wrong").await;
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{backend:?}: guess {number}");
            world.pass(seconds(40));
        }
        let [browser, another] = &mut browsers;
        browser.post("/password/ada").await;
        let reply = browser.post("/code/totp/right").await;
        assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS, "{backend:?}: also the right one");
        assert!(reply.headers.contains_key("retry-after"));
        assert_eq!(browser.get("/me").await.status, StatusCode::UNAUTHORIZED);

        assert_eq!(allowed(&other, "ada").await, 3, "her password is counted apart");
        another.post("/password/grace").await;
        assert_eq!(another.post("/code/totp/right").await.status, StatusCode::OK, "others have locks of their own");

        other.unlock_factor("ada", "recovery").await.unwrap();
        assert_eq!(
            browser.post("/code/totp/right").await.status,
            StatusCode::TOO_MANY_REQUESTS,
            "it is another factor's"
        );
        other.unlock_factor("ada", "totp").await.unwrap();
        assert_eq!(browser.post("/code/totp/right").await.status, StatusCode::OK);
        assert_eq!(browser.get("/me").await.body, "ada");
    })
    .await;
}

#[tokio::test]
async fn guesses_at_one_factor_leave_the_other() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        let mut browser = Browser::new(&app(world.sessions.clone()));
        browser.post("/password/ada").await;
        for _ in 0..3 {
            browser.post("/code/totp/wrong").await;
        }
        assert_eq!(browser.post("/code/totp/right").await.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(browser.post("/code/recovery/right").await.status, StatusCode::OK, "{backend:?}");
    })
    .await;
}

/// N-23: an attempt is given to whoever it is of.
#[tokio::test]
async fn nobodys_step_up_clears_the_count_of_another() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        let sessions = world.sessions.clone();
        let confirm = move |session: Session, Path(name): Path<String>| async move {
            let attempt = sessions.attempt_from(name, Whence::default()).await?;
            session.step_up("pwd").since(&attempt).await.map(drop)
        };
        let app = app(world.sessions.clone()).merge(
            Router::new()
                .route("/login/{user}", post(log_in))
                .route("/confirm/{name}", post(confirm))
                .layer(SessionLayer::new(world.sessions.clone())),
        );
        let mut browser = Browser::new(&app);
        browser.post("/login/ada").await;
        for _ in 0..2 {
            attempt(&world.sessions, "grace").await.unwrap();
        }
        assert_eq!(browser.post("/confirm/grace").await.status.as_u16(), ErrorKind::Overtaken.status(), "{backend:?}");
        assert_eq!(allowed(&world.sessions, "grace").await, 0, "{backend:?}: all three are counted");
        assert_eq!(browser.post("/confirm/ada").await.status, StatusCode::OK);
        assert_eq!(allowed(&world.sessions, "ada").await, 3, "hers begins anew");
    })
    .await;
}

async fn log_in(session: Session, Path(user): Path<String>) -> Result<(), Error> {
    session.log_in(user).await.map(drop)
}
