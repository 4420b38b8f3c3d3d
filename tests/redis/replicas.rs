//! Waiting for replicas.

use std::{error::Error, time::Duration};

use countersign::{
    RedisStore, SessionStore,
    store::{Changed, Created},
};

use crate::{
    NO_LIMIT, NOW, add, fresh, session,
    support::servers::{
        self,
        redis::{Sentinel, Standalone},
    },
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_that_enough_replicas_have_succeeds() {
    for replicas in [1, 2] {
        let (_, builder) = fresh();
        let builder = builder.wait_for_replicas(replicas, Duration::from_secs(1));
        let store = builder.sentinel(servers::sentinel().urls(), Sentinel::SERVICE).await.unwrap();
        all_verbs(&store).await;
    }
    let (_, builder) = fresh();
    let builder = builder.wait_for_replicas(1, Duration::from_secs(1));
    all_verbs(&builder.cluster(servers::cluster().urls()).await.unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_write_that_too_few_have_fails_and_has_been_done() {
    let server = Standalone::start();
    let (_, builder) = fresh();
    let plain = builder.clone().open(&server.url()).await.unwrap();
    let store = builder.wait_for_replicas(1, Duration::from_millis(50)).open(&server.url()).await.unwrap();
    let record = session(Some("ada"));
    let error = store.create(record.clone(), NO_LIMIT.into(), NOW).await.unwrap_err();
    assert!(error.source().unwrap().to_string().contains("0 of 1 replicas"), "{error:?}");
    assert_eq!(plain.load(record.id(), NOW).await.unwrap().as_deref(), Some(&record), "as the documentation says");
    assert_eq!(store.load(record.id(), NOW).await.unwrap().as_deref(), Some(&record), "a read waits for nobody");
    assert!(store.change(record.id(), add("n", 1), NOW).await.is_err());
    assert_eq!(plain.load(record.id(), NOW).await.unwrap().unwrap().revision(), 1, "once");
    assert!(store.revoke(record.id(), NOW).await.is_err());
    assert!(store.revoke(record.id(), NOW).await.is_err(), "whoever asks again is not told that it is safe");
    assert!(store.revoke_user("ada", None, NOW).await.is_err());
}

async fn all_verbs(store: &RedisStore) {
    let record = session(Some("ada"));
    let created = store.create(record.clone(), NO_LIMIT.into(), NOW).await.unwrap();
    assert_eq!(created, Created::Kept { evicted: vec![] });
    let counted = (0..20).map(|_| store.change(record.id(), add("n", 1), NOW));
    for change in counted {
        assert!(matches!(change.await.unwrap(), Changed::Merged(_)));
    }
    assert!(store.revoke(record.id(), NOW).await.unwrap());
    assert_eq!(store.revoke_user("ada", None, NOW).await.unwrap(), []);
}
