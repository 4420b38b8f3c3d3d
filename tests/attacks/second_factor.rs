//! Ways around the second factor (G10, C-10, C-11).

use http::{Method, StatusCode};

use crate::{
    site::site,
    support::{Browser, World, minutes, on_every_store},
};

/// 2.3.1: whoever has passed the first factor tries every door of a user.
#[tokio::test]
async fn a_pending_session_opens_no_door_of_a_full_one() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let site = site(world.sessions.clone());
        let mut thief = Browser::new(&site);
        thief.post("/first/ada").await;
        let other = world.sessions.log_in("ada").await.unwrap();
        for (method, path, status) in [
            (Method::GET, "/me", 401),
            (Method::GET, "/roles", 401),
            (Method::GET, "/sessions", 401),
            (Method::DELETE, "/sessions", 401),
            (Method::POST, "/logout/everywhere", 401),
            (Method::POST, "/role/admin", 401),
            (Method::POST, "/step-up", 403),
            (Method::POST, "/mine/count", 401),
        ] {
            assert_eq!(thief.send(method, path).await.status.as_u16(), status, "{path}");
        }
        let path = format!("/sessions/{}", other.session_id());
        assert_eq!(thief.send(Method::DELETE, &path).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(thief.get("/peek").await.body, "nobody");
        let token = thief.token().unwrap().parse().unwrap();
        assert_eq!(world.sessions.authenticate(&token).await.unwrap().info().user(), "", "nor without HTTP");
        assert!(world.sessions.authenticate(other.token()).await.is_ok(), "nothing has happened to the user");
    })
    .await;
}

/// C-10: a node has the session in its cache from before the second factor, and another from after it.
#[tokio::test]
async fn no_cache_turns_a_pending_session_into_a_full_one() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let (here, there) = (site(world.sessions.clone()), site(world.node().await));
        let mut user = Browser::new(&here);
        user.post("/first/ada").await;
        let before = user.token().unwrap().to_owned();
        for _ in 0..3 {
            assert_eq!(Browser::with_token(&there, &before).get("/pending").await.body, "ada");
        }
        assert_eq!(user.post("/second").await.status, StatusCode::OK);
        for _ in 0..3 {
            let full = Browser::with_token(&there, user.token().unwrap()).get("/me").await;
            assert_eq!(full.body, "ada", "at once, on every node");
            let old = Browser::with_token(&there, &before).get("/me").await;
            assert_eq!(old.status, StatusCode::UNAUTHORIZED, "what is remembered of before is pending, or gone");
        }
    })
    .await;
}

/// A session that is refreshed, by the clock or on demand, owes what it owed.
#[tokio::test]
async fn a_rotated_pending_session_is_still_pending() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| config.rotation.every = Some(minutes(2))).await;
        let site = site(world.sessions.clone());
        let mut thief = Browser::new(&site);
        thief.post("/first/ada").await;
        let first = thief.token().unwrap().to_owned();
        assert_eq!(thief.post("/rotate").await.status, StatusCode::OK);
        world.pass(minutes(3));
        thief.get("/peek").await;
        thief.get("/peek").await;
        assert_ne!(thief.token().unwrap(), first);
        assert_eq!(thief.get("/me").await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(thief.get("/pending").await.body, "ada");
    })
    .await;
}

///
#[tokio::test]
async fn of_many_who_pass_at_once_one_does() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let nodes = [site(world.sessions.clone()), site(world.node().await)];
        let mut user = Browser::new(&nodes[0]);
        user.post("/first/ada").await;
        let token = user.token().unwrap().to_owned();
        let asked = (0..20).map(|number| {
            let browser = Browser::with_token(&nodes[number % 2], &token);
            async move {
                let reply = browser.ask(browser.request(Method::POST, "/second")).await;
                reply.status == StatusCode::OK
                    && reply.set_cookie().is_some_and(|cookie| !cookie.starts_with("__Host-sid=;"))
            }
        });
        let passed = futures_util::future::join_all(asked).await.into_iter().filter(|passed| *passed).count();
        assert_eq!(passed, 1);
        assert_eq!(world.sessions.list("ada").await.unwrap().len(), 1);
    })
    .await;
}

/// Whoever knows the password alone cannot use the limit to throw the user out.
#[tokio::test]
async fn the_password_alone_ends_nobodys_session() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| config.limit.max = 1).await;
        let site = site(world.sessions.clone());
        let mut user = Browser::new(&site);
        user.post("/first/ada").await;
        user.post("/second").await;
        for _ in 0..100 {
            let first = Browser::new(&site).post("/first/ada").await;
            assert_eq!((first.status, first.set_cookie().is_some()), (StatusCode::OK, true));
        }
        assert_eq!(user.get("/me").await.body, "ada");
        assert_eq!(world.sessions.list("ada").await.unwrap().len(), 1, "none of them takes a place");

        // Whoever has both factors does take the place.
        let mut again = Browser::new(&site);
        again.post("/first/ada").await;
        again.post("/second").await;
        world.heard().await;
        assert_eq!(again.get("/me").await.body, "ada");
        assert_eq!(user.get("/me").await.status, StatusCode::UNAUTHORIZED);
    })
    .await;
}

/// 6.5.5: whoever has no second factor yet keeps the session warm, by all that prolongs another.
#[tokio::test]
async fn a_pending_session_cannot_be_prolonged() {
    on_every_store(|backend| async move {
        for remember in ["", "/remember"] {
            let world = World::with(backend, |config| config.rotation.every = Some(minutes(2))).await;
            let site = site(world.sessions.clone());
            let mut thief = Browser::new(&site);
            let first = thief.post(&format!("/first/ada{remember}")).await;
            assert!(!first.set_cookie().unwrap().contains("Max-Age"), "it does not outlive the browser");
            for _ in 0..9 {
                world.pass(minutes(1));
                thief.get("/peek").await;
                thief.post("/count").await;
                assert_eq!(thief.post("/rotate").await.status, StatusCode::OK);
            }
            assert_eq!(thief.get("/pending").await.body, "ada", "in its last minute");
            world.pass(minutes(1));
            thief.post("/second").await;
            assert_eq!(thief.get("/me").await.status, StatusCode::UNAUTHORIZED, "{backend:?}");
            assert_eq!(world.sessions.list("ada").await.unwrap().len(), 0);

            let mut user = Browser::new(&site);
            user.post(&format!("/first/ada{remember}")).await;
            world.pass(minutes(9));
            let passed = user.post("/second").await;
            assert_eq!(passed.set_cookie().unwrap().contains("Max-Age"), !remember.is_empty(), "it is remembered now");
            assert_eq!(user.get("/me").await.body, "ada");
        }
    })
    .await;
}

/// What was asked for is compared byte by byte: neither another factor nor the first one again will do, however it is spelt.
#[tokio::test]
async fn no_other_factor_passes_for_the_one_that_was_asked_for() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let site = site(world.sessions.clone());
        let mut thief = Browser::new(&site);
        thief.post("/first/ada").await;
        for factor in
            ["pwd", "sms", "TOTP", "totp%20", "%20totp", "totp%00", "tot", "totp2", "totp,pwd", "%EF%BD%94otp"]
        {
            assert_eq!(thief.post(&format!("/second/{factor}")).await.status, StatusCode::FORBIDDEN, "{factor}");
            assert_eq!(thief.get("/me").await.status, StatusCode::UNAUTHORIZED, "{factor}");
        }
        assert_eq!(thief.post("/second/totp").await.status, StatusCode::OK, "and this one is");
        assert_eq!(thief.get("/me").await.body, "ada");
    })
    .await;
}
