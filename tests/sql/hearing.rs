//! What nodes hear of each other.

use std::time::Duration;

use countersign::{
    Keep, Record, SecretHash, SessionId, SessionStore, SqliteStore,
    store::{AnyStore, Invalidation, Invalidations, Replacement},
};
use tokio::time::timeout;

use crate::{Database, LIFETIME, NO_LIMIT, NOW, evict, id, record, servers};

#[tokio::test(flavor = "multi_thread")]
async fn a_node_hears_what_every_other_ends_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.db");
    let sqlite = async || AnyStore::new(SqliteStore::open(&file).await.unwrap());
    ends_are_heard(sqlite().await, sqlite().await).await;
    for database in Database::fresh() {
        ends_are_heard(database.open().await, database.open().await).await;
    }
}

async fn ends_are_heard(one: AnyStore, other: AnyStore) {
    let mut heard = other.invalidations(BEAT).await.unwrap();
    for n in 1..=9 {
        one.create(record(n), NO_LIMIT, NOW).await.unwrap();
    }
    one.revoke(id(1), NOW).await.unwrap();
    let new = Replacement { record: record(10), keep: Keep::Nothing, change: countersign::Change::new(), expect: None };
    one.replace(id(2), new, NO_LIMIT, NOW).await.unwrap();
    one.create(record(11), evict(8), NOW).await.unwrap();
    // Refused, or nothing there: nothing has ended.
    one.revoke(id(1), NOW).await.unwrap();
    one.create(record(11), NO_LIMIT, NOW).await.unwrap();
    assert_eq!(ended(&mut heard, 3).await, [id(1), id(2), id(3)]);
    let past = Record::new(id(99), SecretHash::from_bytes([9; 32]), LIFETIME, countersign::Timestamp::from_millis(0));
    one.create(past, NO_LIMIT, NOW).await.unwrap();
    assert_eq!(one.sweep(NOW, 9).await.unwrap(), 1);
    one.revoke_user("ada", Some(id(4)), NOW).await.unwrap();
    let all: Vec<SessionId> = (5..=11).map(id).collect();
    assert_eq!(ended(&mut heard, 7).await, all, "what is swept is not announced");
}

/// The next so many ends, in order of ids. Fails if a heartbeat is late.
async fn ended(heard: &mut Invalidations, number: usize) -> Vec<SessionId> {
    let mut ids = Vec::new();
    while ids.len() < number {
        match timeout(10 * BEAT, heard.next()).await.expect("a heartbeat is late") {
            Some(Invalidation::Ended(id)) => ids.push(id),
            Some(Invalidation::Heartbeat) => {}
            None => panic!("cut off"),
        }
    }
    ids.sort();
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn listening_ends_when_its_connection_does() {
    let database = Database::postgres();
    let store = database.open().await;
    let mut heard = store.invalidations(BEAT).await.unwrap();
    assert_eq!(heard.next().await, Some(Invalidation::Heartbeat));
    database.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    until_cut_off(&mut heard).await;
    let mut again = store.invalidations(BEAT).await.unwrap();
    // The other connections are gone as well.
    store.load(id(1), NOW).await.unwrap();
    store.create(record(1), NO_LIMIT, NOW).await.unwrap();
    store.revoke(id(1), NOW).await.unwrap();
    assert_eq!(ended(&mut again, 1).await, [id(1)]);
}

/// A cable that is cut without a word: no byte comes, and nothing says so.
#[tokio::test(flavor = "multi_thread")]
async fn listening_ends_when_nothing_comes_back() {
    for mariadb in [false, true] {
        let (database, port) = if mariadb {
            (Database::mariadb(), servers::mariadb().server().port())
        } else {
            (Database::postgres(), servers::postgres().server().port())
        };
        let proxy = servers::proxy::Proxy::to(port);
        let store = crate::open(&database.url.replace(&port.to_string(), &proxy.port().to_string())).await;
        let mut heard = store.invalidations(BEAT).await.unwrap();
        assert_eq!(heard.next().await, Some(Invalidation::Heartbeat));
        proxy.freeze();
        until_cut_off(&mut heard).await;
        proxy.pass();
        let mut again = store.invalidations(BEAT).await.unwrap();
        proxy.cut();
        until_cut_off(&mut again).await;
    }
}

async fn until_cut_off(heard: &mut Invalidations) {
    let end = async { while heard.next().await.is_some() {} };
    timeout(Duration::from_secs(10), end).await.expect("the stream ends");
}

const BEAT: Duration = Duration::from_millis(100);
