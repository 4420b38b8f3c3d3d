//! P4, P5: what has ended stays ended.

use countersign::{ErrorKind, Reason};
use http::{Method, StatusCode};

use crate::support::{Browser, Gate, World, app, app_with, minutes, on_every_store, seconds};

#[tokio::test]
async fn p04_when_revoke_has_returned_no_node_accepts_the_session() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let nodes = [app(world.node().await), app(world.node().await), app(world.sessions.clone())];
        for round in 0..20 {
            let tokens = log_in_thrice(&world).await;
            let [mut one, _, _] = tokens.clone().map(|token| Browser::with_token(&nodes[round % 3], &token));
            let dead: &[usize] = match round % 5 {
                0 => {
                    one.post("/logout").await;
                    &[0]
                }
                1 => {
                    assert_eq!(one.send(Method::DELETE, "/sessions").await.body, "2");
                    &[1, 2]
                }
                2 => {
                    let reply = one.post("/logout/everywhere").await;
                    assert!(reply.body == "3" && reply.clears_cookie());
                    &[0, 1, 2]
                }
                3 => {
                    let id = tokens[1].split('.').nth(1).unwrap();
                    assert_eq!(one.send(Method::DELETE, &format!("/sessions/{id}")).await.status, StatusCode::OK);
                    &[1]
                }
                _ => {
                    world.sessions.revoke_user("ada", Reason::PasswordChanged).await.unwrap();
                    &[0, 1, 2]
                }
            };
            for node in &nodes {
                for (index, token) in tokens.iter().enumerate() {
                    let status = Browser::with_token(node, token).get("/me").await.status;
                    assert_eq!(
                        status == StatusCode::UNAUTHORIZED,
                        dead.contains(&index),
                        "{backend:?} {round} {index}"
                    );
                }
            }
            world.sessions.revoke_user("ada", Reason::ByOperator).await.unwrap();
        }
    })
    .await;
}

async fn log_in_thrice(world: &World) -> [String; 3] {
    let mut tokens = [const { String::new() }; 3];
    for token in &mut tokens {
        *token = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
    }
    tokens
}

/// "What must be shown", 3: a handler sleeps between reading and writing while another request logs out.
#[tokio::test]
async fn p05_a_slow_request_does_not_bring_a_logged_out_session_back() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let gate = Gate::default();
        let app = app_with(world.sessions.clone(), gate.clone());
        let mut browser = Browser::new(&app);
        browser.post("/login/ada").await;
        let token = browser.token().unwrap().to_owned();

        let mut slow = browser.clone();
        let slow = tokio::spawn(async move { slow.post("/gated").await });
        gate.arrived.notified().await;
        assert_eq!(browser.post("/logout").await.status, StatusCode::OK);
        gate.open.notify_one();

        let reply = slow.await.unwrap();
        assert_eq!((reply.status, reply.body.as_str()), (StatusCode::OK, "done"), "an ordinary answer");
        assert!(reply.clears_cookie());
        assert_eq!(world.sessions.counters().writes_lost, 1);
        assert_eq!(Browser::with_token(&app, &token).get("/me").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(world.sessions.list("ada").await.unwrap().len(), 0);
    })
    .await;
}

#[tokio::test]
async fn p05_an_explicit_commit_after_the_end_is_an_error_and_makes_no_session() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let gate = Gate::default();
        let app = app_with(world.sessions.clone(), gate.clone());
        let mut browser = Browser::new(&app);
        browser.post("/login/ada").await;

        let mut slow = browser.clone();
        let slow = tokio::spawn(async move { slow.post("/gated/commit").await });
        gate.arrived.notified().await;
        world.sessions.revoke_user("ada", Reason::ByOperator).await.unwrap();
        gate.open.notify_one();
        let reply = slow.await.unwrap();
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        assert!(reply.clears_cookie() && reply.body.contains("has ended"), "{}", reply.body);
        assert_eq!(world.sessions.list("ada").await.unwrap().len(), 0);
    })
    .await;
}

#[tokio::test]
async fn p05_no_late_touch_rotation_or_role_recreates_a_session() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        for end in ["revoked", "expired"] {
            let issued = world.sessions.log_in("ada").await.unwrap();
            world.pass(minutes(16));
            let session = world.sessions.authenticate(issued.token()).await.unwrap();
            match end {
                "revoked" => {
                    world.sessions.revoke(issued.session_id(), Reason::ByOperator).await.unwrap();
                }
                _ => world.pass(minutes(30)),
            }
            assert_eq!(world.sessions.slide(&session).await.unwrap_err().kind(), ErrorKind::Ended, "{end}");
            assert_eq!(world.sessions.rotate(&session).await.unwrap_err().kind(), ErrorKind::Ended, "{end}");
            assert!(world.sessions.authenticate(issued.token()).await.is_err());
            assert!(world.sessions.list("ada").await.unwrap().is_empty());
        }
    })
    .await;
}

#[tokio::test]
async fn p05_expired_sessions_are_swept_and_stay_away() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| config.sweep.batch = 7).await;
        for _ in 0..20 {
            world.sessions.start().await.unwrap();
        }
        world.pass(minutes(29));
        let fresh = world.sessions.log_in("ada").await.unwrap();
        world.pass(minutes(1));
        let expired = if backend.expires_by_itself() { 0 } else { 20 };
        assert_eq!(world.sessions.sweep().await.unwrap(), expired, "{backend:?}");
        assert_eq!(world.sessions.sweep().await.unwrap(), 0);
        assert!(world.sessions.authenticate(fresh.token()).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn p05_a_dead_token_is_never_adopted_as_an_id() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let issued = world.sessions.log_in("ada").await.unwrap();
        world.sessions.revoke(issued.session_id(), Reason::ByOperator).await.unwrap();
        let mut browser = Browser::with_token(&app, &issued.token().reveal());
        browser.post("/count").await;
        let new = browser.token().unwrap();
        assert!(!new.contains(&issued.session_id().to_string()), "a new session with an id of its own");
        world.pass(seconds(1));
        assert_eq!(browser.get("/peek").await.body, "nobody");
        assert_eq!(browser.get("/attributes/count").await.body, "1");
    })
    .await;
}
