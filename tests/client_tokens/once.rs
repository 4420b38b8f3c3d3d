//! One refresh, however many tasks ask.

use std::sync::Arc;

use countersign::client::{ErrorKind, MemoryStorage, TokenManager};
use tokio::{sync::Barrier, task::JoinSet};

use crate::{
    LIFE, SECOND, clock, held, in_time, manager,
    scripted::{Answer, Refreshes},
    server::{Server, refresher},
    tokens,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_tasks_at_the_moment_of_expiry_make_one_refresh_at_the_server() {
    let (server, clock) = (Server::start(1).await, clock());
    let manager = TokenManager::builder(refresher(server.address, clock.clone())).clock(clock.clone()).build().unwrap();
    manager.set(tokens(0, clock.now())).await.unwrap();
    for round in 1..=20 {
        clock.advance(LIFE);
        let answers =
            all_at_once(&manager, |manager| async move { manager.access_token().await.unwrap().reveal().to_owned() });
        for token in answers.await {
            assert_eq!(token, format!("access-{round}"));
        }
        let family = server.family();
        assert_eq!((family.refreshes, family.ended), (round, false));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_tasks_that_were_refused_one_token_make_one_refresh() {
    let (manager, refreshes) = manager(MemoryStorage::new()).await;
    for round in 1..=20 {
        refreshes.clock.advance(11 * SECOND);
        let refused = manager.access_token().await.unwrap();
        let answers = all_at_once(&manager, |manager| {
            let refused = refused.clone();
            async move { manager.replace(&refused).await.unwrap().access_token().reveal().to_owned() }
        });
        for token in answers.await {
            assert_eq!(token, format!("access-{round}"));
        }
        assert_eq!(refreshes.calls(), round);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_tasks_share_one_failure() {
    let (manager, refreshes) = manager(MemoryStorage::new()).await;
    refreshes.clock.advance(LIFE);
    for round in 1..=20 {
        refreshes.answer(Answer::TryAgain(None));
        let answers = all_at_once(&manager, |manager| async move { manager.access_token().await.unwrap_err().kind() });
        assert!(answers.await.iter().all(|kind| *kind == ErrorKind::Network));
        assert_eq!(refreshes.calls(), round);
        refreshes.clock.advance(60 * SECOND);
    }
}

#[tokio::test]
async fn whoever_comes_while_a_refresh_is_in_flight_gets_its_result() {
    let refreshes = Refreshes::held();
    let manager = refreshes.manager(MemoryStorage::new());
    manager.set(tokens(0, refreshes.clock.now())).await.unwrap();
    let first = tokio::spawn({
        let manager = manager.clone();
        async move { manager.refresh().await }
    });
    crate::eventually(1, || refreshes.calls()).await;
    let second = tokio::spawn({
        let manager = manager.clone();
        async move { manager.refresh().await }
    });
    tokio::task::yield_now().await;
    refreshes.let_through();
    let (first, second) = (first.await.unwrap().unwrap(), second.await.unwrap().unwrap());
    assert!(Arc::ptr_eq(&first, &second));
    assert_eq!((refreshes.calls(), held(&manager)), (1, Some("access-1".to_owned())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn managers_over_one_storage_renew_once_between_them() {
    let (storage, refreshes) = (MemoryStorage::new(), Refreshes::new());
    let first = refreshes.manager(storage.clone());
    first.set(tokens(0, refreshes.clock.now())).await.unwrap();
    let managers: Vec<_> = (0..8).map(|_| refreshes.manager(storage.clone())).collect();
    for round in 1..=50 {
        refreshes.clock.advance(LIFE);
        let mut tasks = JoinSet::new();
        for manager in &managers {
            let manager = manager.clone();
            tasks.spawn(async move { manager.access_token().await.unwrap().reveal().to_owned() });
        }
        for token in in_time(tasks.join_all()).await {
            assert_eq!(token, format!("access-{round}"));
        }
        assert_eq!(refreshes.calls(), round);
    }
}

/// What a thousand tasks get that all ask at the same moment.
async fn all_at_once<T, F>(manager: &TokenManager, ask: impl Fn(TokenManager) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let start = Arc::new(Barrier::new(TASKS));
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let (asking, start) = (ask(manager.clone()), Arc::clone(&start));
        tasks.spawn(async move {
            start.wait().await;
            asking.await
        });
    }
    in_time(tasks.join_all()).await
}

const TASKS: usize = 1_000;
