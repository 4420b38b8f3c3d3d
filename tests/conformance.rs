//! Every store of the crate keeps the contract.

use countersign::{MemoryStore, conformance};

#[cfg(any(feature = "postgres", feature = "mysql"))]
#[path = "support/servers/mod.rs"]
mod servers;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_keeps_the_contract() {
    conformance::check(|| async { MemoryStore::new() }).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sqlite_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    conformance::check(|| async { countersign::SqliteStore::open(folder.path().join("sessions.db")).await.unwrap() })
        .await;
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn postgres_keeps_the_contract() {
    let url = servers::postgres().fresh_database();
    conformance::check(|| async { countersign::PostgresStore::open(&url).await.unwrap() }).await;
}

#[cfg(feature = "mysql")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn mariadb_keeps_the_contract() {
    let url = servers::mariadb().fresh_database();
    conformance::check(|| async { countersign::MySqlStore::open(&url).await.unwrap() }).await;
}
