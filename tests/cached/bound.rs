//! P4 with caches: the bound holds whatever becomes of the announcements.

use std::{sync::Arc, time::Duration};

use countersign::{MemoryStore, SessionStore};
use tokio::time::{Instant, sleep};

use crate::line::{Channel, NOW, kept, node, warm};

/// How long the session is still accepted after `revoke` has returned on another node. It is asked
/// for all the time, so the cache has every reason to be warm.
async fn accepted_for(channel: Channel, frozen_for: Duration) -> Duration {
    let store = Arc::new(MemoryStore::new());
    let (here, control) = node(&store);
    let (there, _) = node(&store);
    let id = kept(&*store).await;
    warm(&here, id).await;
    control.channel(channel);
    let mut asked = Instant::now();
    while asked.elapsed() < frozen_for {
        here.load(id, NOW).await.unwrap();
        sleep(Duration::from_millis(7)).await;
    }
    assert!(there.revoke(id, NOW).await.unwrap());
    asked = Instant::now();
    let mut last = Duration::ZERO;
    while asked.elapsed() < Duration::from_secs(20) {
        if here.load(id, NOW).await.unwrap().is_some() {
            last = asked.elapsed();
        }
        sleep(Duration::from_millis(1)).await;
    }
    last
}

const BOUND: Duration = Duration::from_secs(2);

#[tokio::test(start_paused = true)]
async fn p04_an_announcement_ends_it_within_milliseconds() {
    assert!(accepted_for(Channel::Open, Duration::from_secs(3)).await < Duration::from_millis(5));
}

#[tokio::test(start_paused = true)]
async fn p04_no_node_accepts_it_later_than_the_bound_while_the_channel_is_frozen() {
    for frozen_for in [0, 100, 1_000, 1_900, 1_993, 2_000, 2_500, 10_000] {
        let accepted = accepted_for(Channel::Frozen, Duration::from_millis(frozen_for)).await;
        assert!(accepted <= BOUND, "frozen for {frozen_for} ms: accepted for {accepted:?}");
    }
    assert!(accepted_for(Channel::Frozen, Duration::ZERO).await > Duration::ZERO, "there was something to bound");
}

#[tokio::test(start_paused = true)]
async fn p04_nor_while_announcements_are_lost_or_late() {
    for channel in [
        Channel::Lossy,
        Channel::Late(Duration::from_millis(300)),
        Channel::Late(Duration::from_secs(1)),
        Channel::Late(Duration::from_secs(30)),
        Channel::Cut,
    ] {
        for since in [0, 500, 1_500, 6_000] {
            let accepted = accepted_for(channel, Duration::from_millis(since)).await;
            assert!(accepted <= BOUND, "{channel:?} for {since} ms: accepted for {accepted:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn p04_on_the_node_that_ends_it_it_ends_at_once() {
    let store = Arc::new(MemoryStore::new());
    let (here, control) = node(&store);
    let ids = [kept(&*store).await, kept(&*store).await];
    control.channel(Channel::Lossy);
    for id in ids {
        warm(&here, id).await;
    }
    assert!(here.revoke(ids[0], NOW).await.unwrap());
    assert_eq!(here.load(ids[0], NOW).await.unwrap(), None);
    assert_eq!(here.revoke_user("ada", None, NOW).await.unwrap(), [ids[1]]);
    assert_eq!(here.load(ids[1], NOW).await.unwrap(), None);
}

/// What another node has written is seen within the bound, without a word of it.
#[tokio::test(start_paused = true)]
async fn what_another_node_writes_is_seen_within_the_bound() {
    let store = Arc::new(MemoryStore::new());
    let (here, _) = node(&store);
    let id = kept(&*store).await;
    warm(&here, id).await;
    store.change(id, crate::line::set("a"), NOW).await.unwrap();
    let written = Instant::now();
    while here.load(id, NOW).await.unwrap().unwrap().attributes().is_empty() {
        assert!(written.elapsed() <= BOUND, "{:?}", written.elapsed());
        sleep(Duration::from_millis(1)).await;
    }
}
