//! Every store of the crate keeps the contract.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

use countersign::{MemoryStore, conformance};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_keeps_the_contract() {
    conformance::check(|| async { MemoryStore::new() }).await;
}

#[cfg(feature = "cache")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cache_keeps_the_contract() {
    use countersign::CachedStore;

    conformance::check(|| async { listening(CachedStore::new(MemoryStore::new())).await }).await;
}

#[cfg(all(feature = "cache", feature = "sqlite"))]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cache_over_sqlite_keeps_the_contract() {
    use countersign::{CachedStore, SqliteStore};

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions.db");
    conformance::check(|| async { listening(CachedStore::new(SqliteStore::open(&path).await.unwrap())).await }).await;
}

/// The first load starts the task that listens: the checks are to meet a cache that works.
#[cfg(feature = "cache")]
async fn listening<S: countersign::SessionStore>(store: S) -> S {
    store.remember_for(std::time::Duration::from_secs(60));
    let nobody = countersign::SessionId::from_bytes([0; 18]);
    store.load(nobody, countersign::Timestamp::from_millis(0)).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    store
}

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sqlite_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    conformance::check(|| async { countersign::SqliteStore::open(folder.path().join("sessions.db")).await.unwrap() })
        .await;
}
