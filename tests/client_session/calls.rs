//! Calls are counted exactly, and not saved one by one; refreshes are noted.

use std::time::Duration;

use countersign::client::{ClientSession, RefreshError, TokenManager, TokenSet, UserInfo, with_tokens};

use crate::support::{Place, clock, minutes, start, tokens};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_many_tasks_are_counted_exactly_while_others_save() {
    let (place, clock) = (Place::default(), clock());
    let session = place.session(&clock);
    session.log_in(tokens("a")).await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let session = session.clone();
            tokio::spawn(async move {
                for call in 0..1000 {
                    session.record_call(["a.example.com", "b.example.com"][call % 2]);
                    if call % 100 == 0 {
                        session.set_user(UserInfo::new(format!("{task} {call}"))).await.unwrap();
                    }
                }
            })
        })
        .collect();
    let mut before = 0;
    while tasks.iter().any(|task| !task.is_finished()) {
        let now = session.metadata().calls;
        assert!(now >= before, "a count never goes back: {before}, {now}");
        before = now;
        tokio::task::yield_now().await;
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(session.metadata().calls, 8000);
    session.save().await.unwrap();
    assert_eq!(place.session(&clock).metadata().calls, 8000);
}

#[tokio::test]
async fn calls_are_saved_once_a_minute_and_not_one_by_one() {
    let (place, clock) = (Place::default(), clock());
    let session = place.session(&clock);
    session.log_in(tokens("a")).await.unwrap();
    for _ in 0..100 {
        session.record_call("api.example.com");
    }
    tokio::task::yield_now().await;
    assert_eq!(place.writes(), 1);

    clock.advance(minutes(1));
    for _ in 0..100 {
        session.record_call("api.example.com");
    }
    let saved = async {
        while session.has_unsaved() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), saved).await.unwrap();
    assert_eq!(place.writes(), 2);
    assert_eq!(place.session(&clock).metadata().calls, 200);
    assert_eq!(session.metadata().last_server.as_deref(), Some("api.example.com"));
}

#[tokio::test]
async fn calls_without_a_session_begin_none() {
    let place = Place::default();
    let session = place.session(&clock());
    session.record_call("api.example.com");
    session.save().await.unwrap();
    assert!(place.is_empty());
}

#[tokio::test]
async fn a_refresh_is_noted_and_a_log_in_is_none() {
    let (place, clock) = (Place::default(), clock());
    let refresher = with_tokens(|_| async { TokenSet::new("b").map_err(RefreshError::refused) });
    let manager = TokenManager::builder(refresher).storage(place.clone()).clock(clock.clone()).build().unwrap();
    let session = ClientSession::new(manager);
    session.log_in(tokens("a")).await.unwrap();
    assert_eq!(session.metadata().refreshed_at, None);

    clock.advance(minutes(30));
    session.tokens().refresh().await.unwrap();
    assert_eq!(session.metadata().refreshed_at, Some((start() + minutes(30)).into()));
    assert_eq!(session.metadata().created_at, Some(start().into()));
    assert_eq!(place.session(&clock).metadata(), session.metadata(), "another process sees it by the tokens");
}
