//! The cache works only while it would hear of ends.

use std::{sync::Arc, time::Duration};

use countersign::{CachedStore, MemoryStore, SessionStore, Timestamp};
use tokio::time::sleep;

use crate::line::{Channel, NOW, kept, node, until, warm};

#[tokio::test(start_paused = true)]
async fn nothing_is_remembered_without_announcements() {
    let store = Arc::new(MemoryStore::new());
    let (cache, control) = node(&store);
    control.channel(Channel::Cut);
    let id = kept(&*store).await;
    for _ in 0..50 {
        assert!(cache.load(id, NOW).await.unwrap().is_some());
        assert_eq!(cache.load_now(id, NOW), None);
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(control.take_loads(), 50);
    control.channel(Channel::Open);
    warm(&cache, id).await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_empties_the_cache() {
    let store = Arc::new(MemoryStore::new());
    let (cache, control) = node(&store);
    let id = kept(&*store).await;
    warm(&cache, id).await;
    control.channel(Channel::Cut);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(cache.load_now(id, NOW), None);
    control.channel(Channel::Open);
    until("it listens again", || control.listeners() == 1).await;
    assert_eq!(cache.load_now(id, NOW), None, "what was known before is not fresh any more");
    warm(&cache, id).await;
}

#[tokio::test(start_paused = true)]
async fn silence_is_as_bad_as_an_end() {
    let store = Arc::new(MemoryStore::new());
    let (cache, control) = node(&store);
    let id = kept(&*store).await;
    warm(&cache, id).await;
    control.channel(Channel::Frozen);
    // Asked for again and again, so that its own age is no reason.
    for _ in 0..25 {
        cache.load_fresh(id, NOW).await.unwrap().unwrap();
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(cache.load_now(id, NOW), None, "nothing was heard for more than two seconds");
    control.channel(Channel::Open);
    warm(&cache, id).await;
}

#[tokio::test(start_paused = true)]
async fn a_quiet_store_is_not_a_silent_one() {
    let store = Arc::new(MemoryStore::new());
    let (cache, control) = node(&store);
    let id = kept(&*store).await;
    warm(&cache, id).await;
    control.take_loads();
    for _ in 0..600 {
        cache.load(id, NOW).await.unwrap().unwrap();
        sleep(Duration::from_millis(100)).await;
    }
    let loads = control.take_loads();
    assert!((27..=31).contains(&loads), "a minute is 30 times two seconds: {loads} loads");
    assert_eq!(control.listeners(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_listener_ends_with_the_store_and_does_not_keep_it() {
    let store = Arc::new(MemoryStore::new());
    let (cache, control) = node(&store);
    let id = kept(&*store).await;
    assert_eq!(control.listeners(), 0, "nobody has asked for anything yet");
    warm(&cache, id).await;
    assert_eq!(control.listeners(), 1);
    assert_eq!(Arc::strong_count(&store), 2);
    drop(cache);
    until("nobody listens any more", || control.listeners() == 0).await;
    assert_eq!(Arc::strong_count(&store), 1);
}

#[test]
fn a_cache_works_outside_a_runtime_and_after_one() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let store = Arc::new(MemoryStore::new());
    let (cache, _control) = node(&store);
    let id = runtime().block_on(kept(&*store));
    let mut asked = Box::pin(cache.load(id, NOW));
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(asked.as_mut().poll(&mut context).is_ready(), "without a runtime nobody listens, and all works");
    drop(asked);
    for _ in 0..2 {
        // The first one's task is gone with it.
        runtime().block_on(warm(&cache, id));
    }
}

#[tokio::test(start_paused = true)]
async fn an_entry_is_old_by_whichever_clock_says_so() {
    let store = Arc::new(MemoryStore::new());
    let (cache, _control) = node(&store);
    let id = kept(&*store).await;
    warm(&cache, id).await;
    let after = |millis| NOW.after(Duration::from_millis(millis));
    assert!(cache.load_now(id, after(2_000)).is_some());
    assert_eq!(cache.load_now(id, after(2_001)), None, "the machine was asleep, and its stopwatch with it");
    assert!(cache.load_now(id, Timestamp::from_millis(0)).is_some(), "a clock that was put back makes nothing older");
}

#[tokio::test(start_paused = true)]
async fn its_own_settings() {
    let over = || CachedStore::new(Arc::new(MemoryStore::new()));
    let set_to = |millis| SessionStore::staleness(&over().staleness(Duration::from_millis(millis)));
    assert_eq!(SessionStore::staleness(&over()), Some(Duration::from_secs(2)));
    assert_eq!(set_to(300), Some(Duration::from_millis(300)));
    assert_eq!(set_to(100), Some(Duration::from_millis(100)));
    assert_eq!(set_to(99), None, "too short to be of use");
    assert_eq!(set_to(u64::MAX), Some(Duration::from_millis(u64::MAX)));
    let twice = CachedStore::new(over());
    assert_eq!(SessionStore::staleness(&twice), Some(Duration::from_secs(4)), "both may be late");

    let none = over().staleness(Duration::ZERO);
    let id = kept(none.inner()).await;
    for _ in 0..20 {
        assert!(none.load(id, NOW).await.unwrap().is_some());
        assert_eq!(none.load_now(id, NOW), None);
        sleep(Duration::from_millis(5)).await;
    }

    let small = over().capacity(10);
    let mut ids = Vec::new();
    for _ in 0..200 {
        let id = kept(small.inner()).await;
        small.load(id, NOW).await.unwrap();
        sleep(Duration::from_millis(1)).await;
        ids.push(id);
    }
    // It is tidied up by and by, as it is used.
    let known = |ids: &[_]| ids.iter().filter(|id| small.load_now(**id, NOW).is_some()).count();
    let first = known(&ids);
    std::thread::sleep(Duration::from_millis(400));
    known(&ids);
    assert!((1..=10).contains(&known(&ids)), "{first} at first, {} in the end", known(&ids));
}
