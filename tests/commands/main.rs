//! What a request costs a store, counted by its server: read-only one command, read and write two,
//! forged none, cached none (P1, P11).

#![allow(
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests unwrap what they expect, and tell what they counted"
)]

mod counted;
#[path = "../support/mod.rs"]
mod support;

use axum::Router;
use counted::{Counted, CountedMariaDb, CountedPostgres, CountedRedis};
use countersign::{CachedStore, KeyRing, RedisStore, Sessions, store};
use http::StatusCode;
use support::{Browser, KEY, OTHER_KEY, app};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p11_redis_is_asked_once_to_read_and_once_more_to_write() {
    let server = CountedRedis::start().await;
    let store = RedisStore::open(&server.url()).await.unwrap();
    counts("Redis", &server, store::AnyStore::new(store)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p11_postgres_is_asked_once_to_read_and_once_more_to_write() {
    let server = CountedPostgres::start();
    let store = store::open(&server.url()).await.unwrap();
    counts("PostgreSQL", &server, store).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p11_mariadb_is_asked_once_to_read_and_once_more_to_write() {
    let server = CountedMariaDb::start();
    let store = store::open(&server.url()).await.unwrap();
    counts("MariaDB", &server, store).await;
}

async fn counts(name: &str, server: &impl Counted, store: store::AnyStore) {
    let keys = KeyRing::new(KEY).unwrap();
    let store = std::sync::Arc::new(store);
    let sessions = Sessions::new(keys.clone(), std::sync::Arc::clone(&store));
    let forger = Sessions::new(KeyRing::new(OTHER_KEY).unwrap(), countersign::MemoryStore::new());
    let issued = sessions.log_in("ada").await.unwrap();
    let token = issued.token().reveal().to_string();
    let forged = forger.log_in("ada").await.unwrap().token().reveal().to_string();
    let router = app(sessions);

    let read = each(server, &router, &token, "GET /me").await;
    let write = each(server, &router, &token, "POST /attributes/colour/red").await;
    let add = each(server, &router, &token, "POST /count").await;
    let forgery = each(server, &router, &forged, "GET /peek").await;
    let nobody = each(server, &router, "", "GET /peek").await;

    let cached = app(Sessions::new(keys, CachedStore::new(store)));
    let warm = loop {
        // Announcements have to be listened to before anything is kept.
        if each(server, &cached, &token, "GET /me").await == 0.0 {
            break each(server, &cached, &token, "GET /me").await;
        }
    };
    eprintln!(
        "| {name} | read {read} | set {write} | increment {add} | forged {forgery} | anonymous {nobody} | cached read {warm} |"
    );
    assert_eq!([read, write, add, forgery, nobody, warm], [1.0, 2.0, 2.0, 0.0, 0.0, 0.0], "{name}");
}

/// Commands a request.
async fn each(server: &impl Counted, router: &Router, token: &str, what: &str) -> f64 {
    let (method, path) = what.split_once(' ').unwrap();
    let ask = async || {
        let mut client = if token.is_empty() { Browser::new(router) } else { Browser::with_bearer(router, token) };
        let reply = client.send(method.parse().unwrap(), path).await;
        assert_eq!(reply.status, StatusCode::OK, "{what}");
    };
    // Connections are made and statements prepared.
    ask().await;
    let before = server.commands().await;
    for _ in 0..REQUESTS {
        ask().await;
    }
    let commands = server.commands().await - before;
    // Heartbeats and polls of a listening cache are no part of a request: what is less than one a
    // request is theirs.
    (commands / f64::from(REQUESTS)).floor()
}

const REQUESTS: u32 = 40;
