//! Stores in front of stores keep the contract as well.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

use countersign::{KeyRing, MemoryStore, Moving, Sealed, SessionStore, conformance};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sealed_store_keeps_the_contract() {
    let keys = KeyRing::generate().unwrap();
    check_but_for(&["sealing"], async || Sealed::new(MemoryStore::new(), &keys)).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sealed_sqlite_keeps_the_contract() {
    let (folder, keys) = (tempfile::tempdir().unwrap(), KeyRing::generate().unwrap());
    check_but_for(&["sealing"], async || {
        let store = countersign::SqliteStore::open(folder.path().join("sessions.db")).await.unwrap();
        Sealed::new(store, &keys)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_stores_between_which_sessions_move_keep_the_contract() {
    check_but_for(&["transit"], async || Moving::new(MemoryStore::new(), MemoryStore::new())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sealed_move_keeps_the_contract() {
    let (keys, own) = (KeyRing::generate().unwrap(), ["sealing", "transit"]);
    check_but_for(&own, async || Moving::new(MemoryStore::new(), Sealed::new(MemoryStore::new(), &keys))).await;
    check_but_for(&own, async || Sealed::new(Moving::new(MemoryStore::new(), MemoryStore::new()), &keys)).await;
}

/// All checks but those of what the wrapper uses for itself: the marks of a move, the bytes of a seal.
async fn check_but_for<S: SessionStore>(own: &[&str], make: impl AsyncFn() -> S) {
    let is_own = |name: &str| own.iter().any(|own| name.split("::").next() == Some(own));
    let (left_out, all): (Vec<_>, Vec<_>) =
        conformance::checks::<S>().into_iter().partition(|check| is_own(check.name()));
    assert!(left_out.len() >= own.len() && left_out.len() < 8, "only what the wrapper uses itself");
    let mut broken = Vec::new();
    for check in all {
        broken.extend(check.run(make().await).await.err().map(|promise| promise.to_string()));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n\n"));
}
