//! Announcements through a table.

use std::time::Duration;

use countersign::{
    SessionStore, SqliteStore, Timestamp,
    store::{AnyStore, Invalidation, Invalidations},
};
use sqlx::{Connection, MySqlConnection};
use tokio::time::timeout;

use crate::{Database, NO_LIMIT, NOW, id, record};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_numbered_early_and_committed_late_is_heard() {
    let database = Database::mariadb();
    let store = database.open().await;
    let announce = "INSERT INTO countersign_ended (id, at) VALUES (?, 0)";
    let mut before = MySqlConnection::connect(&database.url).await.unwrap();
    let mut late = before.begin().await.unwrap();
    // Numbered before anybody listens.
    sqlx::query(announce).bind(id(1).as_bytes().to_vec()).execute(&mut *late).await.unwrap();
    store.create(record(2), NO_LIMIT, NOW).await.unwrap();
    store.revoke(id(2), NOW).await.unwrap();
    let mut heard = store.invalidations(BEAT).await.unwrap();
    let mut meanwhile = MySqlConnection::connect(&database.url).await.unwrap();
    let mut later = meanwhile.begin().await.unwrap();
    sqlx::query(announce).bind(id(3).as_bytes().to_vec()).execute(&mut *later).await.unwrap();
    store.create(record(4), NO_LIMIT, NOW).await.unwrap();
    store.revoke(id(4), NOW).await.unwrap();
    assert_eq!(next(&mut heard).await, Some(id(4)));
    late.commit().await.unwrap();
    assert_eq!(next(&mut heard).await, Some(id(1)));
    later.commit().await.unwrap();
    assert_eq!(next(&mut heard).await, Some(id(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_finds_his_place_pruned_has_missed_something() {
    let database = Database::mariadb();
    let store = database.open().await;
    let mut heard = store.invalidations(BEAT).await.unwrap();
    assert!(matches!(heard.next().await, Some(Invalidation::Heartbeat)));
    database.sql("DELETE FROM countersign_ended");
    let end = async { while heard.next().await.is_some() {} };
    timeout(Duration::from_secs(5), end).await.expect("the stream ends");
}

/// The table does not grow, and who listens is not cut off by that.
#[tokio::test(flavor = "multi_thread")]
async fn old_announcements_are_pruned_and_nobody_is_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = AnyStore::new(SqliteStore::open(folder.path().join("sessions.db")).await.unwrap());
    for store in [sqlite, Database::mariadb().open().await] {
        let mut heard = store.invalidations(BEAT).await.unwrap();
        for n in 1..=50 {
            store.create(record(n), NO_LIMIT, NOW).await.unwrap();
            store.revoke(id(n), NOW).await.unwrap();
            assert_eq!(next(&mut heard).await, Some(id(n)));
        }
        for minutes in [1, 6, 60] {
            let then = Timestamp::from_millis(NOW.as_millis() + minutes * 60_000);
            store.sweep(then, 9).await.unwrap();
            store.create(record(99), NO_LIMIT, NOW).await.unwrap();
            store.revoke(id(99), then).await.unwrap();
            assert_eq!(next(&mut heard).await, Some(id(99)));
        }
    }
}

async fn next(heard: &mut Invalidations) -> Option<countersign::SessionId> {
    loop {
        match timeout(Duration::from_secs(5), heard.next()).await.expect("a heartbeat comes")? {
            Invalidation::Ended(id) => return Some(id),
            Invalidation::Heartbeat => {}
        }
    }
}

const BEAT: Duration = Duration::from_millis(40);
