//! Every sink that keeps entries, in a place of its own.

use countersign::audit::{AnyAudit, MemoryAudit, RedisAudit};

use crate::support::{Backend, Place};

/// What entries can be kept in, but for memory.
pub const PLACES: [Backend; 5] =
    [Backend::Sqlite, Backend::Postgres, Backend::MariaDb, Backend::Redis, Backend::RedisCluster];

/// What every node can open.
pub async fn open(url: &str) -> AnyAudit {
    if url.starts_with("redis") {
        // Longer than any test is.
        return AnyAudit::new(RedisAudit::open(url).await.unwrap().length(1_000_000));
    }
    AnyAudit::open(url).await.unwrap()
}

/// Runs a test on everything that keeps entries.
pub async fn on_every_kept<F: Future<Output = ()>>(test: impl Fn(AnyAudit) -> F) {
    eprintln!("in memory");
    test(AnyAudit::new(MemoryAudit::new(1_000_000))).await;
    for backend in PLACES {
        eprintln!("on {backend:?}");
        let place = Place::new(backend);
        test(open(&place.url()).await).await;
    }
}
