//! Set, clear, reload and watch.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

use countersign::client::{ChangeReason, ErrorKind, MemoryStorage, TokenManager, TokenSet};
use futures_util::FutureExt;
use tokio::task::JoinSet;

use crate::{
    elsewhere, eventually, held, in_time, manager,
    scripted::{Answer, Scripted},
    stored, tokens,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_verbs_at_once_the_last_one_counts_in_memory_and_in_the_storage() {
    let storage = MemoryStorage::new();
    let (manager, refreshes) = manager(storage.clone()).await;
    for _ in 0..100 {
        let mut tasks = JoinSet::new();
        for n in 0..16 {
            let (manager, now) = (manager.clone(), refreshes.clock.now());
            tasks.spawn(async move {
                match n % 4 {
                    0 => manager.clear().await.unwrap(),
                    1 => drop(manager.refresh().await),
                    _ => manager.set(tokens(100 + n, now)).await.unwrap(),
                }
            });
        }
        in_time(tasks.join_all()).await;
        assert_eq!(held(&manager), stored(&storage));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_writer_does_not_bring_back_what_was_replaced() {
    let storage = Scripted::over(MemoryStorage::new());
    let (manager, refreshes) = manager(storage.clone()).await;
    // The first step, that of the log-in, is held up until the log-out is over.
    let (steps, other, runtime) = (Arc::new(AtomicUsize::new(0)), manager.clone(), tokio::runtime::Handle::current());
    storage.at_each_step(move |at| {
        if at == "before a step" && steps.fetch_add(1, SeqCst) == 0 {
            runtime.block_on(other.clear()).unwrap();
        }
    });
    in_time(manager.set(tokens(100, refreshes.clock.now()))).await.unwrap();
    assert_eq!((held(&manager), stored(&storage.inner)), (None, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_late_writer_does_not_undo_a_log_out_elsewhere() {
    let storage = Scripted::over(MemoryStorage::new());
    let (manager, refreshes) = manager(storage.clone()).await;
    // While the first step is held up, somebody logs in once more here, and out elsewhere.
    let (steps, other, runtime) = (Arc::new(AtomicUsize::new(0)), manager.clone(), tokio::runtime::Handle::current());
    let (inner, now) = (storage.inner.clone(), refreshes.clock.now());
    storage.at_each_step(move |at| {
        if at == "before a step" && steps.fetch_add(1, SeqCst) == 0 {
            runtime.block_on(other.set(tokens(200, now))).unwrap();
            elsewhere(&inner, None);
        }
    });
    in_time(manager.set(tokens(100, now))).await.unwrap();
    manager.reload().await.unwrap();
    assert_eq!((held(&manager), stored(&storage.inner)), (None, None));
}

#[tokio::test]
async fn what_another_process_has_done_is_there_after_a_reload() {
    let storage = MemoryStorage::new();
    let (manager, refreshes) = manager(storage.clone()).await;
    elsewhere(&storage, Some(tokens(100, refreshes.clock.now())));
    assert_eq!(held(&manager).as_deref(), Some("access-0"));
    manager.reload().await.unwrap();
    assert_eq!(held(&manager).as_deref(), Some("access-100"));
    elsewhere(&storage, None);
    manager.reload().await.unwrap();
    assert!(!manager.is_authenticated());
    elsewhere(&storage, Some(tokens(200, refreshes.clock.now())));
    manager.reload().await.unwrap();
    assert_eq!(held(&manager).as_deref(), Some("access-200"));
}

#[tokio::test]
async fn whoever_watches_is_told_what_has_changed_and_why() {
    let storage = MemoryStorage::new();
    let (manager, refreshes) = manager(storage.clone()).await;
    let mut watch = manager.watch();
    let now = refreshes.clock.now();
    let mut next = async |reason, token: Option<&str>| {
        let change = in_time(watch.changed()).await.unwrap();
        assert_eq!((change.reason(), change.tokens().map(|tokens| crate::access(tokens)).as_deref()), (reason, token));
    };
    manager.set(tokens(100, now)).await.unwrap();
    next(ChangeReason::Set, Some("access-100")).await;
    manager.refresh().await.unwrap();
    next(ChangeReason::Refreshed, Some("access-1")).await;
    refreshes.answer(Answer::Refused);
    manager.refresh().await.unwrap_err();
    next(ChangeReason::Refused, Some("access-1")).await;
    elsewhere(&storage, Some(tokens(200, now)));
    manager.reload().await.unwrap();
    next(ChangeReason::Reloaded, Some("access-200")).await;
    manager.clear().await.unwrap();
    next(ChangeReason::Cleared, None).await;
    manager.clear().await.unwrap();
    assert!(watch.changed().now_or_never().is_none(), "nobody was logged in: that is no news");
    drop(manager);
    assert!(in_time(watch.changed()).await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_slow_watcher_misses_changes_in_between_and_never_the_latest() {
    let (manager, refreshes) = manager(MemoryStorage::new()).await;
    let mut watch = manager.watch();
    let seen = tokio::spawn(async move {
        let mut last = None;
        while let Some(change) = watch.changed().await {
            let number =
                change.tokens().map(|tokens| crate::access(tokens)["access-".len()..].parse::<usize>().unwrap());
            assert!(number > last, "in their order");
            last = number;
            tokio::task::yield_now().await;
        }
        last
    });
    for n in 1..=500 {
        manager.set(tokens(n, refreshes.clock.now())).await.unwrap();
    }
    drop(manager);
    assert_eq!(in_time(seen).await.unwrap(), Some(500));
}

#[tokio::test]
async fn without_tokens_everything_says_so() {
    let refreshes = crate::scripted::Refreshes::new();
    let manager = refreshes.manager(MemoryStorage::new());
    assert_eq!(manager.access_token().await.unwrap_err().kind(), ErrorKind::NotAuthenticated);
    assert_eq!(manager.refresh().await.unwrap_err().kind(), ErrorKind::NotAuthenticated);
    assert!(manager.state().is_none() && !manager.is_expired() && !manager.needs_refresh());
    assert_eq!(refreshes.calls(), 0);
}

#[test]
fn reading_needs_no_runtime() {
    let manager = TokenManager::in_memory(TokenSet::new("fixed").unwrap());
    assert_eq!(held(&manager).as_deref(), Some("fixed"));
    assert!(manager.state().is_some() && manager.is_authenticated() && !manager.needs_refresh());
}

#[tokio::test]
async fn a_refresh_that_is_over_leaves_no_tokens_behind() {
    let (manager, _) = manager(MemoryStorage::new()).await;
    let first = Arc::downgrade(&manager.tokens().unwrap());
    let second = Arc::downgrade(&manager.refresh().await.unwrap());
    eventually(0, || first.strong_count()).await;
    manager.clear().await.unwrap();
    eventually(0, || second.strong_count()).await;
}
