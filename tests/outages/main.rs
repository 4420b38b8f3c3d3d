//! A server that dies, or hangs, and comes back: anonymous requests notice nothing, signed-in ones are
//! answered by 503 in time, and then the same cookie works again, with no restart (P10).

#![allow(
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests unwrap what they expect, and tell what they measured"
)]

#[path = "../support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use axum::Router;
use countersign::{CachedStore, Config, KeyRing, Outage, SessionLayer, Sessions, store};
use http::{StatusCode, header};
use support::{
    Browser, KEY, app,
    servers::{Server, mariadb::MariaDb, postgres::Postgres, redis::Standalone},
};
use tokio::time::sleep;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p10_redis_dies_hangs_and_comes_back() {
    let server = Standalone::start();
    comes_back("Redis", &server.url(), server.server()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p10_postgres_dies_hangs_and_comes_back() {
    let server = Postgres::start();
    comes_back("PostgreSQL", &server.fresh_database(), server.server()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p10_mariadb_dies_hangs_and_comes_back() {
    let server = MariaDb::start();
    comes_back("MariaDB", &server.fresh_database(), server.server()).await;
}

async fn comes_back(name: &str, url: &str, server: &Server) {
    let sessions = Sessions::new(KeyRing::new(KEY).unwrap(), store::open(url).await.unwrap());
    let deadline = sessions.config().store_deadline;
    let router = app(sessions);
    let mut browser = Browser::new(&router);
    browser.post("/login/ada").await;
    let cookie = browser.token().unwrap().to_owned();

    let usual = anonymous(&router).await;
    for hangs in [false, true] {
        if hangs {
            server.stop_cont(true);
        } else {
            server.kill_9();
        }
        let mut slowest = Duration::ZERO;
        for path in ["/me", "/peek", "/attributes/colour"] {
            let start = Instant::now();
            let reply = browser.get(path).await;
            slowest = slowest.max(start.elapsed());
            assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{name}");
            assert!(reply.headers.contains_key(header::RETRY_AFTER) && reply.set_cookie().is_none(), "{name}");
        }
        assert!(slowest <= deadline + SLACK, "{name}: a 503 took {slowest:?}, the deadline is {deadline:?}");
        let meanwhile = anonymous(&router).await;
        assert!(meanwhile < deadline / 20, "{name}: anonymous requests wait for a store: {meanwhile:?}");

        if hangs {
            server.stop_cont(false);
        } else {
            server.restart();
        }
        let back = Instant::now();
        while browser.get("/me").await.status != StatusCode::OK {
            assert!(back.elapsed() < PATIENCE, "{name}: the same cookie should work again");
            sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(browser.token(), Some(&*cookie), "{name}");
        let how = if hangs { "hangs" } else { "is dead" };
        eprintln!(
            "| {name} {how} | anonymous {usual:.1?} before, {meanwhile:.1?} meanwhile | 503 within {slowest:.0?} | \
             back after {:.0?} |",
            back.elapsed()
        );
    }
}

/// A layer that was told so goes on reading from what the cache remembers; it writes nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p10_a_layer_may_read_what_the_cache_remembers_for_so_long() {
    let server = Standalone::start();
    let store = CachedStore::new(store::open(&server.url()).await.unwrap()).staleness(Duration::from_millis(300));
    let mut config = Config::production();
    config.store_deadline = Duration::from_millis(200);
    let sessions = Sessions::builder(KeyRing::new(KEY).unwrap(), store).config(config).build().unwrap();
    let token = sessions.log_in("ada").await.unwrap().token().reveal().to_string();
    let route = || {
        Router::new()
            .route("/me", axum::routing::get(|who: countersign::LoggedIn| async move { who.user().to_owned() }))
    };
    let patient = route().layer(SessionLayer::new(sessions.clone()).outage(Outage::StaleFor(Duration::from_secs(2))));
    let strict = route().layer(SessionLayer::new(sessions.clone()));
    let writing = app(sessions.clone());
    for _ in 0..20 {
        assert_eq!(Browser::with_bearer(&patient, &token).get("/me").await.status, StatusCode::OK);
        sleep(Duration::from_millis(20)).await;
    }

    server.server().kill_9();
    let dead = Instant::now();
    sleep(Duration::from_millis(500)).await;
    assert_eq!(Browser::with_bearer(&strict, &token).get("/me").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(Browser::with_bearer(&patient, &token).get("/me").await.body, "ada");
    assert_eq!(Browser::with_bearer(&writing, &token).post("/count").await.status, StatusCode::SERVICE_UNAVAILABLE);
    while dead.elapsed() < Duration::from_millis(2_500) {
        sleep(Duration::from_millis(50)).await;
    }
    let late = Browser::with_bearer(&patient, &token).get("/me").await.status;
    assert_eq!(late, StatusCode::SERVICE_UNAVAILABLE, "no longer than it was told");
}

/// The median of many requests without a credential.
async fn anonymous(router: &Router) -> Duration {
    let mut times = Vec::new();
    for _ in 0..200 {
        let start = Instant::now();
        assert_eq!(Browser::new(router).get("/peek").await.body, "nobody");
        times.push(start.elapsed());
    }
    times.sort();
    times[times.len() / 2]
}

/// For a busy machine.
const SLACK: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_secs(20);
