//! Whoever does not wait any more leaves nothing behind; and to wait again and again costs nothing.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use countersign::{Clock, EndReason, KeyRing, MemoryStore, Reason, Sessions};
use tokio::time::{sleep, timeout};

use crate::{
    client::{A_WHILE, Node, PATIENCE, eventually},
    support::{Backend, KEY, World, on_every_store},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_gone_is_forgotten() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let node = Node::start(world.sessions.clone()).await;
        let (ada, grace) = (world.sessions.log_in("ada").await.unwrap(), world.sessions.log_in("grace").await.unwrap());
        assert_eq!(world.sessions.watched(), 0);
        let mut sockets = Vec::new();
        for _ in 0..3 {
            let mut socket = node.socket(&ada.token().reveal()).await;
            assert!(socket.say("hello").await.is_some());
            sockets.push(socket);
        }
        let events = node.events(&grace.token().reveal()).await;
        assert_eq!(world.sessions.watched(), 2, "{backend:?}: one entry a session, however many wait");
        sockets.truncate(1);
        sleep(Duration::from_millis(100)).await;
        assert_eq!(world.sessions.watched(), 2, "{backend:?}: one is left");
        drop((sockets, events));
        eventually("nobody waits", || world.sessions.watched() == 0).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_who_come_and_go_at_once_leave_nothing_and_miss_nothing() {
    let sessions = Sessions::new(KeyRing::new(KEY).unwrap(), MemoryStore::new());
    let mut visitors = tokio::task::JoinSet::new();
    for number in 0..1_000_u64 {
        let sessions = sessions.clone();
        visitors.spawn(async move {
            let id = sessions.log_in(format!("user {}", number % 50)).await.unwrap().session_id();
            for round in 0..10 {
                let wait = timeout(Duration::from_micros(number % 7 * 300 + round), sessions.ended(id));
                if let Ok(end) = wait.await {
                    assert_eq!(end.reason(), EndReason::Revoked, "made room for a newer one");
                    return;
                }
            }
            let last = tokio::spawn(sessions.ended(id));
            sessions.revoke(id, Reason::ByOperator).await.unwrap();
            timeout(PATIENCE, last).await.unwrap().unwrap();
        });
    }
    visitors.join_all().await;
    assert_eq!(sessions.watched(), 0);
}

#[tokio::test]
async fn to_wait_for_each_message_asks_the_store_once() {
    let world = World::new(Backend::Memory).await;
    let node = Node::start(world.sessions.clone()).await;
    let issued = world.sessions.log_in("ada").await.unwrap();
    let mut socket = node.socket(&issued.token().reveal()).await;
    assert!(socket.say("hello").await.is_some());
    sleep(A_WHILE).await;
    world.calls.take();
    for _ in 0..200 {
        assert!(socket.say("hello").await.is_some());
    }
    sleep(A_WHILE).await;
    assert_eq!(world.calls.take(), (0, 0, 0), "nothing, for 200 messages and more than two looks at the times");
}

#[tokio::test]
async fn the_task_does_not_keep_the_sessions_alive() {
    let store = Arc::new(MemoryStore::new());
    let clock = Clock::manual(SystemTime::now());
    let sessions = Sessions::builder(KeyRing::new(KEY).unwrap(), Arc::clone(&store)).clock(clock).build().unwrap();
    let issued = sessions.log_in("ada").await.unwrap();
    let mut ended = sessions.ended(issued.session_id());
    assert!(timeout(Duration::from_millis(50), &mut ended).await.is_err());
    drop(sessions);
    assert!(timeout(Duration::from_millis(50), &mut ended).await.is_err(), "who waits keeps them");
    assert!(Arc::strong_count(&store) > 1);
    drop(ended);
    eventually("the store is let go", || Arc::strong_count(&store) == 1).await;
}

/// A test of an application has a runtime of its own, and the sessions may have been used in another before.
#[test]
fn in_another_runtime_it_is_begun_anew() {
    let sessions = Sessions::new(KeyRing::new(KEY).unwrap(), MemoryStore::new());
    for _ in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let id = sessions.log_in("ada").await.unwrap().session_id();
            let ended = tokio::spawn(sessions.ended(id));
            sleep(Duration::from_millis(50)).await;
            sessions.revoke(id, Reason::ByOperator).await.unwrap();
            timeout(PATIENCE, ended).await.unwrap().unwrap();
        });
    }
}
