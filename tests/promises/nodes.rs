//! What several nodes owe to each other: races.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::SystemTime,
};

use countersign::{ErrorKind, KeyRing, Reason};
use http::StatusCode;
use tokio::task::JoinSet;

use crate::support::{Browser, KEY, OTHER_KEY, World, app, minutes, on_every_store, seconds};

#[tokio::test]
async fn p04_a_log_in_that_a_revoke_of_its_user_overtakes_fails() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let other = world.node().await;
        let attempt = world.sessions.attempt("ada").await.unwrap();
        other.revoke_user("ada", Reason::PasswordChanged).await.unwrap();
        let error = world.sessions.log_in("ada").since(&attempt).await.unwrap_err();
        assert_eq!((error.kind(), error.kind().status()), (ErrorKind::Overtaken, 401));
        assert!(other.list("ada").await.unwrap().is_empty());

        let attempt = world.sessions.attempt("ada").await.unwrap();
        world.sessions.log_in("ada").since(&attempt).await.unwrap();
        let error = world.sessions.log_in("grace").since(&attempt).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Overtaken, "an attempt is one user's");
        world.pass(minutes(30));
        let error = world.sessions.log_in("ada").since(&attempt).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Overtaken, "no attempt lasts for ever");
    })
    .await;
}

/// Many log-ins that all began before: none of them is there when the revocation has returned, nor
/// comes after it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p04_no_log_in_of_before_outlives_a_revoke_of_its_user() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| config.limit.max = 0).await;
        let other = world.node().await;
        let attempt = world.sessions.attempt("ada").await.unwrap();
        let mut log_ins = JoinSet::new();
        for number in 0..32 {
            let node = if number % 2 == 0 { world.sessions.clone() } else { other.clone() };
            let attempt = attempt.clone();
            log_ins.spawn(async move { node.log_in("ada").since(&attempt).await.is_ok() });
        }
        other.revoke_user("ada", Reason::PasswordChanged).await.unwrap();
        let entered = log_ins.join_all().await.into_iter().filter(|entered| *entered).count();
        let left = other.list("ada").await.unwrap().len();
        assert_eq!(left, 0, "{backend:?}: {entered} of 32 got in before the revocation, none may be left");
    })
    .await;
}

/// A node whose clock is behind neither shortens nor lengthens what one whose clock is ahead has
/// written: a session ends, for each node, when its own clock has reached the one instant.
#[tokio::test]
async fn p11_clocks_that_differ_move_no_limit() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let skew = seconds(5);
        let ahead = world.node_at(SystemTime::from(world.clock.now()) + skew).await;
        let issued = world.sessions.log_in("ada").await.unwrap();
        let (id, token) = (issued.session_id(), issued.token().reveal().to_string());

        // The one ahead slides the window, then the one behind: which is a step back, and not taken.
        world.pass(minutes(2));
        assert!(ahead.clock().advance(minutes(2)));
        Browser::with_bearer(&app(ahead.clone()), &token).get("/me").await;
        world.heard().await;
        let slid = world.live([id]).await[0].last_seen_at();
        Browser::with_bearer(&app(world.sessions.clone()), &token).get("/me").await;
        assert_eq!(world.live([id]).await[0].last_seen_at(), slid, "{backend:?}");
        assert_eq!(slid, ahead.clock().now());

        // Its end is one instant; each node has reached it when its own clock has.
        let end = world.live([id]).await[0].expires_at();
        assert!(ahead.clock().advance(end.since(ahead.clock().now())));
        assert_eq!(Browser::with_bearer(&app(ahead.clone()), &token).get("/me").await.status, StatusCode::UNAUTHORIZED);
        world.pass(end.since(world.clock.now()));
        let behind = Browser::with_bearer(&app(world.sessions.clone()), &token).get("/me").await;
        assert_eq!(behind.status, StatusCode::UNAUTHORIZED, "{backend:?}");
    })
    .await;
}

/// Nodes get a new key one after the other, as a deployment goes, while requests are made: nobody is
/// logged out, and who has the new key signs with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p03_keys_rotate_node_by_node_during_requests() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let ring = |current: &[u8], previous: &[u8]| KeyRing::new(current).unwrap().with_previous(previous).unwrap();
        // First every node learns to verify by the new key, then one after the other signs by it.
        let verifies = app(world.node_with(ring(KEY, OTHER_KEY)).await);
        let signs_node = world.node_with(ring(OTHER_KEY, KEY)).await;
        let signs = app(signs_node.clone());
        let over = Arc::new(AtomicBool::new(false));
        let mut clients = JoinSet::new();
        for number in 0..4 {
            let routers = [verifies.clone(), signs.clone()];
            let over = Arc::clone(&over);
            let issued = world.sessions.log_in(format!("user-{number}")).await.unwrap();
            clients.spawn(async move {
                let token = issued.token().reveal().to_string();
                let mut asked = 0;
                while asked < 10 || !over.load(Relaxed) {
                    let reply = Browser::with_bearer(&routers[asked % 2], &token).get("/me").await;
                    assert_eq!(reply.status, StatusCode::OK, "a live session is not refused");
                    asked += 1;
                    tokio::task::yield_now().await;
                }
            });
        }
        let new_key_alone = world.node_with(KeyRing::new(OTHER_KEY).unwrap()).await;
        for number in 0..8 {
            let issued = signs_node.log_in(format!("late-{number}")).await.unwrap();
            new_key_alone.verify(issued.token()).expect("the newest key signs");
        }
        over.store(true, Relaxed);
        clients.join_all().await;
    })
    .await;
}
