//! Stores that fail or hang: what the figures say then, and that nothing waits for them.

use std::{sync::Arc, time::Duration};

use countersign::{CachedStore, KeyRing, MemoryStore, Moving, Reason, Sealed, Sessions};
use tokio::time::{Instant, sleep};

use crate::support::{Calls, KEY, Probe, minutes, seconds};

fn measured(calls: &Arc<Calls>) -> Sessions {
    let store = Probe::new(MemoryStore::new(), Arc::clone(calls));
    Sessions::builder(KeyRing::new(KEY).unwrap(), store).metrics().build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_does_not_look_fast() {
    let calls = Arc::new(Calls::default());
    let sessions = measured(&calls);
    let issued = sessions.log_in("ada").await.unwrap();
    calls.hang(true);
    assert!(sessions.revoke(issued.session_id(), Reason::ByOperator).await.is_err());
    let snapshot = sessions.metrics().unwrap().glance();
    let took = snapshot.store["revoke"];
    assert_eq!(took.count, 1);
    assert!((1.0..1.1).contains(&took.max), "{took:?}: the deadline is one second");
    assert_eq!(snapshot.store_failures["timeout"], 1);
    assert_eq!(snapshot.ended["by_operator"], 0, "nobody knows");
}

#[tokio::test(start_paused = true)]
async fn a_count_that_fails_is_an_error_and_the_task_goes_on() {
    let calls = Arc::new(Calls::default());
    let sessions = measured(&calls);
    let metrics = sessions.metrics().unwrap();
    sessions.log_in("ada").await.unwrap();
    calls.break_store(true);
    assert!(metrics.snapshot().await.is_err());
    let task = metrics.spawn();
    sleep(minutes(3)).await;
    assert_eq!(metrics.glance().live, None);
    // A count and a sample fall into one moment: in which minute the failure is, is open.
    assert!(metrics.history().iter().any(|sample| sample.store_failures > 0));
    calls.break_store(false);
    sleep(minutes(2)).await;
    assert_eq!(metrics.glance().live.map(|live| live.sessions), Some(1));
    task.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_a_cache_answers_is_a_hit_and_no_command() {
    let store = CachedStore::new(MemoryStore::new()).staleness(seconds(60));
    let sessions = Sessions::builder(KeyRing::new(KEY).unwrap(), store).metrics().build().unwrap();
    let metrics = sessions.metrics().unwrap();
    let issued = sessions.log_in("ada").await.unwrap();
    // The first load starts the listening; from the second on it is remembered.
    for _ in 0..2 {
        sessions.authenticate(issued.token()).await.unwrap();
        sleep(Duration::from_millis(10)).await;
    }
    let before = metrics.glance();
    for _ in 0..100 {
        sessions.authenticate(issued.token()).await.unwrap();
    }
    let after = metrics.glance();
    let (before_it, cache) = (before.cache.unwrap(), after.cache.unwrap());
    assert_eq!((cache.hits - before_it.hits, cache.misses - before_it.misses), (100, 0));
    assert_eq!(after.store["load"].count, before.store["load"].count);
    let rate = cache.hits as f64 / (cache.hits + cache.misses) as f64;
    assert!(after.cache_hit_rate.is_some_and(|told| (told - rate).abs() < 1e-12));
}

#[tokio::test(start_paused = true)]
async fn what_stands_before_a_cache_passes_on_what_it_says() {
    let cached = || CachedStore::new(MemoryStore::new()).staleness(seconds(60));
    let store = Arc::new(Moving::new(cached(), cached()));
    let keys = KeyRing::new(KEY).unwrap();
    // To ask twice for it changes nothing.
    let sessions = Sessions::builder(keys.clone(), Sealed::new(store, &keys)).metrics().metrics().build().unwrap();
    let metrics = sessions.metrics().unwrap();
    assert_eq!(metrics.glance().cache_hit_rate, None, "there was no load");
    let issued = sessions.log_in("ada").await.unwrap();
    assert_eq!(metrics.glance().store["create"].count, 1);
    for _ in 0..4 {
        sessions.authenticate(issued.token()).await.unwrap();
        sleep(Duration::from_millis(10)).await;
    }
    let cache = metrics.glance().cache.unwrap();
    assert!(cache.hits > 0 && cache.misses > 0, "{cache:?}");
}

/// A ratio inside one run. A read of what the store has at hand is no command: it is passed through, and nothing is timed.
#[tokio::test]
async fn a_request_is_not_made_twice_as_dear_by_being_measured() {
    let keys = KeyRing::new(KEY).unwrap();
    let plain = Sessions::new(keys.clone(), MemoryStore::new());
    let measured = Sessions::builder(keys, MemoryStore::new()).metrics().build().unwrap();
    let mut best = [Duration::MAX; 2];
    for _ in 0..30 {
        for (sessions, best) in [&plain, &measured].into_iter().zip(&mut best) {
            let issued = sessions.log_in("ada").await.unwrap();
            let begun = Instant::now();
            for _ in 0..200 {
                sessions.authenticate(issued.token()).await.unwrap();
            }
            *best = begun.elapsed().min(*best);
        }
    }
    eprintln!("200 authentications: plain {:?}, measured {:?}", best[0], best[1]);
    assert!(best[1] < best[0] * 2, "{best:?}");
}
