//! A server that goes away and comes back.

use std::time::{Duration, Instant};

use countersign::{
    MySqlStore, PostgresStore, SessionStore, StoreErrorKind,
    store::{AnyStore, Changed, Created, Page},
};

use crate::{NO_LIMIT, NOW, adding, count, evict, id, record, servers};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_store_works_again_after_postgres_was_restarted() {
    let server = servers::postgres::Postgres::start();
    let store = AnyStore::new(PostgresStore::open(&server.fresh_database()).await.unwrap());
    comes_back(&store, server.server()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_store_works_again_after_mariadb_was_restarted() {
    let server = servers::mariadb::MariaDb::start();
    let store = AnyStore::new(MySqlStore::open(&server.fresh_database()).await.unwrap());
    comes_back(&store, server.server()).await;
}

async fn comes_back(store: &AnyStore, server: &servers::Server) {
    store.create(record(1), NO_LIMIT, NOW).await.unwrap();
    // Several connections, all of them dead afterwards.
    let busy = || async { tokio::join!(store.load(id(1), NOW), store.load(id(1), NOW), store.epoch("ada", NOW)) };
    busy().await.0.unwrap();

    server.kill_9();
    let asked = Instant::now();
    for _ in 0..3 {
        assert_eq!(store.load(id(1), NOW).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
    }
    assert_eq!(store.revoke(id(1), NOW).await.unwrap_err().kind(), StoreErrorKind::Unavailable);
    assert!(asked.elapsed() < Duration::from_secs(1), "a server that refuses is not waited for");
    server.restart();

    // At once, and without an error.
    assert!(store.load(id(1), NOW).await.unwrap().is_some());
    busy().await.1.unwrap();

    server.restart();
    assert_eq!(store.list("ada", Page { after: None, size: 9 }, NOW).await.unwrap().len(), 1);
    busy().await.2.unwrap();

    server.restart();
    // A transaction that has not begun has changed nothing: it is begun again.
    let changed = store.change(id(1), adding(1), NOW).await.unwrap();
    assert!(matches!(changed, Changed::Merged(merged) if count(&merged) == 1));
    busy().await.0.unwrap();

    server.restart();
    let created = store.create(record(2), evict(1), NOW).await.unwrap();
    assert_eq!(created, Created::Kept { evicted: vec![id(1)] });

    server.restart();
    // One statement that commits by itself may have been done. It is not repeated: an error, once.
    let seen = std::sync::Arc::new(record(2));
    let in_doubt = store.change(id(2), adding(1).having_seen(seen.clone()), NOW).await;
    assert_eq!(in_doubt.unwrap_err().kind(), StoreErrorKind::Unavailable);
    store.change(id(2), adding(1).having_seen(seen), NOW).await.unwrap();
    assert_eq!(count(&store.load(id(2), NOW).await.unwrap().unwrap()), 1);
}

/// The server is there, and answers nothing: who waits no longer costs nobody else a connection for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_frozen_is_served_again_when_it_thaws() {
    for mariadb in [false, true] {
        let (port, url) = if mariadb {
            (servers::mariadb().server().port(), servers::mariadb().fresh_database())
        } else {
            (servers::postgres().server().port(), servers::postgres().fresh_database())
        };
        let proxy = servers::proxy::Proxy::to(port);
        let store = crate::open(&url.replace(&port.to_string(), &proxy.port().to_string())).await;
        store.create(record(1), NO_LIMIT, NOW).await.unwrap();
        proxy.freeze();
        for _ in 0..40 {
            let late = tokio::time::timeout(Duration::from_millis(5), store.change(id(1), adding(1), NOW)).await;
            assert!(late.is_err());
        }
        // All connections are taken, or cannot be opened: that is told in time.
        let late = store.load(id(1), NOW).await.unwrap_err();
        assert_eq!(late.kind(), StoreErrorKind::Timeout);
        // What was left to tasks is given up by them.
        tokio::time::sleep(Duration::from_secs(5)).await;
        proxy.pass();
        let found = store.load(id(1), NOW).await.unwrap().unwrap();
        assert!(count(&found) <= 40);
        let changed = store.change(id(1), adding(1), NOW).await.unwrap();
        assert!(matches!(changed, Changed::Merged(_)));
    }
}
