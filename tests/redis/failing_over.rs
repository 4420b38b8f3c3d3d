//! A master dies, and another takes its place.

use std::time::Duration;

use countersign::{SessionStore, store::Invalidation};

use crate::{
    NOW, eventually, fresh, kept,
    support::servers::redis::{Cluster, Sentinel},
    works,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cluster_that_loses_a_master_goes_on() {
    let cluster = Cluster::start();
    let (prefix, builder) = fresh();
    // Each write is on a replica before it counts: then none is lost with the master.
    let store = builder.wait_for_replicas(1, Duration::from_secs(2)).cluster(cluster.urls()).await.unwrap();
    let mut all = Vec::new();
    for user in 0..24 {
        all.push(kept(&store, Some(&format!("user {user}"))).await);
    }
    let mut listening = store.invalidations(Duration::from_millis(100)).await.unwrap();
    assert_eq!(listening.next().await, Some(Invalidation::Heartbeat));

    let key = format!("{prefix}:{{{:04x}}}:s:{}", all[0].id().shard_tag(), all[0].id());
    let dead = cluster.master(&key).unwrap();
    dead.server().kill_9();
    for record in &all {
        eventually("the session is read and written again", || async {
            // The new master has no replica yet, so writes are not to be had; reads are.
            store.load(record.id(), NOW).await.is_ok_and(|found| found.is_some())
        })
        .await;
    }
    eventually("one can listen again", || async {
        let Ok(mut heard) = store.invalidations(Duration::from_millis(100)).await else { return false };
        let first = tokio::time::timeout(Duration::from_secs(1), heard.next()).await;
        matches!(first, Ok(Some(Invalidation::Heartbeat)))
    })
    .await;
    dead.server().restart();
    eventually("all can be written again", || async {
        for record in &all {
            if !works(&store, record).await {
                return false;
            }
        }
        true
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_master_that_sentinels_name_is_found_again() {
    let sentinel = Sentinel::start();
    let (_, builder) = fresh();
    let store = builder
        .wait_for_replicas(1, Duration::from_secs(2))
        .sentinel(sentinel.urls(), Sentinel::SERVICE)
        .await
        .unwrap();
    let record = kept(&store, Some("ada")).await;
    let old = sentinel.master().unwrap();
    old.server().kill_9();
    eventually("the session is read and written by way of the new master", || works(&store, &record)).await;
    let mut heard = store.invalidations(Duration::from_millis(100)).await.unwrap();
    assert_eq!(heard.next().await, Some(Invalidation::Heartbeat));
    store.revoke(record.id(), NOW).await.unwrap();
    while heard.next().await.unwrap() != Invalidation::Ended(record.id()) {}
}

/// The old master lives on as a replica: it answers, and must not be believed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_master_that_was_demoted_is_left() {
    let sentinel = Sentinel::start();
    let (_, builder) = fresh();
    let store = builder.sentinel(sentinel.urls(), Sentinel::SERVICE).await.unwrap();
    let record = kept(&store, Some("ada")).await;
    let old = sentinel.master().unwrap();
    sentinel.sentinels()[0].say(&["SENTINEL", "FAILOVER", Sentinel::SERVICE]).unwrap();
    eventually("another is master", || async { sentinel.master().is_some_and(|node| node.port() != old.port()) }).await;
    eventually("the session is written by way of the new master", || works(&store, &record)).await;
    store.revoke(record.id(), NOW).await.unwrap();
    assert_eq!(store.load(record.id(), NOW).await.unwrap(), None);
}
