//! What is SQLite's own. What every store must do is stated by the conformance suite.

mod dropped;

use std::{error::Error, fs, time::Duration};

use sqlx::{AssertSqlSafe, Row};
use tempfile::TempDir;

use super::*;
use crate::{
    config::{Lifetime, Limit, WhenFull},
    record::{Keep, SecretHash},
    store::StoreErrorKind,
};

#[tokio::test]
async fn p13_what_was_answered_survives_the_end_of_the_process() {
    let (dir, store) = fresh().await;
    store.create(record(1), NO_LIMIT, NOW).await.unwrap();
    store.change(id(1), adding(7), NOW).await.unwrap();

    // What a killed process leaves behind: nothing was closed.
    let left = tempfile::tempdir().unwrap();
    for name in ["sessions.db", "sessions.db-wal"] {
        fs::copy(dir.path().join(name), left.path().join(name)).unwrap();
    }
    let survivor = SqliteStore::open(left.path().join("sessions.db")).await.unwrap();
    let found = survivor.load(id(1), NOW).await.unwrap().unwrap();
    assert_eq!(found.attributes().value("n"), Some(&b"7"[..]));
    assert_eq!(store.load(id(1), NOW).await.unwrap(), Some(found));
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_its_owners_alone_and_a_file_that_was_there_is_left_alone() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;

    let (dir, store) = fresh().await;
    store.create(record(1), NO_LIMIT, NOW).await.unwrap();
    store.load(id(1), NOW).await.unwrap();
    for name in ["sessions.db", "sessions.db-wal", "sessions.db-shm"] {
        assert_eq!(mode(&dir.path().join(name)), 0o600, "{name}");
    }

    let shared = dir.path().join("shared.db");
    fs::write(&shared, "").unwrap();
    fs::set_permissions(&shared, fs::Permissions::from_mode(0o640)).unwrap();
    SqliteStore::open(&shared).await.unwrap();
    assert_eq!(mode(&shared), 0o640);
}

#[tokio::test]
async fn a_name_that_means_something_to_sqlite_is_but_a_file() {
    let dir = tempfile::tempdir().unwrap();
    for name in [":memory:", "file:x?mode=memory", "a#b%20c.db"] {
        let path = dir.path().join(name);
        opened(&path).await.create(record(1), NO_LIMIT, NOW).await.unwrap();
        assert!(opened(&path).await.load(id(1), NOW).await.unwrap().is_some(), "{name}");
        assert!(path.exists(), "{name}");
    }
    let missing = SqliteStore::open(dir.path().join("none/sessions.db")).await.unwrap_err();
    assert_eq!(missing.kind(), StoreErrorKind::Open);
    let text = missing.to_string();
    assert!(text.contains("none/sessions.db") && text.contains("No such file"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_may_open_a_new_file_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sessions.db");
    let opening: Vec<_> = (0..16)
        .map(|n| {
            let path = path.clone();
            tokio::spawn(async move { opened(&path).await.create(record(n), NO_LIMIT, NOW).await })
        })
        .collect();
    for created in opening {
        assert_eq!(created.await.unwrap().unwrap(), Created::Kept { evicted: vec![] });
    }
    let store = opened(&path).await;
    let versions: Vec<i64> =
        sqlx::query_scalar("SELECT version FROM countersign_migrations").fetch_all(&store.readers).await.unwrap();
    assert_eq!(versions, [1, 2]);
    assert_eq!(store.list("ada", Page { after: None, size: 99 }, NOW).await.unwrap().len(), 16);
}

#[tokio::test]
async fn tables_of_a_later_version_are_not_touched() {
    let (dir, store) = fresh().await;
    let later = "INSERT INTO countersign_migrations (version) VALUES (99)";
    sqlx::query(later).execute(&store.writer).await.unwrap();
    let refused = SqliteStore::open(dir.path().join("sessions.db")).await.unwrap_err();
    let reason = refused.source().unwrap().to_string();
    assert!(reason.contains("version 99") && reason.contains("none after 2"), "{reason}");
}

#[tokio::test]
async fn an_unreadable_record_is_an_error_of_its_own_and_in_nobodys_way() {
    for broken in ["'{}'", "'not json'", "CAST(x'ff' AS TEXT)"] {
        let (_dir, store) = fresh().await;
        for n in 1..=4 {
            store.create(record(n), NO_LIMIT, NOW).await.unwrap();
        }
        let sql = format!("UPDATE countersign_sessions SET record = {broken} WHERE id IN (?1, ?2)");
        let breaking = sqlx::query(AssertSqlSafe(sql)).bind(vec![1; 18]).bind(vec![3; 18]);
        breaking.execute(&store.writer).await.unwrap();

        let corrupt = [
            store.load(id(1), NOW).await.unwrap_err(),
            store.change(id(1), adding(1), NOW).await.unwrap_err(),
            store.replace(id(1), replacement(9), NO_LIMIT, NOW).await.unwrap_err(),
        ];
        assert!(corrupt.iter().all(|error| error.kind() == StoreErrorKind::Corrupt), "{corrupt:?}");

        let ids = |found: Vec<Arc<Record>>| found.iter().map(|record| record.id()).collect::<Vec<_>>();
        assert_eq!(ids(store.list("ada", Page { after: None, size: 1 }, NOW).await.unwrap()), [id(2)]);
        assert_eq!(ids(store.list("ada", Page { after: None, size: 2 }, NOW).await.unwrap()), [id(2), id(4)]);
        assert_eq!(ids(store.list("ada", Page { after: Some(id(2)), size: 9 }, NOW).await.unwrap()), [id(4)]);
        assert!(store.revoke(id(1), NOW).await.unwrap());
        assert_eq!(store.create(record(5), evict(3), NOW).await.unwrap(), Created::Kept { evicted: vec![id(2)] });
        assert_eq!(store.revoke_user("ada", Some(id(5)), NOW).await.unwrap(), [id(3), id(4)]);
        assert_eq!(store.sweep(NOW.after(LIFETIME.absolute), 9).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn instants_beyond_63_bits_are_as_good_as_for_ever() {
    let (_dir, store) = fresh().await;
    let far = Lifetime::new(Duration::MAX, Duration::MAX);
    let endless = Record::new(id(1), SecretHash::from_bytes([1; 32]), far, NOW).with_user("ada");
    store.create(endless.clone(), NO_LIMIT, NOW).await.unwrap();
    let late = NOW.after(Duration::from_secs(1 << 40));
    assert_eq!(store.load(id(1), late).await.unwrap().as_deref(), Some(&endless));
    assert_eq!(store.sweep(late, 9).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn p06_two_stores_on_one_file_lose_no_increment() {
    let (dir, one) = fresh().await;
    one.create(record(1), NO_LIMIT, NOW).await.unwrap();
    let (one, two) = (Arc::new(one), Arc::new(opened(&dir.path().join("sessions.db")).await));
    let adding: Vec<_> = (0..400)
        .map(|n| {
            let store = Arc::clone(if n % 2 == 0 { &one } else { &two });
            tokio::spawn(async move { store.change(id(1), adding(1), NOW).await })
        })
        .collect();
    for added in adding {
        assert!(matches!(added.await.unwrap().unwrap(), Changed::Merged(_)));
    }
    for store in [one, two] {
        let found = store.load(id(1), NOW).await.unwrap().unwrap();
        assert_eq!(found.attributes().value("n"), Some(&b"400"[..]));
    }
}

#[tokio::test]
async fn every_statement_finds_its_rows_through_an_index() {
    let (_dir, store) = fresh().await;
    use statement::{
        ANNOUNCED, CANDIDATES, DELETE, DELETE_DEVICE, DELETE_EXPIRED, DELETE_USER, DELETE_USERS, EPOCH, NEWEST, PAGE,
        PRUNE, SCAN, SELECT, UPDATE, UPDATE_FROM,
    };
    for sql in [
        ANNOUNCED,
        CANDIDATES,
        DELETE,
        DELETE_DEVICE,
        DELETE_EXPIRED,
        DELETE_USER,
        DELETE_USERS,
        EPOCH,
        NEWEST,
        PAGE,
        PRUNE,
        SCAN,
        SELECT,
        UPDATE,
        UPDATE_FROM,
    ] {
        let explain = sqlx::query(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")));
        for line in explain.fetch_all(&store.writer).await.unwrap() {
            let plan: String = line.get("detail");
            assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{sql}: {plan}");
            assert!(!sql.contains("sessions WHERE user_id =") || plan.contains("by_user (user_id=?"), "{sql}: {plan}");
        }
    }
}

async fn fresh() -> (TempDir, SqliteStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = opened(&dir.path().join("sessions.db")).await;
    (dir, store)
}

async fn opened(path: &Path) -> SqliteStore {
    SqliteStore::open(path).await.unwrap()
}

fn id(n: u8) -> SessionId {
    SessionId::from_bytes([n; 18])
}

/// A session of ada's.
fn record(n: u8) -> Record {
    Record::new(id(n), SecretHash::from_bytes([n; 32]), LIFETIME, NOW).with_user("ada")
}

fn adding(by: i64) -> Change {
    let mut change = Change::new();
    change.add("n", by).unwrap();
    change
}

fn replacement(n: u8) -> Replacement {
    Replacement { record: record(n), keep: Keep::Everything, change: adding(1), expect: None }
}

const fn evict(max: u32) -> Terms {
    Terms { limit: Limit { max, when_full: WhenFull::EvictOldest }, epoch: None }
}

const NO_LIMIT: Terms = evict(0);
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const LIFETIME: Lifetime = Lifetime::new(Duration::from_secs(60), Duration::from_secs(600));
