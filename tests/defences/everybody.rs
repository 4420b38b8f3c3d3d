//! All sessions of all users end in one step, on every node.

use countersign::{ErrorKind, Reason, WhenFull};
use http::StatusCode;

use crate::support::{Browser, World, app, minutes, on_every_store, seconds};

/// ASVS 7.4.5. When it has returned, no node accepts what was begun before; what begins after that lives.
#[tokio::test]
async fn everybodys_sessions_end_on_every_node_and_new_ones_begin() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let nodes = [app(world.sessions.clone()), app(world.node().await)];
        let mut browsers: Vec<Browser> = Vec::new();
        for (number, user) in ["ada", "grace", "alan", "edsger"].into_iter().enumerate() {
            let mut browser = Browser::new(&nodes[number % 2]);
            browser.post(&format!("/login/{user}")).await;
            browsers.push(browser);
        }
        let mut anonymous = Browser::new(&nodes[0]);
        anonymous.post("/count").await;
        for browser in &mut browsers {
            assert_eq!(browser.get("/me").await.status, StatusCode::OK);
        }
        world.calls.take();
        world.sessions.revoke_everyone(Reason::ByOperator).await.unwrap();
        assert!(world.calls.take().1 <= 2, "one step, however many there are");
        for browser in &mut browsers {
            for node in &nodes {
                let mut there = Browser::with_token(node, browser.token().unwrap());
                let reply = there.get("/me").await;
                assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
                assert!(reply.clears_cookie());
            }
        }
        assert!(anonymous.get("/peek").await.clears_cookie());
        assert_eq!(world.sessions.list("ada").await.unwrap().len(), 0);

        world.pass(seconds(3));
        let mut again = Browser::new(&nodes[1]);
        again.post("/login/ada").await;
        assert_eq!(again.get("/me").await.body, "ada");
        assert_eq!(Browser::with_token(&nodes[0], again.token().unwrap()).get("/me").await.body, "ada");
    })
    .await;
}

/// a log-in that was under way is over; and so is a step-up that rests on a session of before.
#[tokio::test]
async fn a_log_in_that_was_under_way_is_refused() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let attempt = world.sessions.attempt("ada").await.unwrap();
        world.sessions.revoke_everyone(Reason::PasswordChanged).await.unwrap();
        world.pass(seconds(3));
        let node = world.node().await;
        let error = node.log_in("ada").since(&attempt).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Overtaken);
        assert_eq!(world.sessions.list("ada").await.unwrap().len(), 0);
    })
    .await;
}

/// What has ended so lies in the store still. It does not count.
#[tokio::test]
async fn a_full_user_can_log_in_again_after_everybodys_end() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| {
            config.limit.max = 2;
            config.limit.when_full = WhenFull::Reject;
        })
        .await;
        for _ in 0..2 {
            world.sessions.log_in("ada").await.unwrap();
        }
        assert_eq!(world.sessions.log_in("ada").await.unwrap_err().kind(), ErrorKind::LimitReached);
        world.sessions.revoke_everyone(Reason::ByOperator).await.unwrap();
        world.pass(seconds(3));
        world.sessions.log_in("ada").await.unwrap();
        world.sessions.log_in("ada").await.unwrap();
        assert_eq!(world.sessions.log_in("ada").await.unwrap_err().kind(), ErrorKind::LimitReached);
    })
    .await;
}

#[tokio::test]
async fn sessions_that_are_older_than_an_instant_end_and_younger_ones_do_not() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let old = [world.sessions.log_in("ada").await.unwrap(), world.sessions.log_in("ada").await.unwrap()];
        let grace = world.sessions.log_in("grace").await.unwrap();
        world.pass(minutes(1));
        let instant = world.clock.now();
        let young = world.sessions.log_in("ada").await.unwrap();
        let reason = Reason::PasswordChanged;
        let mut ended = world.sessions.revoke_older_than("ada", instant.into(), reason).await.unwrap();
        let mut expected = old.map(|issued| issued.session_id());
        ended.sort();
        expected.sort();
        assert_eq!(ended, expected);
        for (issued, lives) in [(&young, true), (&grace, true)] {
            assert_eq!(world.sessions.authenticate(issued.token()).await.is_ok(), lives);
        }
    })
    .await;
}
