//! Sweeps do not wait for who is at work on a session.

use std::time::Duration;

use countersign::{SessionStore, Timestamp};
use sqlx::{AssertSqlSafe, Connection, MySqlConnection, PgConnection};
use tokio::time::timeout;

use crate::{Database, NO_LIMIT, NOW, record};

const HOLD: &str = "SELECT id FROM countersign_sessions ORDER BY id LIMIT 2 FOR UPDATE";
const LATER: Timestamp = Timestamp::from_millis(NOW.as_millis() + 3_600_000);

#[tokio::test(flavor = "multi_thread")]
async fn what_another_holds_is_left_to_the_next_sweep_on_postgres() {
    let database = Database::postgres();
    let store = database.open().await;
    for n in 1..=5 {
        store.create(record(n), NO_LIMIT, NOW).await.unwrap();
    }
    let mut other = PgConnection::connect(&database.url).await.unwrap();
    let mut held = other.begin().await.unwrap();
    sqlx::raw_sql(HOLD).execute(&mut *held).await.unwrap();
    assert_eq!(timeout(SOON, store.sweep(LATER, 9)).await.unwrap().unwrap(), 3);
    held.rollback().await.unwrap();
    assert_eq!(store.sweep(LATER, 9).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_holds_is_left_to_the_next_sweep_on_mariadb() {
    let database = Database::mariadb();
    let store = database.open().await;
    for n in 1..=5 {
        store.create(record(n), NO_LIMIT, NOW).await.unwrap();
    }
    let mut other = MySqlConnection::connect(&database.url).await.unwrap();
    let mut held = other.begin().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(HOLD)).execute(&mut *held).await.unwrap();
    assert_eq!(timeout(SOON, store.sweep(LATER, 9)).await.unwrap().unwrap(), 3);
    held.rollback().await.unwrap();
    assert_eq!(store.sweep(LATER, 9).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_forgotten_after_an_hour_and_no_sooner() {
    for database in Database::fresh() {
        let store = database.open().await;
        store.revoke_user("ada", None, NOW).await.unwrap();
        store.revoke_device("eve", "laptop", NOW).await.unwrap();
        let known = || database.sql("SELECT count(*) FROM countersign_users");
        assert_eq!(known(), "2");
        store.sweep(Timestamp::from_millis(LATER.as_millis() - 1), 9).await.unwrap();
        assert_eq!(known(), "2");
        assert_eq!(store.epoch("ada", LATER).await.unwrap().number(), 1);
        store.sweep(LATER, 9).await.unwrap();
        assert_eq!(known(), "0");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_is_kept_to_however_large_or_small() {
    for database in Database::fresh() {
        let store = database.open().await;
        for n in 1..=250 {
            store.create(record(n), NO_LIMIT, NOW).await.unwrap();
        }
        for (batch, expected) in [(0, 0), (1, 1), (120, 120), (usize::MAX, 129), (9, 0)] {
            assert_eq!(store.sweep(LATER, batch).await.unwrap(), expected);
        }
    }
}

const SOON: Duration = Duration::from_secs(1);
