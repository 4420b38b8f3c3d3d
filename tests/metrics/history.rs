//! The last hour, minute by minute; and the task that keeps it.

use std::{sync::Arc, time::Duration};

use countersign::{CachedStore, KeyRing, MemoryStore, Sample, Sessions};
use tokio::time::sleep;

use crate::support::{Browser, KEY, app, minutes, seconds};

#[tokio::test(start_paused = true)]
async fn each_minute_has_what_happened_in_it_and_sixty_are_kept() {
    let store = CachedStore::new(MemoryStore::new());
    let sessions = Sessions::builder(KeyRing::new(KEY).unwrap(), store).metrics().build().unwrap();
    let metrics = sessions.metrics().unwrap();
    assert!(metrics.history().is_empty());
    let task = metrics.spawn();
    sleep(seconds(1)).await;
    let mut browser = Browser::new(&app(sessions.clone()));
    browser.post("/login/ada").await;
    for _ in 0..4 {
        browser.get("/me").await;
    }
    Browser::with_token(&app(sessions.clone()), "no token").get("/me").await;
    sleep(minutes(1)).await;
    sessions.log_in("eve").await.unwrap();
    browser.post("/logout").await;
    sleep(minutes(1)).await;
    let history = metrics.history();
    let [first, second] = history[..] else { panic!("{history:?}") };
    assert_eq!((first.created, first.ended, first.refused), (1, 0, 1));
    assert_eq!((second.created, second.ended, second.refused), (1, 1, 0));
    // The first count came with the start, the second with the end of the first minute.
    assert_eq!((first.sessions.is_some(), second.sessions, second.users), (true, Some(1), Some(1)));
    assert!(first.cache_hit_rate.is_some_and(|rate| rate > 0.5), "{first:?}");
    assert!(first.store_p99.is_some() && first.commands >= 2, "{first:?}");
    assert!(second.invalidation_lag.is_some(), "{second:?}");

    sleep(minutes(70)).await;
    let history = metrics.history();
    assert_eq!(history.len(), Sample::MOST);
    assert!(history.iter().all(|sample| sample.created == 0 && sample.cache_hit_rate.is_none()), "{history:?}");
    assert_eq!(serde_json::to_value(&history).unwrap()[59]["created"], 0);
    task.stop().await;
    sleep(minutes(5)).await;
    assert_eq!(metrics.history(), history);
}

#[tokio::test(start_paused = true)]
async fn the_task_ends_with_the_last_handle_of_its_sessions() {
    let store = Arc::new(MemoryStore::new());
    let sessions = Sessions::builder(KeyRing::new(KEY).unwrap(), Arc::clone(&store)).metrics().build().unwrap();
    let metrics = sessions.metrics().unwrap();
    let task = metrics.spawn();
    sleep(minutes(3)).await;
    drop(sessions);
    sleep(seconds(1)).await;
    assert!(!task.is_finished(), "`metrics` is a handle too");
    drop(metrics);
    sleep(Duration::from_millis(10)).await;
    assert!(task.is_finished());
    assert_eq!(Arc::strong_count(&store), 1, "and nothing holds the store any more");
}

#[tokio::test(start_paused = true)]
async fn a_count_that_is_off_is_never_made() {
    let mut config = countersign::Config::production();
    config.monitoring.count_every = None;
    let keys = KeyRing::new(KEY).unwrap();
    let sessions = Sessions::builder(keys, MemoryStore::new()).config(config).metrics().build().unwrap();
    let metrics = sessions.metrics().unwrap();
    let task = metrics.spawn();
    sleep(minutes(10) + seconds(1)).await;
    assert_eq!((metrics.glance().live, metrics.glance().store["scan"].count), (None, 0));
    assert_eq!(metrics.history().len(), 10);
    assert!(metrics.snapshot().await.unwrap().live.is_some(), "but on demand");
    task.stop().await;
}
