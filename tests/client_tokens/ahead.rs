//! Renewal in the background, ahead of time.

use std::time::Duration;

use countersign::client::MemoryStorage;

use crate::{LIFE, MINUTE, eventually, held, manager, scripted::Answer, tokens};

#[tokio::test(start_paused = true)]
async fn tokens_are_renewed_before_anybody_has_to_wait() {
    let (manager, refreshes) = manager(MemoryStorage::new()).await;
    let task = manager.spawn_refresh();
    refreshes.clock.advance(41 * MINUTE);
    tokio::time::sleep(10 * MINUTE).await;
    assert!(refreshes.calls() <= 1, "not before a quarter of the margin");
    refreshes.clock.advance(4 * MINUTE);
    eventually(Some("access-1".to_owned()), || held(&manager)).await;
    assert_eq!(refreshes.calls(), 1);
    task.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_is_noticed_within_a_minute() {
    let (manager, refreshes) = manager(MemoryStorage::new()).await;
    let _task = manager.spawn_refresh();
    tokio::time::sleep(Duration::from_millis(10)).await;
    refreshes.clock.advance(LIFE * 100);
    tokio::time::sleep(MINUTE).await;
    eventually(Some("access-1".to_owned()), || held(&manager)).await;
}

#[tokio::test(start_paused = true)]
async fn a_failing_server_is_left_alone_between_pauses() {
    let (manager, refreshes) = manager(MemoryStorage::new()).await;
    (0..100).for_each(|_| refreshes.answer(Answer::TryAgain(None)));
    let _task = manager.spawn_refresh();
    refreshes.clock.advance(46 * MINUTE);
    // Ten minutes in steps of a second: pauses of up to 8, 16, 32 s, and then a minute.
    for _ in 0..600 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        refreshes.clock.advance(Duration::from_secs(1));
    }
    assert!((9..=24).contains(&refreshes.calls()), "{}", refreshes.calls());
}

#[tokio::test(start_paused = true)]
async fn new_tokens_are_followed_at_once() {
    let (manager, refreshes) = manager(MemoryStorage::new()).await;
    manager.clear().await.unwrap();
    let _task = manager.spawn_refresh();
    tokio::time::sleep(MINUTE).await;
    // They have reached their margin already.
    let old = tokens(0, refreshes.clock.now());
    refreshes.clock.advance(50 * MINUTE);
    manager.set(old).await.unwrap();
    eventually(Some("access-1".to_owned()), || held(&manager)).await;
}

#[tokio::test]
async fn the_task_ends_with_its_manager() {
    let (manager, _) = manager(MemoryStorage::new()).await;
    let task = manager.spawn_refresh();
    drop(manager);
    eventually(true, || task.is_finished()).await;
}

#[tokio::test]
async fn the_task_can_be_stopped_and_need_not_be_kept() {
    let (manager, refreshes) = manager(MemoryStorage::new()).await;
    drop(manager.spawn_refresh());
    let task = manager.spawn_refresh();
    crate::in_time(task.stop()).await;
    refreshes.clock.advance(LIFE);
    manager.set(tokens(100, crate::clock().now())).await.unwrap();
    // The one that nobody holds is still there.
    eventually(Some("access-1".to_owned()), || held(&manager)).await;
}
