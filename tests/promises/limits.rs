//! P7, P8: who may have how many sessions, and what log-in changes. "What must be shown", 4.

use countersign::{ErrorKind, Sessions, WhenFull};
use http::StatusCode;

use crate::support::{Backend, Browser, World, app, on_every_store, seconds};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p07_64_concurrent_log_ins_at_limit_3_leave_3() {
    on_every_store(|backend| async move {
        for when_full in [WhenFull::EvictOldest, WhenFull::EvictLeastRecentlyUsed] {
            let (world, logged_in) = log_in_64_times(backend, when_full).await;
            assert_eq!(logged_in, 64, "{when_full:?}");
            assert_eq!(world.sessions.list("ada").await.unwrap().len(), 3, "{backend:?} {when_full:?}");
            assert_eq!(world.sessions.list("grace").await.unwrap().len(), 1, "others are left alone");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p07_the_reject_mode_refuses_61_of_64() {
    on_every_store(|backend| async move {
        let (world, logged_in) = log_in_64_times(backend, WhenFull::Reject).await;
        assert_eq!(logged_in, 3);
        assert_eq!(world.sessions.list("ada").await.unwrap().len(), 3);
    })
    .await;
}

/// On two nodes, half from nothing, half from an anonymous session.
async fn log_in_64_times(backend: Backend, when_full: WhenFull) -> (World, usize) {
    let world = World::with(backend, |config| {
        config.limit.max = 3;
        config.limit.when_full = when_full;
        config.store_deadline = seconds(60);
    })
    .await;
    world.sessions.log_in("grace").await.unwrap();
    let nodes: [Sessions; 2] = [world.sessions.clone(), world.node().await];
    let mut tasks = Vec::new();
    for index in 0..64 {
        let mut browser = Browser::new(&app(nodes[index % 2].clone()));
        if index % 4 < 2 {
            browser.post("/count").await;
        }
        tasks.push(tokio::spawn(async move { browser.post("/login/ada").await.status }));
    }
    let mut logged_in = 0;
    for task in tasks {
        match task.await.unwrap() {
            StatusCode::OK => logged_in += 1,
            status => assert_eq!(status, StatusCode::CONFLICT),
        }
    }
    (world, logged_in)
}

#[tokio::test]
async fn p07_each_policy_ends_whom_its_name_says() {
    on_every_store(|backend| async move {
        for (when_full, survivors) in
            [(WhenFull::EvictOldest, [false, true, true]), (WhenFull::EvictLeastRecentlyUsed, [true, false, true])]
        {
            let world = World::with(backend, |config| {
                config.limit.max = 2;
                config.limit.when_full = when_full;
            })
            .await;
            let mut issued = Vec::new();
            for _ in 0..2 {
                issued.push(world.sessions.log_in("ada").await.unwrap());
                world.pass(seconds(70));
            }
            let first = world.sessions.authenticate(issued[0].token()).await.unwrap();
            world.sessions.slide(&first).await.unwrap();
            issued.push(world.sessions.log_in("ada").await.unwrap());
            for (issued, survives) in issued.iter().zip(survivors) {
                assert_eq!(world.sessions.authenticate(issued.token()).await.is_ok(), survives, "{when_full:?}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn p08_log_in_changes_id_and_secret_and_ends_what_was_planted() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let mut attacker = Browser::new(&app);
        attacker.post("/attributes/cart.1/book").await;
        attacker.post("/attributes/planted/role").await;
        let planted = attacker.token().unwrap().to_owned();

        // The victim logs in with the planted session; only the cart comes with him.
        let mut victim = Browser::with_token(&app, &planted);
        assert_eq!(victim.post("/login/ada/keep/cart.").await.status, StatusCode::OK);
        let new = victim.token().unwrap();
        let (old_parts, new_parts): (Vec<_>, Vec<_>) = (planted.split('.').collect(), new.split('.').collect());
        assert!(old_parts.iter().zip(&new_parts).all(|(old, new)| old != new), "no part is the same");
        assert_eq!(victim.get("/attributes/cart.1").await.body, "\"book\"");
        assert_eq!(victim.get("/attributes/planted").await.body, "null");
        let reply = attacker.get("/me").await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
        assert!(reply.clears_cookie());

        // To log in again changes them once more.
        let before = victim.token().unwrap().to_owned();
        victim.post("/login/ada").await;
        assert_ne!(victim.token().unwrap(), before);
        assert_eq!(Browser::with_token(&app, &before).get("/me").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(world.sessions.list("ada").await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn p08_a_rise_in_privilege_changes_id_and_secret_but_no_limit_in_time() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let mut browser = Browser::new(&app);
        browser.post("/login/ada").await;
        browser.post("/count").await;
        let before = browser.token().unwrap().to_owned();
        let created = world.sessions.list("ada").await.unwrap()[0].created_at();
        world.pass(seconds(30));

        assert_eq!(browser.post("/role/admin").await.status, StatusCode::OK);
        assert_eq!(browser.get("/roles").await.body, "admin");
        assert_eq!(browser.get("/attributes/count").await.body, "1");
        assert_eq!(Browser::with_token(&app, &before).get("/roles").await.status, StatusCode::UNAUTHORIZED);
        let after = world.sessions.list("ada").await.unwrap();
        assert_eq!((after.len(), after[0].created_at()), (1, created));
    })
    .await;
}

#[tokio::test]
async fn p08_a_session_of_another_user_cannot_be_ended_and_does_not_seem_to_exist() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let grace = world.sessions.log_in("grace").await.unwrap();
        let mut ada = Browser::new(&app);
        ada.post("/login/ada").await;
        let foreign = ada.send(http::Method::DELETE, &format!("/sessions/{}", grace.session_id())).await;
        let unknown = ada.send(http::Method::DELETE, "/sessions/AAAAAAAAAAAAAAAAAAAAAAAA").await;
        assert_eq!((foreign.status, unknown.status), (StatusCode::NOT_FOUND, StatusCode::NOT_FOUND));
        assert_eq!(foreign.body, unknown.body);
        assert!(world.sessions.authenticate(grace.token()).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn p08_an_impossible_user_is_refused_by_name() {
    let world = World::new(Backend::Memory).await;
    for user in [String::new(), "a\nb".to_owned(), "x".repeat(256)] {
        let error = world.sessions.log_in(user).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidName);
        assert!(error.to_string().contains("user's id"), "{error}");
    }
}
