//! What is under way while everything ends: a request has been let in, and waits for its moment.

use axum::{
    Extension, Router,
    extract::Path,
    routing::{get, post},
};
use countersign::{Error, LoggedIn, Reason, Session, SessionLayer, Sessions};
use futures_util::future::join_all;
use http::{Method, StatusCode};

use crate::support::{Browser, Gate, Reply, World, on_every_store, seconds};

/// Each verb by which a session goes on, or begins: it is held before it is called.
const VERBS: [&str; 6] = ["second", "step-up", "role", "rotate", "write", "log-in"];

fn held(sessions: Sessions, gate: Gate) -> Router {
    Router::new()
        .route("/begin/{verb}/{user}", post(begin))
        .route("/held/{verb}/{user}", post(go_on))
        .route("/me", get(|who: LoggedIn| async move { who.user().to_owned() }))
        .layer(SessionLayer::new(sessions.clone()))
        .layer(Extension(gate))
        .layer(Extension(sessions))
}

async fn begin(session: Session, Path((verb, user)): Path<(String, String)>) -> Result<(), Error> {
    let log_in = session.log_in(user).method("pwd");
    match verb.as_str() {
        "second" => log_in.pending_second_factor(["totp"]).await.map(drop),
        _ => log_in.await.map(drop),
    }
}

async fn go_on(
    session: Session,
    Extension(gate): Extension<Gate>,
    Path((verb, user)): Path<(String, String)>,
) -> Result<(), Error> {
    let attempt = session.attempt(&user).await?;
    let pending = session.pending();
    gate.arrived.notify_one();
    gate.open.notified().await;
    match (verb.as_str(), pending) {
        ("second", Some(pending)) => pending.pass("totp").await.map(drop),
        ("step-up", None) => session.step_up("pwd").await.map(drop),
        ("role", None) => session.change_roles(["admin"]).await.map(drop),
        ("rotate", None) => session.rotate().await.map(drop),
        ("write", None) => {
            session.set("colour", "red")?;
            session.commit().await.map(drop)
        }
        ("log-in", None) => session.log_in(user).since(&attempt).await.map(drop),
        other => panic!("{other:?}"),
    }
}

/// One request of each verb, held until `meanwhile` has happened; and its browser, with what it was answered.
async fn hold_all(world: &World, meanwhile: impl AsyncFnOnce()) -> Vec<(&'static str, Browser, Reply)> {
    let mut waiting = Vec::new();
    for verb in VERBS {
        let gate = Gate::default();
        let mut browser = Browser::new(&held(world.sessions.clone(), gate.clone()));
        browser.post(&format!("/begin/{verb}/{verb}-user")).await;
        let request = browser.request(Method::POST, &format!("/held/{verb}/{verb}-user"));
        let asking = browser.clone();
        let answer = tokio::spawn(async move { asking.ask(request).await });
        gate.arrived.notified().await;
        waiting.push((verb, browser, gate, answer));
    }
    meanwhile().await;
    let answers = waiting.into_iter().map(|(verb, mut browser, gate, answer)| async move {
        gate.open.notify_one();
        let reply = answer.await.unwrap();
        browser.keep_all(&reply);
        (verb, browser, reply)
    });
    join_all(answers).await
}

/// Nothing that was let in before outlives the end, neither here nor on a node that is started afterwards.
async fn nothing_is_left(world: &World, answers: Vec<(&'static str, Browser, Reply)>, end: &str) {
    let started = held(world.node().await, Gate::default());
    world.heard().await;
    for (verb, mut browser, reply) in answers {
        assert_ne!(reply.status, StatusCode::INTERNAL_SERVER_ERROR, "{end}, {verb}: {}", reply.body);
        if let Some(token) = browser.token().map(str::to_owned) {
            let there = Browser::with_token(&started, &token).get("/me").await;
            assert_eq!(there.status, StatusCode::UNAUTHORIZED, "{end}, {verb}, on a node started since");
        }
        assert_eq!(browser.get("/me").await.status, StatusCode::UNAUTHORIZED, "{end}, {verb}");
        assert_eq!(world.sessions.list(&format!("{verb}-user")).await.unwrap().len(), 0, "{end}, {verb}");
    }
}

#[tokio::test]
async fn what_was_let_in_before_a_user_was_ended_does_not_outlive_it() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let answers = hold_all(&world, async || {
            for verb in VERBS {
                world.sessions.revoke_user(&format!("{verb}-user"), Reason::PasswordChanged).await.unwrap();
            }
        })
        .await;
        nothing_is_left(&world, answers, "revoke_user").await;
    })
    .await;
}

/// The clock goes on past the instant until which all have ended: what begins then is younger, and must not rest on what is older.
#[tokio::test]
async fn what_was_let_in_before_everybody_was_ended_does_not_outlive_it() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let answers = hold_all(&world, async || {
            world.sessions.revoke_everyone(Reason::ByOperator).await.unwrap();
            world.pass(seconds(3));
        })
        .await;
        nothing_is_left(&world, answers, "revoke_everyone").await;
    })
    .await;
}

#[tokio::test]
async fn what_was_let_in_goes_on_if_nothing_has_ended() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        for (verb, mut browser, reply) in hold_all(&world, async || world.pass(seconds(3))).await {
            assert_eq!(reply.status, StatusCode::OK, "{verb}: {}", reply.body);
            assert_eq!(browser.get("/me").await.body, format!("{verb}-user"));
        }
    })
    .await;
}
