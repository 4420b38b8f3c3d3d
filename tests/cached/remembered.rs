//! What is kept for outages, and for whom.

use std::{sync::Arc, time::Duration};

use countersign::{MemoryStore, SessionStore, Timestamp};
use tokio::time::sleep;

use crate::line::{Channel, NOW, kept, node, set, warm};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn nothing_is_kept_unless_somebody_means_to_ask() {
    let store = Arc::new(MemoryStore::new());
    let (cache, _control) = node(&store);
    let id = kept(&*store).await;
    warm(&cache, id).await;
    assert_eq!(cache.remembered(id, MINUTE, NOW), None);
    cache.remember_for(Duration::from_secs(10));
    sleep(Duration::from_secs(3)).await;
    assert!(cache.remembered(id, MINUTE, NOW).is_some(), "what is there counts");
    sleep(Duration::from_millis(7_001)).await;
    assert_eq!(cache.remembered(id, MINUTE, NOW), None, "for no longer than anybody has asked for");
}

#[tokio::test(start_paused = true)]
async fn it_is_as_old_as_allowed_by_either_clock_and_never_expired() {
    let store = Arc::new(MemoryStore::new());
    let (cache, _control) = node(&store);
    cache.remember_for(60 * MINUTE);
    let id = kept(&*store).await;
    warm(&cache, id).await;
    sleep(MINUTE / 2).await;
    let known = |age, now: Timestamp| cache.remembered(id, age, now).is_some();
    assert!(known(MINUTE, NOW) && !known(MINUTE / 4, NOW));
    assert!(known(MINUTE, NOW.after(MINUTE)) && !known(MINUTE, NOW.after(MINUTE + Duration::from_millis(1))));
    assert!(known(60 * MINUTE, NOW.after(29 * MINUTE)));
    assert!(!known(60 * MINUTE, NOW.after(30 * MINUTE)), "idle for half an hour: expired");
}

#[tokio::test(start_paused = true)]
async fn it_outlives_the_loss_of_the_channel() {
    for channel in [Channel::Cut, Channel::Frozen] {
        let store = Arc::new(MemoryStore::new());
        let (cache, control) = node(&store);
        cache.remember_for(MINUTE);
        let id = kept(&*store).await;
        warm(&cache, id).await;
        control.channel(channel);
        sleep(Duration::from_secs(10)).await;
        assert_eq!(cache.load_now(id, NOW), None);
        assert!(cache.remembered(id, MINUTE, NOW).is_some());

        cache.load(id, NOW).await.unwrap();
        assert!(cache.remembered(id, Duration::from_secs(1), NOW).is_some(), "and learns from what is asked meanwhile");
        assert_eq!(cache.load_now(id, NOW), None, "which is still not fresh");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_heard_to_have_ended_is_not_kept() {
    let store = Arc::new(MemoryStore::new());
    let (cache, control) = node(&store);
    cache.remember_for(MINUTE);
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(kept(&*store).await);
    }
    let known = |number: usize| cache.remembered(ids[number], MINUTE, NOW).is_some();
    for id in &ids {
        warm(&cache, *id).await;
    }
    store.revoke(ids[0], NOW).await.unwrap();
    sleep(Duration::from_millis(5)).await;
    assert!(!known(0) && known(1), "announced");

    control.fail(true);
    cache.revoke(ids[1], NOW).await.unwrap_err();
    assert!(!known(1), "whoever wanted it ended has perhaps succeeded");
    cache.change(ids[2], set("a"), NOW).await.unwrap_err();
    assert!(known(2), "a change that fails ends nothing");
    control.fail(false);

    control.channel(Channel::Lossy);
    store.revoke(ids[3], NOW).await.unwrap();
    sleep(Duration::from_secs(3)).await;
    assert!(known(3), "nobody has said so");
    assert_eq!(cache.load(ids[3], NOW).await.unwrap(), None);
    assert!(!known(3), "the store has");
}

#[tokio::test(start_paused = true)]
async fn a_cache_without_staleness_remembers_for_outages_only() {
    let store = Arc::new(MemoryStore::new());
    let (cache, _control) = node(&store);
    let cache = cache.staleness(Duration::ZERO);
    cache.remember_for(MINUTE);
    let id = kept(&*store).await;
    cache.load(id, NOW).await.unwrap();
    sleep(Duration::from_secs(3)).await;
    assert_eq!(cache.load_now(id, NOW), None);
    assert!(cache.remembered(id, MINUTE, NOW).is_some());
    store.revoke(id, NOW).await.unwrap();
    sleep(Duration::from_millis(5)).await;
    assert_eq!(cache.remembered(id, MINUTE, NOW), None);
}
