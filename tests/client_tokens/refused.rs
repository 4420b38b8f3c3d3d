//! Tokens that the server refuses: for good by the refresh, or one by one with a 401.

use countersign::client::{Advice, ErrorKind, MemoryStorage};

use crate::{LIFE, SECOND, elsewhere, held, manager, scripted::Answer, tokens};

#[tokio::test]
async fn a_refusal_is_remembered_until_there_are_other_tokens() {
    let (manager, refreshes) = manager(MemoryStorage::new()).await;
    refreshes.clock.advance(LIFE);
    refreshes.answer(Answer::Refused);
    for _ in 0..100 {
        let error = manager.access_token().await.unwrap_err();
        assert_eq!((error.kind(), error.advice()), (ErrorKind::RefreshRefused, Advice::LogIn));
        assert_eq!(manager.refresh().await.unwrap_err().kind(), ErrorKind::RefreshRefused);
        refreshes.clock.advance(SECOND / 2);
    }
    assert_eq!(refreshes.calls(), 1);
    assert_eq!(manager.refresh_error().unwrap().kind(), ErrorKind::RefreshRefused);

    manager.set(tokens(100, refreshes.clock.now())).await.unwrap();
    assert_eq!(manager.access_token().await.unwrap().reveal(), "access-100");
    assert!(manager.refresh_error().is_none());
}

#[tokio::test]
async fn after_a_refusal_a_log_in_elsewhere_is_found_within_a_second() {
    let storage = MemoryStorage::new();
    let (manager, refreshes) = manager(storage.clone()).await;
    refreshes.clock.advance(LIFE);
    refreshes.answer(Answer::Refused);
    manager.access_token().await.unwrap_err();
    elsewhere(&storage, Some(tokens(100, refreshes.clock.now())));
    manager.access_token().await.unwrap_err();
    refreshes.clock.advance(SECOND);
    assert_eq!(manager.access_token().await.unwrap().reveal(), "access-100");
    assert_eq!(refreshes.calls(), 1);
}

#[tokio::test]
async fn a_living_token_is_used_after_a_refused_refresh_but_not_after_a_401() {
    let (manager, refreshes) = manager(MemoryStorage::new()).await;
    refreshes.clock.advance(LIFE - SECOND);
    refreshes.answer(Answer::Refused);
    let token = manager.access_token().await.unwrap();
    assert_eq!(token.reveal(), "access-0");
    assert_eq!(manager.replace(&token).await.unwrap_err().kind(), ErrorKind::RefreshRefused);
    assert_eq!(refreshes.calls(), 1);
}

#[tokio::test]
async fn a_refusal_by_a_server_that_another_process_was_faster_at_is_none() {
    let storage = MemoryStorage::new();
    let refreshes = crate::scripted::Refreshes::held();
    let manager = refreshes.manager(storage.clone());
    manager.set(tokens(0, refreshes.clock.now())).await.unwrap();
    refreshes.answer(Answer::Refused);
    let waiting = tokio::spawn({
        let manager = manager.clone();
        async move { manager.refresh().await }
    });
    crate::eventually(1, || refreshes.calls()).await;
    elsewhere(&storage, Some(tokens(100, refreshes.clock.now())));
    refreshes.let_through();
    assert_eq!(crate::access(&waiting.await.unwrap().unwrap()), "access-100");
}

#[tokio::test]
async fn whoever_was_refused_an_older_token_gets_the_newer_one_without_a_call() {
    let (manager, refreshes) = manager(MemoryStorage::new()).await;
    let older = manager.access_token().await.unwrap();
    manager.refresh().await.unwrap();
    assert_eq!(crate::access(&manager.replace(&older).await.unwrap()), "access-1");
    assert_eq!(refreshes.calls(), 1);
}

#[tokio::test]
async fn a_thousand_requests_that_are_refused_fresh_tokens_do_not_make_a_thousand_refreshes() {
    let (manager, refreshes) = manager(MemoryStorage::new()).await;
    let mut given_up = 0;
    for _ in 0..1_000 {
        let token = manager.access_token().await.unwrap();
        match manager.replace(&token).await {
            Ok(new) => assert_ne!(*new.access_token(), token),
            Err(error) => {
                assert!(matches!(error.advice(), Advice::TryAgain(after) if after <= 10 * SECOND));
                given_up += 1;
            }
        }
        refreshes.clock.advance(SECOND / 100);
    }
    // In ten seconds: the first, and none of those that follow.
    assert_eq!((refreshes.calls(), given_up), (1, 999));
    refreshes.clock.advance(SECOND);
    manager.replace(&manager.access_token().await.unwrap()).await.unwrap();
    assert_eq!((refreshes.calls(), held(&manager)), (2, Some("access-2".to_owned())));
}

#[tokio::test]
async fn a_refused_token_that_the_storage_still_holds_is_not_adopted() {
    let storage = MemoryStorage::new();
    let (manager, refreshes) = manager(storage.clone()).await;
    // The same access token with another refresh token: somebody has written half of it by hand.
    let half = tokens(0, refreshes.clock.now()).with_refresh_token("other").unwrap();
    elsewhere(&storage, Some(half));
    let refused = manager.access_token().await.unwrap();
    assert_eq!(crate::access(&manager.replace(&refused).await.unwrap()), "access-1");
    assert_eq!(refreshes.asked_with(), ["other"]);
}

#[tokio::test]
async fn a_server_that_renews_a_token_under_the_same_name_is_asked_once() {
    let (manager, refreshes) = manager(MemoryStorage::new()).await;
    (0..2).for_each(|_| refreshes.answer(Answer::Tokens(tokens(0, refreshes.clock.now()))));
    let refused = manager.access_token().await.unwrap();
    assert_eq!(*manager.replace(&refused).await.unwrap().access_token(), refused);
    assert!(manager.replace(&refused).await.is_err());
    assert_eq!(refreshes.calls(), 1);
}

#[tokio::test]
async fn whoever_is_refused_what_a_refresh_in_flight_brings_is_not_given_it_again() {
    let refreshes = crate::scripted::Refreshes::held();
    let manager = refreshes.manager(MemoryStorage::new());
    manager.set(tokens(0, refreshes.clock.now())).await.unwrap();
    refreshes.answer(Answer::Tokens(tokens(0, refreshes.clock.now())));
    let refresh = |why: Option<countersign::client::AccessToken>| {
        let manager = manager.clone();
        tokio::spawn(async move {
            match why {
                Some(refused) => manager.replace(&refused).await,
                None => manager.refresh().await,
            }
        })
    };
    let in_flight = refresh(None);
    crate::eventually(1, || refreshes.calls()).await;
    let refused = refresh(Some(manager.access_token().await.unwrap()));
    tokio::task::yield_now().await;
    refreshes.let_through();
    assert_eq!(crate::access(&in_flight.await.unwrap().unwrap()), "access-0");
    assert!(matches!(refused.await.unwrap().unwrap_err().advice(), Advice::TryAgain(_)));
}
