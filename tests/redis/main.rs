//! What is Redis' own: where keys go and when, what a request costs, what happens when servers do.

#![cfg(feature = "redis")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test unwraps what it expects; a measurement says what it found"
)]

#[path = "../support/mod.rs"]
mod support;

mod applying;
mod breaking;
mod cost;
mod failing_over;
mod opening;
mod replicas;
mod spread;
mod upkeep;

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use countersign::{
    Change, Lifetime, Limit, Record, RedisStore, SecretHash, SessionId, SessionStore, Timestamp, WhenFull,
    store::{Changed, Created, redis::RedisBuilder},
};

/// An ordinary day.
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const NO_LIMIT: Limit = Limit { max: 0, when_full: WhenFull::Reject };
const LIFETIME: Lifetime = Lifetime::new(Duration::from_secs(1_800), Duration::from_secs(28_800));

/// A prefix that no other test has.
fn fresh() -> (String, RedisBuilder) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let prefix = format!("test-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    (prefix.clone(), RedisStore::builder().prefix(prefix))
}

fn later(millis: u64) -> Timestamp {
    NOW.after(Duration::from_millis(millis))
}

fn session(user: Option<&str>) -> Record {
    let record = Record::new(SessionId::new(user).unwrap(), SecretHash::from_bytes([7; 32]), LIFETIME, NOW);
    user.map_or_else(|| record.clone(), |user| record.clone().with_user(user))
}

fn set(name: &str, value: &str) -> Change {
    let mut change = Change::new();
    change.set(name, value.as_bytes());
    change
}

fn add(name: &str, by: i64) -> Change {
    let mut change = Change::new();
    change.add(name, by).unwrap();
    change
}

/// A session that is kept.
async fn kept(store: &RedisStore, user: Option<&str>) -> Record {
    let record = session(user);
    let created = store.create(record.clone(), NO_LIMIT.into(), NOW).await.unwrap();
    assert_eq!(created, Created::Kept { evicted: vec![] });
    record
}

/// Whether the session answers to reads and writes as it should.
async fn works(store: &RedisStore, record: &Record) -> bool {
    let loaded = store.load(record.id(), NOW).await;
    let changed = store.change(record.id(), add("works", 1), NOW).await;
    matches!((loaded, changed), (Ok(Some(_)), Ok(Changed::Merged(_))))
}

/// Waits for it, as long as a fail-over may take.
async fn eventually<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    for _ in 0..600 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("by now it should be so: {what}");
}
