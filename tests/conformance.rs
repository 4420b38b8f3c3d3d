//! Every store of the crate keeps the contract, also behind a seal or a cache. Other combinations, and moves:
//! `conformance_wrapped.rs`.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

#[path = "support/mod.rs"]
mod support;

use std::time::Duration;

use countersign::{KeyRing, SessionId, SessionStore, Timestamp, conformance::checks};
use support::{Backend, KEY, Place, passed};
use tokio::time::sleep;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_keeps_the_contract() {
    keeps_the_contract(Backend::Memory).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sqlite_keeps_the_contract() {
    keeps_the_contract(Backend::Sqlite).await;
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgres_keeps_the_contract() {
    keeps_the_contract(Backend::Postgres).await;
}

#[cfg(feature = "mysql")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn mariadb_keeps_the_contract() {
    keeps_the_contract(Backend::MariaDb).await;
}

#[cfg(feature = "redis")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_keeps_the_contract() {
    keeps_the_contract(Backend::Redis).await;
}

#[cfg(feature = "redis")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_cluster_keeps_the_contract() {
    keeps_the_contract(Backend::RedisCluster).await;
}

#[cfg(feature = "redis")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_by_sentinel_keeps_the_contract() {
    keeps_the_contract(Backend::RedisSentinel).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sealed_sqlite_keeps_the_contract() {
    keeps_the_contract(Backend::SealedSqlite).await;
}

#[cfg(feature = "redis")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sealed_redis_keeps_the_contract() {
    keeps_the_contract(Backend::SealedRedis).await;
}

#[cfg(all(feature = "cache", feature = "postgres"))]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cached_postgres_keeps_the_contract() {
    keeps_the_contract(Backend::CachedPostgres).await;
}

#[cfg(all(feature = "cache", feature = "redis"))]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn cached_redis_keeps_the_contract() {
    keeps_the_contract(Backend::CachedRedis).await;
}

#[cfg(all(feature = "cache", feature = "redis"))]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sealed_cached_cluster_keeps_the_contract() {
    keeps_the_contract(Backend::SealedCachedCluster).await;
}

async fn keeps_the_contract(backend: Backend) {
    let place = Place::new(backend);
    let keys = KeyRing::new(KEY).unwrap();
    let own: &[&str] = if backend.is_sealed() { &["sealing"] } else { &[] };
    let kept = check_but_for(own, async || listening(place.open(&keys).await, backend).await).await;
    passed(backend, &format!("conformance {kept}"));
}

/// A cache begins to listen at the first load: the checks are to meet one that works.
async fn listening<S: SessionStore>(store: S, backend: Backend) -> S {
    if backend.is_cached() {
        store.load(SessionId::from_bytes([0; 18]), Timestamp::from_millis(0)).await.unwrap();
        sleep(Duration::from_millis(20)).await;
    }
    store
}

#[cfg(feature = "cache")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cache_that_remembers_for_an_outage_keeps_the_contract() {
    check_but_for(&[], async || {
        let store = countersign::CachedStore::new(countersign::MemoryStore::new());
        store.remember_for(Duration::from_secs(60));
        listening(store, Backend::CachedRedis).await
    })
    .await;
}

/// All checks but those of what a wrapper uses for itself: the marks of a move, the bytes of a seal.
/// Says how many there were.
async fn check_but_for<S: SessionStore>(own: &[&str], make: impl AsyncFn() -> S) -> usize {
    let is_own = |name: &str| own.iter().any(|own| name.split("::").next() == Some(own));
    let (left_out, all): (Vec<_>, Vec<_>) = checks::<S>().into_iter().partition(|check| is_own(check.name()));
    assert!((own.len()..8).contains(&left_out.len()), "only what the wrapper uses itself");
    let mut broken = Vec::new();
    for check in &all {
        broken.extend(check.run(make().await).await.err().map(|promise| promise.to_string()));
    }
    assert!(broken.is_empty(), "{} of {} promises\n\n{}", broken.len(), all.len(), broken.join("\n\n"));
    all.len()
}
