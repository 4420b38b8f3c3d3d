//! P11, and "what must be shown", 6: what a request costs the store.

use http::StatusCode;

use crate::support::{Browser, World, app, minutes, on_every_store, seconds};

#[tokio::test]
async fn p11_a_request_costs_the_store_what_the_table_says() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let mut browser = Browser::new(&app);
        let calls = || world.calls.take();

        browser.get("/free").await;
        browser.get("/peek").await;
        browser.get("/me").await;
        browser.send(http::Method::DELETE, "/attributes/absent").await;
        assert_eq!(calls(), (0, 0, 0), "no credential, nothing written");
        browser.post("/login/ada").await;
        assert_eq!(calls(), (0, 1, 0), "log-in: one verb");
        for path in ["/me", "/free", "/peek", "/attributes/count"] {
            assert_eq!(browser.get(path).await.set_cookie(), None);
            assert_eq!(calls(), (1, 0, 0), "valid, only read: one load ({path})");
        }
        assert_eq!(browser.post("/count").await.set_cookie(), None);
        assert_eq!(calls(), (1, 1, 0), "fields written: one load, one change");
        world.pass(seconds(59));
        browser.get("/me").await;
        assert_eq!(calls(), (1, 0, 0), "inside the refresh interval");
        world.pass(seconds(1));
        assert_eq!(browser.get("/me").await.set_cookie(), None, "the cookie has no life of its own to renew");
        assert_eq!(calls(), (1, 1, 0), "window due to slide: one load, one change");
        world.pass(minutes(14));
        assert!(browser.post("/count").await.set_cookie().is_some());
        assert_eq!(calls(), (1, 1, 0), "slide, rotation and write are one change");
        browser.get("/me").await;
        assert_eq!(calls(), (1, 1, 0), "the successor's first use");
        browser.get("/me").await;
        assert_eq!(calls(), (1, 0, 0));
        let old = browser.clone();
        browser.post("/logout").await;
        assert_eq!(calls(), (1, 1, 0), "log-out: one load, one verb");
        assert!(old.clone().get("/me").await.clears_cookie());
        assert_eq!(calls(), (1, 0, 0), "a dead token: one load");
    })
    .await;
}

#[tokio::test]
async fn p11_sliding_never_passes_the_absolute_limit() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let mut browser = Browser::new(&app);
        browser.post("/login/ada").await;
        for _ in 0..31 {
            world.pass(minutes(15));
            assert_eq!(browser.get("/me").await.body, "ada", "in use, and rotated");
        }
        world.pass(minutes(15) - seconds(1));
        assert_eq!(browser.get("/me").await.body, "ada");
        world.pass(seconds(1));
        assert_eq!(browser.get("/me").await.status, StatusCode::UNAUTHORIZED, "8 h after log-in");
    })
    .await;
}

#[tokio::test]
async fn p11_an_idle_session_ends_at_its_last_millisecond() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        for (idle, status) in [(1_799_999, StatusCode::OK), (1_800_000, StatusCode::UNAUTHORIZED)] {
            let mut browser = Browser::new(&app);
            browser.post("/login/ada").await;
            world.pass(std::time::Duration::from_millis(idle));
            assert_eq!(browser.get("/me").await.status, status);
        }
    })
    .await;
}

#[tokio::test]
async fn p11_a_remembered_session_lives_longer_and_its_cookie_is_renewed_with_the_window() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let app = app(world.sessions.clone());
        let mut browser = Browser::new(&app);
        let fourteen_days = "Max-Age=1209600";
        assert!(browser.post("/login/ada/remember").await.set_cookie().unwrap().ends_with(fourteen_days));
        assert_eq!(browser.get("/me").await.set_cookie(), None);
        for _ in 0..2 {
            world.pass(minutes(60 * 24 * 13));
            let reply = browser.get("/me").await;
            assert_eq!(reply.body, "ada");
            let max_age = reply.set_cookie().unwrap().rsplit_once("Max-Age=").unwrap().1.parse::<u64>().unwrap();
            assert!((345_600..=1_209_600).contains(&max_age), "{max_age}: the window, cut at 30 days");
        }
        world.pass(minutes(60 * 24 * 4));
        assert_eq!(browser.get("/me").await.status, StatusCode::UNAUTHORIZED, "30 days after log-in");
    })
    .await;
}
