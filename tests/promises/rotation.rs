//! P9: a rotation is final when the new secret is first used.

use countersign::{ErrorKind, RefusalKind};
use http::{Method, StatusCode};

use crate::support::{Browser, World, app, minutes, on_every_store, seconds};

#[tokio::test]
async fn p09_the_secret_changes_with_use_and_the_old_one_has_a_short_grace() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let mut browser = Browser::new(&app);
        browser.post("/login/ada").await;
        let old = browser.token().unwrap().to_owned();
        world.pass(minutes(15));
        assert_eq!(browser.get("/me").await.body, "ada");
        let new = browser.token().unwrap().to_owned();
        assert_ne!(old, new);
        assert_eq!(old.split('.').nth(1), new.split('.').nth(1), "the same session id");

        // In flight: the old one is honoured until the new one has been used, and 30 s after that.
        let in_flight = || Browser::with_token(&app, &old);
        world.pass(minutes(5));
        assert_eq!(in_flight().get("/me").await.body, "ada");
        assert_eq!(browser.get("/me").await.body, "ada");
        world.pass(seconds(29));
        let reply = in_flight().get("/me").await;
        assert_eq!((reply.body.as_str(), reply.set_cookie()), ("ada", None));
        assert_eq!(in_flight().post("/rotate").await.status, StatusCode::CONFLICT, "the old one rotates no more");
        assert_eq!(in_flight().post("/role/admin").await.status, StatusCode::CONFLICT, "and rises no more");

        // After that it is theft: the session ends for everybody, and an event says so.
        world.pass(seconds(1));
        let reply = in_flight().get("/me").await;
        assert_eq!((reply.status, reply.refusal), (StatusCode::UNAUTHORIZED, Some(RefusalKind::Reused)));
        assert_eq!(world.sessions.counters().reused, 1);
        assert_eq!(browser.get("/me").await.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test]
async fn p09_a_lost_answer_costs_nobody_his_session() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let mut browser = Browser::new(&app);
        browser.post("/login/ada").await;
        world.pass(minutes(15));
        let lost = browser.send_and_lose_the_answer(Method::GET, "/me").await;
        let lost = lost.set_cookie().unwrap().to_owned();

        // An hour of lost answers: each hands out the same successor.
        for _ in 0..6 {
            world.pass(minutes(10));
            let reply = browser.send_and_lose_the_answer(Method::GET, "/me").await;
            assert_eq!((reply.body.as_str(), reply.set_cookie()), ("ada", Some(lost.as_str())));
        }
        let old = browser.clone();
        browser.get("/me").await;
        assert!(lost.contains(browser.token().unwrap()));
        assert_eq!(browser.get("/me").await.body, "ada");
        assert_eq!(old.clone().get("/me").await.body, "ada", "in its grace");
        assert_eq!(browser.post("/logout").await.status, StatusCode::OK);
        assert_eq!(old.clone().get("/me").await.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p09_concurrent_requests_get_one_successor() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| config.store_deadline = seconds(60)).await;
        let nodes = [app(world.sessions.clone()), app(world.node().await)];
        let issued = world.sessions.log_in("ada").await.unwrap();
        world.pass(minutes(15));
        let mut tasks = Vec::new();
        for index in 0..32 {
            let mut browser = Browser::with_token(&nodes[index % 2], &issued.token().reveal());
            tasks.push(tokio::spawn(async move {
                assert_eq!(browser.post("/count").await.status, StatusCode::OK);
                browser.token().unwrap().to_owned()
            }));
        }
        let mut successors = std::collections::BTreeSet::new();
        for task in tasks {
            successors.insert(task.await.unwrap());
        }
        assert_eq!(successors.len(), 1, "{backend:?}");
        world.heard().await;
        let mut browser = Browser::with_token(&nodes[0], successors.first().unwrap());
        assert_eq!(browser.get("/attributes/count").await.body, "32");
    })
    .await;
}

#[tokio::test]
async fn p09_a_bearer_client_rotates_when_it_asks() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let issued = world.sessions.log_in("ada").await.unwrap();
        let mut client = Browser::with_bearer(&app, &issued.token().reveal());
        world.pass(minutes(20));
        assert_eq!(client.get("/me").await.set_cookie(), None, "it cannot be handed a token unasked");

        let first = token_of(&client.post("/rotate").await.body);
        let again = token_of(&client.post("/rotate").await.body);
        assert_eq!(first, again, "one successor at a time");
        let mut successor = Browser::with_bearer(&app, &first);
        assert_eq!(successor.get("/me").await.body, "ada");
        let second = token_of(&successor.post("/rotate").await.body);
        assert_ne!(first, second);
        assert_eq!(Browser::with_bearer(&app, &second).get("/me").await.body, "ada");
    })
    .await;
}

#[tokio::test]
async fn the_cookie_holds_the_secret_that_rotate_has_answered_with_and_the_upkeep_is_done() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let mut browser = Browser::new(&app);
        browser.post("/login/ada/remember").await;
        world.pass(minutes(15));
        for writes in [1, 2] {
            // First as the current secret with a window to slide, then as a successor at its first use.
            world.calls.take();
            let answered = token_of(&browser.post("/rotate").await.body);
            assert_eq!(browser.token(), Some(answered.as_str()));
            assert_eq!(world.calls.take(), (1, writes, 0), "nothing is stored twice");
        }
    })
    .await;
}

#[tokio::test]
async fn p09_a_successor_may_be_rotated_at_its_first_use() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let first = world.sessions.log_in("ada").await.unwrap();
        let session = world.sessions.authenticate(first.token()).await.unwrap();
        let second = world.sessions.rotate(&session).await.unwrap();
        let session = world.sessions.authenticate(second.token()).await.unwrap();
        let third = world.sessions.rotate(&session).await.unwrap();
        world.sessions.authenticate(third.token()).await.unwrap();
        // The first one is now in its grace.
        let graced = world.sessions.authenticate(first.token()).await.unwrap();
        assert_eq!(world.sessions.rotate(&graced).await.unwrap_err().kind(), ErrorKind::Superseded);
    })
    .await;
}

#[tokio::test]
async fn p09_each_of_several_old_secrets_has_a_grace_of_its_own() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let mut tokens = vec![world.sessions.log_in("ada").await.unwrap()];
        for _ in 0..2 {
            let session = world.sessions.authenticate(tokens.last().unwrap().token()).await.unwrap();
            tokens.push(world.sessions.rotate(&session).await.unwrap());
            let session = world.sessions.authenticate(tokens.last().unwrap().token()).await.unwrap();
            world.sessions.slide(&session).await.unwrap();
            world.pass(seconds(10));
        }
        // 20 s and 10 s after they were followed.
        for old in &tokens {
            world.sessions.authenticate(old.token()).await.unwrap();
        }
        world.pass(seconds(15));
        world.sessions.authenticate(tokens[1].token()).await.unwrap();
        let stolen = world.sessions.authenticate(tokens[0].token()).await.unwrap_err();
        assert_eq!(stolen.kind(), ErrorKind::Refused(RefusalKind::Reused));
        assert!(world.sessions.authenticate(tokens[2].token()).await.is_err(), "the session has ended");
    })
    .await;
}

#[tokio::test]
async fn p09_a_thief_who_hangs_up_does_not_keep_the_session_alive() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let issued = world.sessions.log_in("ada").await.unwrap();
        let session = world.sessions.authenticate(issued.token()).await.unwrap();
        let rotated = world.sessions.rotate(&session).await.unwrap();
        let session = world.sessions.authenticate(rotated.token()).await.unwrap();
        world.sessions.slide(&session).await.unwrap();
        world.pass(seconds(30));

        let cookie = format!("__Host-sid={}", *issued.token().reveal());
        let request = http::Request::get("/me").header("cookie", cookie).body(axum::body::Body::empty()).unwrap();
        let mut answer = Box::pin(tower::ServiceExt::oneshot(app, request));
        world.calls.take();
        // Only until the store is told to end the session, not until it has answered.
        while world.calls.take().1 == 0 {
            poll_once(answer.as_mut()).await;
        }
        drop(answer);
        for _ in 0..500 {
            if world.sessions.counters().reused == 1 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        assert_eq!(world.sessions.counters().reused, 1, "the event was said");
        assert!(world.sessions.authenticate(rotated.token()).await.is_err());
    })
    .await;
}

/// Polls once, and gives others a turn.
async fn poll_once<F: Future>(mut future: std::pin::Pin<&mut F>) {
    let _ready = std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx).is_ready())).await;
    tokio::time::sleep(std::time::Duration::from_millis(1)).await;
}

fn token_of(body: &str) -> String {
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    body["token"].as_str().unwrap().to_owned()
}
