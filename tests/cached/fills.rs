//! What is remembered, and what must not be: answers that were overtaken on their way.

use std::{sync::Arc, time::Duration};

use countersign::{MemoryStore, SessionStore, store::Changed};
use tokio::{
    spawn,
    time::{sleep, timeout},
};

use crate::line::{NOW, kept, node, set, until, warm};

#[tokio::test(start_paused = true)]
async fn a_warm_session_is_at_hand_and_nobody_is_asked() {
    let store = Arc::new(MemoryStore::new());
    let (cache, control) = node(&store);
    let id = kept(&*store).await;
    assert_eq!(cache.load_now(id, NOW), None, "not known yet");
    warm(&cache, id).await;
    control.take_loads();
    for _ in 0..100 {
        assert_eq!(cache.load(id, NOW).await.unwrap().unwrap().id(), id);
    }
    assert_eq!(control.take_loads(), 0);
    cache.load_fresh(id, NOW).await.unwrap().unwrap();
    assert_eq!(control.take_loads(), 1, "past the cache");
}

#[tokio::test(start_paused = true)]
async fn that_a_session_is_unknown_is_not_remembered() {
    let store = Arc::new(MemoryStore::new());
    let (cache, control) = node(&store);
    let known = kept(&*store).await;
    warm(&cache, known).await;
    control.take_loads();
    let unknown = countersign::SessionId::from_bytes([7; 18]);
    for _ in 0..3 {
        assert_eq!(cache.load(unknown, NOW).await.unwrap(), None);
    }
    assert_eq!(control.take_loads(), 3);
}

/// How a session ends while a load of it is on its way.
#[derive(Clone, Copy, Debug)]
enum End {
    Elsewhere,
    Here,
    HereByUser,
    HereByAnAnswerThatSaysSo,
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_overtaken_by_an_end_revives_nothing() {
    for end in [End::Elsewhere, End::Here, End::HereByUser, End::HereByAnAnswerThatSaysSo] {
        let store = Arc::new(MemoryStore::new());
        let (cache, control) = node(&store);
        let (cache, id) = (Arc::new(cache), kept(&*store).await);
        // The listener listens, but nothing is known of this session.
        let other = kept(&*store).await;
        warm(&cache, other).await;

        control.hold(true);
        let loading = Arc::clone(&cache);
        let late = spawn(async move { loading.load(id, NOW).await.unwrap() });
        until("the answer is on its way", || control.held() == 1).await;
        control.hold(false);
        match end {
            End::Elsewhere => {
                store.revoke(id, NOW).await.unwrap();
                sleep(Duration::from_millis(10)).await;
            }
            End::Here => assert!(cache.revoke(id, NOW).await.unwrap()),
            End::HereByUser => assert_eq!(cache.revoke_user("ada", None, NOW).await.unwrap().len(), 2),
            End::HereByAnAnswerThatSaysSo => {
                // Not announced, so far: the line is late. But a later question was answered first.
                control.channel(crate::line::Channel::Lossy);
                store.revoke(id, NOW).await.unwrap();
                assert_eq!(cache.load(id, NOW).await.unwrap(), None);
            }
        }
        control.release(0);
        assert!(late.await.unwrap().is_some(), "it was alive when it was asked for");
        assert_eq!(cache.load_now(id, NOW), None, "{end:?}");
        assert_eq!(cache.load(id, NOW).await.unwrap(), None, "{end:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_overtaken_by_a_change_does_not_hide_it() {
    for change_first in [true, false] {
        let store = Arc::new(MemoryStore::new());
        let (cache, control) = node(&store);
        let (cache, id) = (Arc::new(cache), kept(&*store).await);
        let other = kept(&*store).await;
        warm(&cache, other).await;

        // Asked for before the change was made, answered before it or after.
        control.hold(true);
        let (loads, changes) = (Arc::clone(&cache), Arc::clone(&cache));
        let load = spawn(async move { loads.load(id, NOW).await.unwrap() });
        until("the load is on its way", || control.held() == 1).await;
        let change = spawn(async move { changes.change(id, set("a"), NOW).await.unwrap() });
        until("the change is on its way", || control.held() == 2).await;
        control.hold(false);
        let order = if change_first { [1, 0] } else { [0, 1] };
        for number in order {
            control.release(number);
            sleep(Duration::from_millis(1)).await;
        }
        assert!(load.await.unwrap().unwrap().attributes().is_empty());
        let Changed::Merged(merged) = change.await.unwrap() else { panic!("it lives") };
        assert_eq!(cache.load_now(id, NOW), Some(Some(merged)), "a node sees its own writes at once");
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_changes_at_once_neither_hides_the_other() {
    for order in [[0, 1], [1, 0]] {
        let store = Arc::new(MemoryStore::new());
        let (cache, control) = node(&store);
        let (cache, id) = (Arc::new(cache), kept(&*store).await);
        warm(&cache, id).await;
        control.hold(true);
        let mut changes = Vec::new();
        for (number, name) in ["a", "b"].into_iter().enumerate() {
            let cache = Arc::clone(&cache);
            changes.push(spawn(async move { cache.change(id, set(name), NOW).await.unwrap() }));
            until("the change is on its way", || control.held() == number + 1).await;
        }
        control.hold(false);
        for number in order {
            control.release(number);
            sleep(Duration::from_millis(1)).await;
        }
        for change in changes {
            change.await.unwrap();
        }
        let seen = cache.load(id, NOW).await.unwrap().unwrap();
        assert_eq!(seen.attributes().len(), 2, "{order:?}");
        assert_eq!(cache.load_now(id, NOW), Some(Some(seen)), "and from now on it is at hand again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_change_that_was_overtaken_by_an_end_revives_nothing() {
    let store = Arc::new(MemoryStore::new());
    let (cache, control) = node(&store);
    let (cache, id) = (Arc::new(cache), kept(&*store).await);
    cache.remember_for(Duration::from_secs(60));
    warm(&cache, id).await;
    control.hold(true);
    let changing = Arc::clone(&cache);
    let change = spawn(async move { changing.change(id, set("a"), NOW).await.unwrap() });
    until("the change is on its way", || control.held() == 1).await;
    control.hold(false);
    store.revoke(id, NOW).await.unwrap();
    sleep(Duration::from_millis(10)).await;
    control.release(0);
    assert!(matches!(change.await.unwrap(), Changed::Merged(_)), "it was made before the end");
    assert_eq!(cache.load_now(id, NOW), None);
    assert_eq!(cache.remembered(id, Duration::from_secs(60), NOW), None);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_waits_for_is_doubted() {
    let store = Arc::new(MemoryStore::new());
    let (cache, control) = node(&store);
    let id = kept(&*store).await;

    warm(&cache, id).await;
    control.hold(true);
    assert!(timeout(Duration::from_millis(10), cache.change(id, set("a"), NOW)).await.is_err(), "dropped");
    control.hold(false);
    assert_eq!(cache.load_now(id, NOW), None, "the change may have been made");

    warm(&cache, id).await;
    control.fail(true);
    cache.change(id, set("b"), NOW).await.unwrap_err();
    control.fail(false);
    assert_eq!(cache.load_now(id, NOW), None, "the change may have been made");

    warm(&cache, id).await;
    let mut outdated = set("c");
    outdated.expect(0);
    assert!(matches!(cache.change(id, outdated, NOW).await.unwrap(), Changed::Refused(_)));
    assert_eq!(cache.load_now(id, NOW), None, "what it rests on may be remembered wrongly");

    warm(&cache, id).await;
    control.channel(crate::line::Channel::Lossy);
    control.hold(true);
    assert!(timeout(Duration::from_millis(10), cache.revoke(id, NOW)).await.is_err(), "dropped");
    control.hold(false);
    assert_eq!(cache.load_now(id, NOW), None, "it may have ended");
}
