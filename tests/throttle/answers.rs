//! What a refusal tells: nothing of whether there is such a user.

use std::time::Duration;

use axum::{
    Router,
    response::{IntoResponse, Response},
    routing::post,
};
use countersign::{ErrorKind, SessionLayer, Sessions, Whence};
use http::{StatusCode, header};

use crate::{
    help::{attempt, settings, world},
    support::{Backend, Browser, World, on_every_store},
};

#[tokio::test]
async fn a_user_and_nobody_are_answered_alike_and_cost_the_same_calls() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        world.sessions.log_in("ada").await.unwrap();
        world.calls.take();
        for _ in 0..5 {
            let mut answers = Vec::new();
            for name in ["ada", "nobody"] {
                let answer = match attempt(&world.sessions, name).await {
                    Ok(attempt) => attempt.refuse().await,
                    Err(error) => error,
                };
                answers.push((answer.kind(), answer.to_string(), answer.retry_after(), world.calls.take()));
            }
            assert_eq!(answers[0], answers[1], "{backend:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn whatever_was_typed_as_a_name_is_merely_wrong() {
    let world = world(Backend::Memory).await;
    for name in ["", "two\nlines", &"long".repeat(10_000)] {
        let attempt = attempt(&world.sessions, name).await.unwrap();
        assert_eq!(attempt.refuse().await.kind(), ErrorKind::WrongCredentials);
        assert!(world.sessions.log_in("ada").since(&attempt).await.is_err(), "and is nobody's name");
    }
}

#[tokio::test]
async fn a_name_that_was_typed_reaches_neither_the_store_nor_a_debug() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        let attempt = attempt(&world.sessions, "hunter2-in-the-wrong-field").await.unwrap();
        let seen = [world.dump(), world.calls.seen(), format!("{attempt:?}").into_bytes()].concat();
        assert!(!seen.windows(7).any(|part| part == b"hunter2"), "{backend:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_attempt_is_answered_no_sooner_than_is_set() {
    let world = World::with(Backend::Memory, |config| {
        settings(config);
        config.throttle.answer_after = Duration::from_millis(500);
    })
    .await;
    for check in [0, 20, 499, 700] {
        world.sessions.unlock("ada").await.unwrap();
        let begun = tokio::time::Instant::now();
        let attempt = attempt(&world.sessions, "ada").await.unwrap();
        tokio::time::sleep(Duration::from_millis(check)).await;
        assert_eq!(attempt.refuse().await.kind(), ErrorKind::WrongCredentials);
        let took = begun.elapsed().as_millis();
        assert!((500.max(check.into())..502.max(u128::from(check) + 2)).contains(&took), "{check} ms: {took}");
    }
}

#[tokio::test]
async fn the_responses_are_a_401_and_a_429_with_retry_after() {
    let world = world(Backend::Memory).await;
    let sessions = world.sessions.clone();
    let app = Router::new()
        .route("/guess", post(move || guess(sessions.clone())))
        .layer(SessionLayer::new(world.sessions.clone()));
    let mut browser = Browser::new(&app);
    for _ in 0..3 {
        let reply = browser.post("/guess").await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        assert_eq!(reply.header(header::WWW_AUTHENTICATE), Some("Bearer"), "no token was refused");
        assert_eq!(reply.body, r#"{"error":"wrong_credentials","message":"user name or password is wrong"}"#);
    }
    let reply = browser.post("/guess").await;
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(reply.header(header::RETRY_AFTER), Some("10"));
    assert_eq!(reply.body, r#"{"error":"too_many_attempts","message":"too many attempts: try again later"}"#);
}

async fn guess(sessions: Sessions) -> Response {
    match sessions.attempt_from("ada", Whence::default()).await {
        Ok(attempt) => attempt.refuse().await.into_response(),
        Err(error) => error.into_response(),
    }
}
