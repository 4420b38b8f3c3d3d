//! Every store of the crate keeps the contract, also behind a seal or a cache.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

#[path = "support/mod.rs"]
mod support;

use countersign::{KeyRing, conformance, store::AnyStore};
use support::{Backend, KEY, Place, passed};

macro_rules! keep_the_contract {
    ($($test:ident: $backend:ident),+ $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $test() {
                keeps_the_contract(Backend::$backend).await;
            }
        )+

        /// No store is forgotten.
        #[test]
        fn every_store_is_put_to_the_suite() {
            assert_eq!([$(Backend::$backend),+], Backend::ALL);
        }
    };
}

keep_the_contract!(
    memory_keeps_the_contract: Memory,
    sqlite_keeps_the_contract: Sqlite,
    postgres_keeps_the_contract: Postgres,
    mariadb_keeps_the_contract: MariaDb,
    redis_keeps_the_contract: Redis,
    redis_cluster_keeps_the_contract: RedisCluster,
    redis_by_sentinel_keeps_the_contract: RedisSentinel,
    sealed_sqlite_keeps_the_contract: SealedSqlite,
    sealed_redis_keeps_the_contract: SealedRedis,
    cached_postgres_keeps_the_contract: CachedPostgres,
    cached_redis_keeps_the_contract: CachedRedis,
    sealed_cached_cluster_keeps_the_contract: SealedCachedCluster,
);

async fn keeps_the_contract(backend: Backend) {
    let place = Place::new(backend);
    let keys = KeyRing::new(KEY).unwrap();
    conformance::check(|| place.open(&keys)).await;
    passed(backend, &format!("conformance {}", conformance::checks::<AnyStore>().len()));
}
