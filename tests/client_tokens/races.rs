//! What the program says, while the storage is slow and others are at work on it, is what counts in the end.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering::SeqCst},
    mpsc::{self, channel},
};

use countersign::client::{MemoryStorage, TokenManager};

use crate::{
    clock, elsewhere, eventually, held, in_time, manager,
    scripted::{Refreshes, Scripted},
    stored, tokens,
};

/// A manager whose next step waits until the sender says so, over a storage in which another process has renewed
/// the tokens meanwhile.
async fn slow_step() -> (TokenManager, Scripted, mpsc::Sender<()>) {
    let storage = Scripted::over(MemoryStorage::new());
    let (manager, _) = manager(storage.clone()).await;
    elsewhere(&storage.inner, Some(tokens(1, clock().now())));
    let (release, wait) = channel();
    let (wait, first) = (Mutex::new(wait), AtomicBool::new(true));
    storage.at_each_step(move |at| {
        if at == "before a step" && first.swap(false, SeqCst) {
            wait.lock().unwrap().recv().unwrap();
        }
    });
    (manager, storage, release)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_out_on_its_way_is_not_undone_by_a_reload_that_finds_a_refresh_elsewhere() {
    let (manager, storage, release) = slow_step().await;
    let clear = tokio::spawn({
        let manager = manager.clone();
        async move { manager.clear().await }
    });
    eventually(None, || held(&manager)).await;
    in_time(manager.reload()).await.unwrap();
    assert_eq!(held(&manager), None);
    release.send(()).unwrap();
    clear.await.unwrap().unwrap();
    assert_eq!((held(&manager), stored(&storage.inner)), (None, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_in_on_its_way_is_not_undone_by_a_reload_that_finds_a_refresh_elsewhere() {
    let (manager, storage, release) = slow_step().await;
    let set = tokio::spawn({
        let manager = manager.clone();
        async move { manager.set(tokens(7, clock().now())).await }
    });
    eventually(Some("access-7".to_owned()), || held(&manager)).await;
    in_time(manager.reload()).await.unwrap();
    release.send(()).unwrap();
    set.await.unwrap().unwrap();
    assert_eq!(held(&manager).as_deref(), Some("access-7"));
    assert_eq!(stored(&storage.inner).as_deref(), Some("access-7"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_reload_has_read_before_a_log_out_is_not_believed_after_it() {
    let storage = Scripted::over(MemoryStorage::new());
    let (manager, _) = manager(storage.clone()).await;
    elsewhere(&storage.inner, Some(tokens(1, clock().now())));
    let ((read, was_read), (write, may_write), (go_on, may_go_on)) = (channel(), channel::<()>(), channel::<()>());
    let (may_write, may_go_on) = (Mutex::new(may_write), Mutex::new(may_go_on));
    storage.at_each_step(move |at| {
        // Each is answered at once when its sender is gone.
        let _ = match at {
            "before a step" => may_write.lock().unwrap().recv(),
            "after it was read" => read.send(()).map_or(Ok(()), |()| may_go_on.lock().unwrap().recv()),
            _ => Ok(()),
        };
    });
    let clear = tokio::spawn({
        let manager = manager.clone();
        async move { manager.clear().await }
    });
    eventually(None, || held(&manager)).await;
    let reload = tokio::spawn({
        let manager = manager.clone();
        async move { manager.reload().await }
    });
    tokio::task::spawn_blocking(move || was_read.recv().unwrap()).await.unwrap();
    drop(write);
    clear.await.unwrap().unwrap();
    drop(go_on);
    reload.await.unwrap().unwrap();
    assert_eq!((held(&manager), stored(&storage.inner)), (None, None));
}

#[tokio::test]
async fn a_storage_that_panics_is_tried_again() {
    let storage = Scripted::over(MemoryStorage::new());
    let (manager, _) = manager(storage.clone()).await;
    let first = AtomicBool::new(true);
    storage.at_each_step(move |at| {
        assert!(!(at == "before a step" && first.swap(false, SeqCst)), "told to");
    });
    let error = manager.set(tokens(7, clock().now())).await.unwrap_err();
    assert!(error.to_string().contains("panicked"), "{error}");
    eventually(Some("access-7".to_owned()), || stored(&storage.inner)).await;
}

#[test]
fn a_manager_whose_runtime_has_ended_goes_on_in_the_next() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let storage = MemoryStorage::new();
    let refreshes = Refreshes::held();
    let manager = refreshes.manager(storage.clone());
    let first = runtime();
    first.block_on(async {
        manager.set(tokens(0, refreshes.clock.now())).await.unwrap();
        let asking = tokio::spawn({
            let manager = manager.clone();
            async move { manager.refresh().await }
        });
        eventually(1, || refreshes.calls()).await;
        drop(asking);
    });
    first.shutdown_timeout(std::time::Duration::from_secs(10));
    refreshes.let_through();
    let renewed = runtime().block_on(in_time(manager.refresh())).unwrap();
    assert_eq!(renewed.access_token().reveal(), "access-2");
    assert_eq!(stored(&storage).as_deref(), Some("access-2"));
}
