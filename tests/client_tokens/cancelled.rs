//! Callers that give up: at each poll, and with nothing half done.

use std::{
    future::Future,
    pin::pin,
    sync::{Mutex, mpsc},
    task::{Context, Waker},
};

use countersign::client::{MemoryStorage, TokenManager};

use crate::{
    LIFE, eventually, held, in_time, manager,
    scripted::{Refreshes, Scripted},
    stored, tokens,
};

/// Polls at most so often, giving other tasks a turn in between, and drops it then. Whether it was ready.
async fn poll_and_drop(future: impl Future, polls: usize) -> bool {
    let mut future = pin!(future);
    for _ in 0..polls {
        if future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return true;
        }
        tokio::task::yield_now().await;
    }
    false
}

/// Drops it after each number of polls until it is ready, with a scene of its own each time.
async fn at_each_poll<F: Future>(
    verb: impl Fn(TokenManager) -> F,
    afterwards: impl AsyncFn(usize, &TokenManager, &Refreshes, &MemoryStorage),
) {
    for polls in 0..1_000 {
        let storage = MemoryStorage::new();
        let (manager, refreshes) = manager(storage.clone()).await;
        refreshes.clock.advance(LIFE);
        let ready = in_time(poll_and_drop(verb(manager.clone()), polls)).await;
        afterwards(polls, &manager, &refreshes, &storage).await;
        if ready {
            assert!(polls > 1, "it was dropped while it waited");
            return;
        }
    }
    panic!("it is never ready");
}

#[tokio::test]
async fn a_refresh_goes_on_when_those_who_asked_for_it_are_gone() {
    at_each_poll(
        |manager| async move { manager.access_token().await },
        async |polls, manager, refreshes, storage| {
            if polls > 0 {
                eventually(Some("access-1".to_owned()), || held(manager)).await;
            }
            let token = manager.access_token().await.unwrap();
            assert_eq!((token.reveal(), refreshes.calls()), ("access-1", 1));
            assert_eq!(stored(storage).as_deref(), Some("access-1"));
        },
    )
    .await;
}

/// Drops it after so many polls, while the storage is held up. Then lets the storage go on.
async fn drop_while_storage_waits<F: Future>(verb: impl Fn(TokenManager) -> F, expected: Option<&str>) {
    for polls in 0..4 {
        let storage = Scripted::over(MemoryStorage::new());
        let (manager, _) = manager(storage.clone()).await;
        let (go_on, held_up) = mpsc::channel::<()>();
        let held_up = Mutex::new(held_up);
        // Ends when the other end is dropped.
        storage.at_each_step(move |_| {
            let _ = held_up.lock().unwrap().recv();
        });
        assert!(!poll_and_drop(verb(manager.clone()), polls).await, "the storage was held up");
        let expected = if polls == 0 { Some("access-0") } else { expected }.map(str::to_owned);
        assert_eq!(held(&manager), expected);
        assert_eq!(stored(&storage.inner).as_deref(), Some("access-0"));
        drop(go_on);
        eventually(expected, || stored(&storage.inner)).await;
    }
}

#[tokio::test]
async fn a_log_in_happens_from_its_first_poll_on() {
    let log_in = |manager: TokenManager| async move { manager.set(tokens(100, crate::clock().now())).await };
    drop_while_storage_waits(log_in, Some("access-100")).await;
}

#[tokio::test]
async fn a_log_out_happens_from_its_first_poll_on() {
    drop_while_storage_waits(|manager| async move { manager.clear().await }, None).await;
}

#[tokio::test]
async fn a_move_happens_as_a_whole() {
    let new = MemoryStorage::new();
    at_each_poll(
        |manager| {
            let new = new.clone();
            async move { manager.move_to(new).await }
        },
        async |polls, _, _, storage| {
            if polls > 0 {
                eventually(None, || stored(storage)).await;
                assert_eq!(stored(&new).as_deref(), Some("access-0"));
            } else {
                assert_eq!(stored(storage).as_deref(), Some("access-0"));
            }
        },
    )
    .await;
}

#[tokio::test]
async fn a_refresh_outlives_its_manager() {
    let (storage, refreshes) = (MemoryStorage::new(), Refreshes::held());
    let manager = refreshes.manager(storage.clone());
    manager.set(tokens(0, refreshes.clock.now())).await.unwrap();
    poll_and_drop(manager.refresh(), 1).await;
    drop(manager);
    refreshes.let_through();
    // The old refresh token is dead by now: the new one must not be lost.
    eventually(Some("access-1".to_owned()), || stored(&storage)).await;
}
