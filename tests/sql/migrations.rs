//! How tables come to be: many nodes at once, beside nodes at work, and from the version before.

use std::{
    error::Error,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use countersign::{
    Record, SessionStore, SqliteStore, StoreErrorKind,
    store::{AnyStore, Changed, Invalidation, Page},
};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{Database, NO_LIMIT, NOW, adding, count, id, open, record};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_nodes_open_a_new_database_at_once() {
    for database in Database::fresh() {
        let nodes: Vec<_> = (0..16)
            .map(|n| {
                let url = database.url.clone();
                tokio::spawn(async move { open(&url).await.create(record(n), NO_LIMIT, NOW).await.unwrap() })
            })
            .collect();
        for node in nodes {
            node.await.unwrap();
        }
        assert_eq!(database.sql("SELECT version FROM countersign_migrations"), "1");
        let listed = database.open().await.list("ada", Page { after: None, size: 99 }, NOW).await.unwrap();
        assert_eq!(listed.len(), 16);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn opening_disturbs_nobody_who_is_at_work() {
    for database in Database::fresh() {
        let store = Arc::new(database.open().await);
        store.create(record(1), NO_LIMIT, NOW).await.unwrap();
        let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let working = {
            let (store, stop, done) = (Arc::clone(&store), Arc::clone(&stop), Arc::clone(&done));
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    assert!(matches!(store.change(id(1), adding(1), NOW).await.unwrap(), Changed::Merged(_)));
                    done.fetch_add(1, Ordering::SeqCst);
                }
            })
        };
        for _ in 0..10 {
            database.open().await;
        }
        stop.store(true, Ordering::SeqCst);
        working.await.unwrap();
        let found = store.load(id(1), NOW).await.unwrap().unwrap();
        assert_eq!(count(&found), i64::from(done.load(Ordering::SeqCst)));
    }
}

/// A node died after a step and before the note: on MariaDB the tables stay.
#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_was_not_noted_is_done_again() {
    let database = Database::mariadb();
    let store = database.open().await;
    store.create(record(1), NO_LIMIT, NOW).await.unwrap();
    store.revoke_user("ada", Some(id(1)), NOW).await.unwrap();
    database.sql("DELETE FROM countersign_migrations");
    let again = database.open().await;
    assert_eq!(again.load(id(1), NOW).await.unwrap().as_deref(), Some(&record(1)));
    assert_eq!(again.epoch("ada", NOW).await.unwrap().number(), 1);
    assert_eq!(database.sql("SELECT count(*) FROM countersign_ended"), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_a_later_version_are_not_touched() {
    for database in Database::fresh() {
        database.open().await;
        database.sql("INSERT INTO countersign_migrations (version) VALUES (99)");
        let refused = countersign::store::open(&database.url).await.unwrap_err();
        assert_eq!(refused.kind(), StoreErrorKind::Open);
        let reason = refused.source().unwrap().to_string();
        assert!(reason.contains("version 99") && reason.contains("none after 1"), "{reason}");
    }
}

/// A role that may read and write rows, and nothing else, opens tables that are there.
#[tokio::test(flavor = "multi_thread")]
async fn who_must_not_make_tables_may_use_them() {
    let database = Database::postgres();
    database.open().await;
    database.sql(
        "CREATE ROLE worker LOGIN;
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO worker;
        REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    );
    let store = open(&database.url.replace("postgres@", "worker@")).await;
    store.create(record(1), NO_LIMIT, NOW).await.unwrap();
    assert_eq!(store.revoke_user("ada", None, NOW).await.unwrap(), [id(1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_the_version_before_keeps_its_sessions() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.db");
    let mut old = version_1(&file).await;
    for n in 1..=3 {
        keep_as_version_1(&mut old, &record(n)).await;
    }
    // The version before is still at work meanwhile.
    let store = AnyStore::new(SqliteStore::open(&file).await.unwrap());
    assert_eq!(store.list("ada", Page { after: None, size: 9 }, NOW).await.unwrap().len(), 3);
    assert_eq!(store.load(id(1), NOW).await.unwrap().as_deref(), Some(&record(1)));

    let mut heard = store.invalidations(std::time::Duration::from_millis(20)).await.unwrap();
    let seen = store.load(id(1), NOW).await.unwrap().unwrap();
    store.change(id(1), adding(1).having_seen(Arc::clone(&seen)), NOW).await.unwrap();
    let seen = store.load(id(1), NOW).await.unwrap().unwrap();
    // It writes a record, and knows of no revisions: what it writes is not lost to a hint.
    let mut by_old = Record::clone(&seen);
    by_old.apply(&adding(10)).unwrap();
    let unrevised = serde_json::to_string(&by_old).unwrap().replace(r#""revision":2"#, r#""revision":1"#);
    let update = "UPDATE countersign_sessions SET record = ?2 WHERE id = ?1";
    sqlx::query(update).bind(id(1).as_bytes().to_vec()).bind(unrevised).execute(&mut old).await.unwrap();
    store.change(id(1), adding(100).having_seen(seen), NOW).await.unwrap();
    assert_eq!(count(&store.load(id(1), NOW).await.unwrap().unwrap()), 111);
    keep_as_version_1(&mut old, &record(4)).await;
    assert_eq!(store.revoke_user("ada", Some(id(1)), NOW).await.unwrap().len(), 3);
    assert_eq!(store.epoch("ada", NOW).await.unwrap().number(), 1);
    let mut ended = 0;
    while ended < 3 {
        ended += i32::from(matches!(heard.next().await.unwrap(), Invalidation::Ended(_)));
    }
    assert!(store.load(id(1), NOW).await.unwrap().is_some());
}

async fn version_1(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    let mut old = SqliteConnection::connect_with(&options).await.unwrap();
    let tables = include_str!("../../src/store/sqlite/schema/0001_sessions.sql");
    let noted = "CREATE TABLE countersign_migrations
        (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP) STRICT;
        INSERT INTO countersign_migrations (version) VALUES (1);";
    sqlx::raw_sql(AssertSqlSafe(format!("{tables}{noted}"))).execute(&mut old).await.unwrap();
    old
}

async fn keep_as_version_1(old: &mut SqliteConnection, record: &Record) {
    let insert = "INSERT INTO countersign_sessions
        (id, user_id, device_id, created_at, last_seen_at, expires_at, record) VALUES (?1, ?2, NULL, ?3, ?3, ?4, ?5)";
    let millis = |at: countersign::Timestamp| i64::try_from(at.as_millis()).unwrap();
    sqlx::query(insert)
        .bind(record.id().as_bytes().to_vec())
        .bind(record.user())
        .bind(millis(record.created_at()))
        .bind(millis(record.expires_at()))
        .bind(serde_json::to_string(record).unwrap())
        .execute(old)
        .await
        .unwrap();
}
