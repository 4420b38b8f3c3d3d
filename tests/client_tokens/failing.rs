//! A refresh that fails for now: the old token while it lives, and a pause before the next call.

use countersign::client::{Advice, ErrorKind, MemoryStorage, NoRefresh, Storage, TokenManager};

use crate::{LIFE, MINUTE, SECOND, held, manager, scripted::Answer, tokens};

#[tokio::test]
async fn the_old_token_is_used_until_its_very_end_and_not_a_moment_longer() {
    let (manager, refreshes) = manager(MemoryStorage::new()).await;
    refreshes.clock.advance(LIFE - SECOND);
    refreshes.answer(Answer::TryAgain(None));
    assert_eq!(manager.access_token().await.unwrap().reveal(), "access-0");
    assert!(manager.is_expired() && manager.needs_refresh() && manager.is_authenticated());
    refreshes.clock.advance(SECOND);
    let error = manager.access_token().await.unwrap_err();
    assert_eq!((error.kind(), refreshes.calls()), (ErrorKind::Network, 1));
    assert!(matches!(error.advice(), Advice::TryAgain(after) if after >= 3 * SECOND && after <= 8 * SECOND));
}

#[tokio::test]
async fn nobody_is_asked_before_the_pause_is_over_and_pauses_grow() {
    let (manager, refreshes) = manager(MemoryStorage::new()).await;
    refreshes.clock.advance(46 * MINUTE);
    let mut pauses = Vec::new();
    for calls in 1..=3 {
        refreshes.answer(Answer::TryAgain(None));
        manager.refresh().await.unwrap_err();
        let Advice::TryAgain(pause) = manager.refresh().await.unwrap_err().advice() else { panic!("it says when") };
        for _ in 0..100 {
            assert_eq!(manager.access_token().await.unwrap().reveal(), "access-0");
        }
        refreshes.clock.advance(pause - SECOND / 1000);
        assert_eq!(manager.refresh().await.unwrap_err().kind(), ErrorKind::Network);
        assert_eq!(refreshes.calls(), calls);
        refreshes.clock.advance(SECOND / 1000);
        pauses.push(pause);
    }
    for (pause, longest) in pauses.iter().zip([8, 16, 32]) {
        assert!(*pause >= SECOND * longest / 2 && *pause <= SECOND * longest, "{pauses:?}");
    }
    assert_eq!(manager.access_token().await.unwrap().reveal(), "access-4");
    assert!(manager.refresh_error().is_none());
}

#[tokio::test]
async fn what_the_server_asks_for_is_kept_to() {
    let (manager, refreshes) = manager(MemoryStorage::new()).await;
    refreshes.answer(Answer::TryAgain(Some(10 * MINUTE)));
    let error = manager.refresh().await.unwrap_err();
    assert_eq!(error.advice(), Advice::TryAgain(10 * MINUTE));
    refreshes.clock.advance(10 * MINUTE - SECOND);
    assert_eq!(manager.refresh().await.unwrap_err().advice(), Advice::TryAgain(SECOND));
    refreshes.clock.advance(SECOND);
    manager.refresh().await.unwrap();
    assert_eq!(refreshes.calls(), 2);
}

#[tokio::test]
async fn a_log_in_ends_the_pause() {
    let (manager, refreshes) = manager(MemoryStorage::new()).await;
    refreshes.answer(Answer::TryAgain(None));
    manager.refresh().await.unwrap_err();
    assert_eq!(manager.refresh_error().unwrap().kind(), ErrorKind::Network);
    manager.set(tokens(100, refreshes.clock.now())).await.unwrap();
    assert!(manager.refresh_error().is_none());
    manager.refresh().await.unwrap();
    assert_eq!(refreshes.calls(), 2);
}

#[tokio::test]
async fn a_refresher_that_panics_has_failed_for_now() {
    let (manager, refreshes) = manager(MemoryStorage::new()).await;
    refreshes.answer(Answer::Panic);
    assert_eq!(manager.refresh().await.unwrap_err().kind(), ErrorKind::Network);
    refreshes.clock.advance(MINUTE);
    manager.refresh().await.unwrap();
    assert_eq!(held(&manager).as_deref(), Some("access-2"));
}

#[tokio::test(start_paused = true)]
async fn a_refresher_that_does_not_answer_is_given_up_after_the_deadline() {
    let (manager, refreshes) = manager(MemoryStorage::new()).await;
    refreshes.answer(Answer::Never);
    let started = tokio::time::Instant::now();
    let error = manager.refresh().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Network);
    assert!(started.elapsed() >= 30 * SECOND && started.elapsed() < 31 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_is_never_given_back_is_an_error_and_no_second_call() {
    let storage = MemoryStorage::new();
    let (manager, refreshes) = manager(storage.clone()).await;
    let lease = storage.try_lease().unwrap().unwrap();
    let started = tokio::time::Instant::now();
    assert_eq!(manager.refresh().await.unwrap_err().kind(), ErrorKind::Network);
    // The deadline of a call, and ten seconds of patience.
    assert!(started.elapsed() >= 40 * SECOND && started.elapsed() < 42 * SECOND);
    assert_eq!(refreshes.calls(), 0);
    drop(lease);
    refreshes.clock.advance(MINUTE);
    manager.refresh().await.unwrap();
}

#[tokio::test]
async fn what_nothing_renews_is_used_while_it_lives() {
    let clock = crate::clock();
    let manager = TokenManager::builder(NoRefresh).tokens(tokens(0, clock.now())).clock(clock.clone()).build().unwrap();
    clock.advance(LIFE - SECOND);
    assert_eq!(manager.access_token().await.unwrap().reveal(), "access-0");
    clock.advance(SECOND);
    assert_eq!(manager.access_token().await.unwrap_err().kind(), ErrorKind::Expired);
    assert_eq!(manager.access_token().await.unwrap_err().advice(), Advice::LogIn);
}

#[tokio::test]
async fn a_refresh_that_brings_no_refresh_token_leaves_the_old_one_in_use() {
    let (manager, refreshes) = manager(MemoryStorage::new()).await;
    let bare = countersign::client::TokenSet::new("access-bare").unwrap();
    refreshes.answer(Answer::Tokens(bare));
    manager.refresh().await.unwrap();
    manager.refresh().await.unwrap();
    assert_eq!(refreshes.asked_with(), ["refresh-0", "refresh-0"]);
}
