//! Every store of the crate keeps the contract.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

#[cfg(feature = "redis")]
mod support;

use countersign::{MemoryStore, conformance};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_keeps_the_contract() {
    conformance::check(|| async { MemoryStore::new() }).await;
}

#[cfg(feature = "cache")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cache_keeps_the_contract() {
    use countersign::{CachedStore, SessionStore};

    conformance::check(|| async {
        let store = CachedStore::new(MemoryStore::new());
        store.remember_for(std::time::Duration::from_secs(60));
        // The first load starts the task that listens: the checks are to meet a cache that works.
        let nobody = countersign::SessionId::from_bytes([0; 18]);
        store.load(nobody, countersign::Timestamp::from_millis(0)).await.unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        store
    })
    .await;
}

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sqlite_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    conformance::check(|| async { countersign::SqliteStore::open(folder.path().join("sessions.db")).await.unwrap() })
        .await;
}

#[cfg(feature = "redis")]
mod redis {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use countersign::{RedisStore, conformance};

    use crate::support::servers;

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn redis_keeps_the_contract() {
        conformance::check(|| async { fresh().open(&servers::redis().url()).await.unwrap() }).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn redis_cluster_keeps_the_contract() {
        conformance::check(|| async { fresh().cluster(servers::cluster().urls()).await.unwrap() }).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn redis_behind_sentinels_keeps_the_contract() {
        let sentinels = servers::sentinel();
        let name = servers::redis::Sentinel::SERVICE;
        conformance::check(|| async { fresh().sentinel(sentinels.urls(), name).await.unwrap() }).await;
    }

    /// Keys of its own for each check.
    fn fresh() -> countersign::store::redis::RedisBuilder {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        RedisStore::builder().prefix(format!("conformance-{}-{number}", std::process::id()))
    }
}
