//! Every store of the crate keeps the contract.

use countersign::{KeyRing, MemoryStore, Sealed, conformance};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sealed_memory_keeps_the_contract() {
    let keys = KeyRing::generate().unwrap();
    conformance::check(|| async { Sealed::new(MemoryStore::new(), &keys) }).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sealed_sqlite_keeps_the_contract() {
    let (folder, keys) = (tempfile::tempdir().unwrap(), KeyRing::generate().unwrap());
    conformance::check(|| async {
        let store = countersign::SqliteStore::open(folder.path().join("sessions.db")).await.unwrap();
        Sealed::new(store, &keys)
    })
    .await;
}
