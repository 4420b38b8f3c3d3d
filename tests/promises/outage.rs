//! P10, P13: a broken store logs nobody out, and nobody is told that something is stored which is not.

use http::{StatusCode, header};

use crate::support::{Browser, Reply, World, app, minutes, on_every_store, seconds};

fn assert_unavailable(reply: &Reply) {
    assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(reply.header(header::RETRY_AFTER).is_some());
    assert_eq!(reply.set_cookie(), None);
    assert_eq!(reply.header(header::CACHE_CONTROL), Some("no-store"));
}

#[tokio::test]
async fn p10_a_broken_store_is_a_503_and_logs_nobody_out() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let mut browser = Browser::new(&app);
        browser.post("/login/ada").await;
        let token = browser.token().unwrap().to_owned();

        world.calls.break_store(true);
        assert_unavailable(&browser.get("/me").await);
        assert_unavailable(&browser.get("/peek").await);
        assert_unavailable(&Browser::with_bearer(&app, &token).get("/me").await);
        assert_unavailable(&browser.post("/logout").await);
        assert_eq!(Browser::new(&app).get("/peek").await.body, "nobody", "without a credential no store is needed");
        assert_eq!(Browser::with_token(&app, "garbage").get("/peek").await.body, "nobody");
        assert_eq!(browser.token(), Some(token.as_str()));

        world.calls.break_store(false);
        assert_eq!(browser.get("/me").await.body, "ada");
        assert!(world.sessions.counters().store_failures >= 4);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn p10_a_store_that_hangs_is_a_503_at_its_deadline() {
    let world = World::new(crate::support::Backend::Memory).await;
    let app = app(world.sessions.clone());
    let mut browser = Browser::new(&app);
    browser.post("/login/ada").await;
    world.calls.hang(true);
    let before = tokio::time::Instant::now();
    assert_unavailable(&browser.get("/me").await);
    assert_eq!(before.elapsed().as_secs(), 1, "store_deadline");
    world.calls.hang(false);
    assert_eq!(browser.get("/me").await.body, "ada");
}

#[tokio::test]
async fn p13_a_response_leaves_only_when_its_change_is_stored() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let mut browser = Browser::new(&app);
        browser.post("/login/ada").await;

        world.calls.break_writes(true);
        assert_unavailable(&browser.post("/count").await);
        assert_unavailable(&Browser::new(&app).post("/count").await);
        let mut fresh = Browser::new(&app);
        assert_unavailable(&fresh.post("/login/grace").await);
        assert_eq!(fresh.token(), None);
        assert_eq!(browser.get("/me").await.body, "ada", "reading needs no write");
        world.pass(seconds(60));
        assert_unavailable(&browser.get("/me").await);

        world.calls.break_writes(false);
        assert_eq!(browser.get("/attributes/count").await.body, "null", "none of it was stored");
        browser.post("/count").await;
        assert_eq!(Browser::with_token(&app, browser.token().unwrap()).get("/attributes/count").await.body, "1");
        world.pass(minutes(1));
        assert!(world.sessions.list("grace").await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn p13_a_change_that_does_not_fit_is_refused_by_name_and_nothing_of_it_is_stored() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| config.attributes.fields = 2).await;
        let app = app(world.sessions.clone());
        let mut browser = Browser::new(&app);
        browser.post("/attributes/count/many").await;
        let reply = browser.post("/count").await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(reply.body.contains("`count` is not an integer"), "{}", reply.body);
        browser.post("/attributes/b/1").await;
        let reply = browser.post("/attributes/c/1").await;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(reply.body.contains("at most 2 attributes"), "{}", reply.body);
        assert_eq!(browser.get("/attributes/count").await.body, "\"many\"");
        let reply = browser.post(&format!("/attributes/{}/1", "x".repeat(129))).await;
        assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
    })
    .await;
}

/// One call that fails is not an outage for who reads. A write is not made twice.
#[tokio::test]
async fn p10_a_question_that_fails_is_asked_once_more_and_a_write_is_not() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let mut browser = Browser::new(&app);
        browser.post("/login/ada").await;
        world.calls.take();

        world.calls.fail_next(1);
        assert_eq!(browser.get("/me").await.body, "ada");
        assert_eq!(world.calls.take(), (2, 0, 0));
        assert_eq!(world.sessions.counters().store_failures, 0);

        world.calls.fail_next(2);
        assert_unavailable(&browser.get("/me").await);
        assert_eq!(world.calls.take(), (2, 0, 0), "twice, and no more");
        assert_eq!(world.sessions.counters().store_failures, 1);

        let issued = world.sessions.log_in("grace").await.unwrap();
        world.calls.take();
        world.calls.fail_next(1);
        assert!(world.sessions.authenticate(issued.token()).await.is_ok());
        assert_eq!(world.calls.take(), (2, 0, 0));

        world.calls.fail_next(1);
        assert!(world.sessions.revoke_user("grace", countersign::Reason::ByOperator).await.is_err());
        assert_eq!(world.calls.take(), (0, 1, 0));
        world.calls.fail_next(1);
        assert!(world.sessions.list("grace").await.is_err());
        assert_eq!(world.calls.take(), (0, 0, 1));
    })
    .await;
}
