//! Tokens and their storage: kept before they are given out, saved later if it fails, and moved.

use std::{
    sync::{Arc, Mutex, atomic::Ordering::SeqCst},
    time::Duration,
};

use countersign::client::{ErrorKind, MemoryStorage, TokenManager};

use crate::{
    LIFE, elsewhere, eventually, held, manager,
    scripted::{Answer, Refreshes, Scripted},
    stored, tokens,
};

#[tokio::test]
async fn new_tokens_are_kept_before_anybody_gets_them() {
    let storage = Scripted::over(MemoryStorage::new());
    let (manager, _) = manager(storage.clone()).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (inner, note, other) = (storage.inner.clone(), Arc::clone(&seen), manager.clone());
    storage.at_each_step(move |at| {
        if at == "after a step" {
            note.lock().unwrap().push((held(&other), stored(&inner)));
        }
    });
    manager.refresh().await.unwrap();
    let first = (Some("access-0".to_owned()), Some("access-1".to_owned()));
    assert_eq!(*seen.lock().unwrap(), [first]);
}

#[tokio::test(start_paused = true)]
async fn tokens_that_find_no_room_are_in_use_and_are_saved_when_there_is_some() {
    let storage = Scripted::over(MemoryStorage::new());
    let (manager, refreshes) = manager(storage.clone()).await;
    storage.full.store(true, SeqCst);
    refreshes.clock.advance(LIFE);
    assert_eq!(manager.access_token().await.unwrap().reveal(), "access-1");
    assert_eq!(manager.storage_error().unwrap().kind(), ErrorKind::Storage);
    assert_eq!(stored(&storage.inner).as_deref(), Some("access-0"));
    // Renewed once more in the meantime, with what is in use.
    refreshes.clock.advance(LIFE);
    assert_eq!(manager.access_token().await.unwrap().reveal(), "access-2");
    assert_eq!(refreshes.asked_with(), ["refresh-0", "refresh-1"]);
    storage.full.store(false, SeqCst);
    eventually(Some("access-2".to_owned()), || stored(&storage.inner)).await;
    eventually(true, || manager.storage_error().is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn what_is_saved_late_does_not_undo_a_log_out_elsewhere() {
    let storage = Scripted::over(MemoryStorage::new());
    let (manager, _) = manager(storage.clone()).await;
    storage.full.store(true, SeqCst);
    manager.refresh().await.unwrap();
    elsewhere(&storage.inner, None);
    storage.full.store(false, SeqCst);
    eventually(None, || held(&manager)).await;
    assert_eq!(stored(&storage.inner), None);
}

#[tokio::test]
async fn what_was_not_saved_is_saved_before_the_call_so_that_a_log_out_elsewhere_can_be_told_from_it() {
    let (storage, refreshes) = (Scripted::over(MemoryStorage::new()), Refreshes::held());
    let manager = refreshes.manager(storage.clone());
    storage.full.store(true, SeqCst);
    manager.set(tokens(0, refreshes.clock.now())).await.unwrap_err();
    storage.full.store(false, SeqCst);
    let other = manager.clone();
    let refresh = tokio::spawn(async move { other.refresh().await });
    eventually(1, || refreshes.calls()).await;
    assert_eq!(stored(&storage.inner).as_deref(), Some("access-0"));
    elsewhere(&storage.inner, None);
    refreshes.let_through();
    assert_eq!(refresh.await.unwrap().unwrap_err().kind(), ErrorKind::NotAuthenticated);
    assert_eq!((held(&manager), stored(&storage.inner)), (None, None));
}

#[tokio::test(start_paused = true)]
async fn a_log_out_that_the_storage_refuses_is_an_error_and_is_made_up_for() {
    let storage = Scripted::over(MemoryStorage::new());
    let (manager, _) = manager(storage.clone()).await;
    storage.full.store(true, SeqCst);
    assert_eq!(manager.clear().await.unwrap_err().kind(), ErrorKind::Storage);
    assert_eq!(held(&manager), None);
    assert!(manager.reload().await.is_err());
    assert_eq!(held(&manager), None, "not brought back by what could not be cleared");
    storage.full.store(false, SeqCst);
    eventually(None, || stored(&storage.inner)).await;
}

#[tokio::test(start_paused = true)]
async fn a_log_out_that_is_made_up_for_late_touches_no_later_log_in_elsewhere() {
    let storage = Scripted::over(MemoryStorage::new());
    let (manager, refreshes) = manager(storage.clone()).await;
    storage.full.store(true, SeqCst);
    manager.clear().await.unwrap_err();
    elsewhere(&storage.inner, Some(tokens(100, refreshes.clock.now())));
    storage.full.store(false, SeqCst);
    eventually(true, || manager.storage_error().is_none()).await;
    assert_eq!((held(&manager), stored(&storage.inner).as_deref()), (None, Some("access-100")));
}

#[tokio::test]
async fn a_storage_that_cannot_be_read_does_not_stop_a_running_program() {
    let storage = Scripted::over(MemoryStorage::new());
    let (manager, refreshes) = manager(storage.clone()).await;
    storage.unreadable.store(true, SeqCst);
    refreshes.clock.advance(LIFE);
    assert_eq!(manager.access_token().await.unwrap().reveal(), "access-1");
    assert_eq!(manager.storage_error().unwrap().kind(), ErrorKind::Storage);
    storage.unreadable.store(false, SeqCst);
    manager.reload().await.unwrap();
    assert_eq!(stored(&storage.inner).as_deref(), Some("access-1"));
    assert!(manager.storage_error().is_none());
}

#[tokio::test]
async fn what_was_set_aside_while_the_program_runs_is_written_anew() {
    let storage = Scripted::over(MemoryStorage::new());
    let (manager, _) = manager(storage.clone()).await;
    storage.corrupt.store(true, SeqCst);
    manager.refresh().await.unwrap();
    assert_eq!(held(&manager).as_deref(), Some("access-1"));
    assert_eq!(stored(&storage.inner).as_deref(), Some("access-1"));
}

#[tokio::test]
async fn what_cannot_be_understood_at_the_start_is_reported_and_is_no_tokens() {
    let storage = Scripted::over(MemoryStorage::new());
    elsewhere(&storage.inner, Some(tokens(0, crate::clock().now())));
    storage.corrupt.store(true, SeqCst);
    let manager = Refreshes::new().manager(storage.clone());
    assert_eq!(held(&manager), None);
    assert!(manager.storage_error().unwrap().to_string().contains("aside"));
    storage.unreadable.store(true, SeqCst);
    let error = TokenManager::builder(Refreshes::new()).storage(storage).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
}

#[tokio::test]
async fn what_is_kept_comes_before_what_a_manager_starts_with() {
    let (storage, refreshes) = (MemoryStorage::new(), Refreshes::new());
    let build = |n| {
        let builder = TokenManager::builder(refreshes.clone()).storage(storage.clone());
        builder.tokens(tokens(n, refreshes.clock.now())).build().unwrap()
    };
    assert_eq!(held(&build(100)).as_deref(), Some("access-100"));
    assert_eq!(stored(&storage).as_deref(), Some("access-100"));
    assert_eq!(held(&build(200)).as_deref(), Some("access-100"));
}

#[tokio::test]
async fn a_refresh_in_flight_is_not_lost_by_a_move() {
    let (old, new, refreshes) = (MemoryStorage::new(), MemoryStorage::new(), Refreshes::held());
    let manager = refreshes.manager(old.clone());
    manager.set(tokens(0, refreshes.clock.now())).await.unwrap();
    let refresh = tokio::spawn({
        let manager = manager.clone();
        async move { manager.refresh().await }
    });
    eventually(1, || refreshes.calls()).await;
    let moving = tokio::spawn({
        let (manager, new) = (manager.clone(), new.clone());
        async move { manager.move_to(new).await }
    });
    tokio::task::yield_now().await;
    refreshes.let_through();
    refresh.await.unwrap().unwrap();
    moving.await.unwrap().unwrap();
    assert_eq!((stored(&old), stored(&new)), (None, Some("access-1".to_owned())));
    refreshes.let_through();
    manager.refresh().await.unwrap();
    assert_eq!((stored(&old), stored(&new)), (None, Some("access-2".to_owned())));
    assert!(refreshes.discarded().is_empty());
}

#[tokio::test]
async fn a_refresh_in_flight_in_another_process_is_not_lost_by_a_move() {
    let (old, new, refreshes) = (MemoryStorage::new(), MemoryStorage::new(), Refreshes::held());
    let manager = refreshes.manager(old.clone());
    manager.set(tokens(0, refreshes.clock.now())).await.unwrap();
    let elsewhere = refreshes.manager(old.clone());
    let refresh = tokio::spawn(async move { elsewhere.refresh().await });
    eventually(1, || refreshes.calls()).await;
    let mut moving = Box::pin(manager.move_to(new.clone()));
    assert!(for_a_while(moving.as_mut()).await.is_none(), "it waits for the lease");
    refreshes.let_through();
    refresh.await.unwrap().unwrap();
    moving.await.unwrap();
    assert_eq!((stored(&old), stored(&new)), (None, Some("access-1".to_owned())));
    assert!(refreshes.discarded().is_empty());
    // Here it is found without another call.
    manager.refresh().await.unwrap();
    assert_eq!((held(&manager), refreshes.calls()), (Some("access-1".to_owned()), 1));
}

#[tokio::test]
async fn a_move_to_the_same_place_loses_nothing() {
    let storage = MemoryStorage::new();
    let (manager, _) = manager(storage.clone()).await;
    manager.move_to(storage.clone()).await.unwrap();
    assert_eq!(stored(&storage).as_deref(), Some("access-0"));
}

#[tokio::test]
async fn a_move_to_a_place_that_fails_leaves_everything_where_it_was() {
    let (old, full) = (MemoryStorage::new(), Scripted::over(MemoryStorage::new()));
    full.full.store(true, SeqCst);
    let (manager, _) = manager(old.clone()).await;
    assert_eq!(manager.move_to(full).await.unwrap_err().kind(), ErrorKind::Storage);
    manager.refresh().await.unwrap();
    assert_eq!(stored(&old).as_deref(), Some("access-1"));
}

#[tokio::test]
async fn a_move_away_from_a_full_disk_takes_along_what_was_not_saved() {
    let (old, new) = (Scripted::over(MemoryStorage::new()), MemoryStorage::new());
    let (manager, refreshes) = manager(old.clone()).await;
    old.full.store(true, SeqCst);
    refreshes.answer(Answer::Tokens(tokens(7, refreshes.clock.now())));
    manager.refresh().await.unwrap();
    // Removing a file needs no room.
    old.full.store(false, SeqCst);
    manager.move_to(new.clone()).await.unwrap();
    assert_eq!((stored(&old.inner), stored(&new)), (None, Some("access-7".to_owned())));
    assert!(manager.storage_error().is_none());
}

#[tokio::test]
async fn a_back_up_is_a_copy_and_nothing_else_changes() {
    let (storage, copy) = (MemoryStorage::new(), MemoryStorage::new());
    let (manager, _) = manager(storage.clone()).await;
    manager.back_up_to(copy.clone()).await.unwrap();
    manager.refresh().await.unwrap();
    assert_eq!(stored(&copy).as_deref(), Some("access-0"));
    assert_eq!(stored(&storage).as_deref(), Some("access-1"));
}

/// Lets it run for a while: what can come about by then has.
async fn for_a_while<T>(future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(Duration::from_millis(50), future).await.ok()
}
