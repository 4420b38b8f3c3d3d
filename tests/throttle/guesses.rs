//! One guess after another: delays, their end, the lock.

use std::sync::{Arc, Mutex};

use countersign::{Clock, Config, ErrorKind, Event, KeyRing, Limiter, MemoryStore, Moving, Sessions};

use crate::{
    help::{allowed, attempt, lock, settings, world},
    support::{KEY, World, minutes, on_every_store, seconds},
};

#[tokio::test]
async fn delays_grow_and_end() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        let other = world.node().await;
        assert_eq!(allowed(&world.sessions, "ada").await, 3);
        for delay in [10, 20, 40] {
            world.pass(seconds(delay - 1));
            let error = attempt(&other, "ada").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TooManyAttempts);
            assert_eq!(error.retry_after(), Some(seconds(1)), "{backend:?}");
            world.pass(seconds(1));
            assert_eq!(allowed(&other, "ada").await, 1, "one after each delay");
        }
        assert_eq!(allowed(&other, "grace").await, 3, "others have counts of their own");
    })
    .await;
}

#[tokio::test]
async fn a_success_clears_the_count() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        for _ in 0..4 {
            attempt(&world.sessions, "ada").await.unwrap();
            attempt(&world.sessions, "ada").await.unwrap();
            let attempt = attempt(&world.sessions, "ada").await.unwrap();
            world.sessions.log_in("ada").since(&attempt).await.unwrap();
        }
        assert_eq!(allowed(&world.sessions, "ada").await, 3);
    })
    .await;
}

#[tokio::test]
async fn a_success_under_another_name_than_the_users_id_clears_that_names_count() {
    let world = world(crate::support::Backend::Memory).await;
    let mail = "ada@example.org";
    for _ in 0..3 {
        let attempt = attempt(&world.sessions, mail).await.unwrap();
        let error = world.sessions.log_in("7").since(&attempt).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Overtaken, "it is another user's");
        world.pass(seconds(10));
    }
    let attempt = attempt(&world.sessions, mail).await.unwrap();
    let attempt = attempt.for_user(&world.sessions, 7).await.unwrap();
    world.sessions.log_in("7").since(&attempt).await.unwrap();
    assert_eq!(allowed(&world.sessions, mail).await, 3);
}

#[tokio::test]
async fn an_attempt_for_a_user_is_overtaken_by_the_end_of_his_sessions() {
    let world = world(crate::support::Backend::Memory).await;
    let attempt = attempt(&world.sessions, "ada@example.org").await.unwrap();
    let attempt = attempt.for_user(&world.sessions, 7).await.unwrap();
    world.sessions.revoke_user("7", countersign::Reason::PasswordChanged).await.unwrap();
    let error = world.sessions.log_in("7").since(&attempt).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overtaken);
}

#[tokio::test]
async fn after_a_day_without_an_attempt_all_is_forgotten() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        assert_eq!(allowed(&world.sessions, "ada").await, 3);
        world.pass(minutes(24 * 60));
        assert_eq!(allowed(&world.sessions, "ada").await, 3, "{backend:?}");
    })
    .await;
}

#[tokio::test]
async fn a_lock_outlives_what_is_forgotten_and_ends_by_unlock_alone() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        let other = world.node().await;
        lock(&world, "ada").await;
        for days in [2, 0, 30, 300] {
            world.pass(minutes(days * 24 * 60));
            let error = attempt(&other, "ada").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TooManyAttempts, "{backend:?}: after {days} days more");
            assert_eq!(error.retry_after(), Some(minutes(60)));
        }
        other.unlock("ada").await.unwrap();
        assert_eq!(allowed(&world.sessions, "ada").await, 3);
        world.sessions.unlock("nobody").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_last_attempt_before_the_lock_may_still_succeed() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        for _ in 0..5 {
            attempt(&world.sessions, "ada").await.unwrap();
            world.pass(seconds(40));
        }
        let attempt = attempt(&world.sessions, "ada").await.unwrap();
        world.sessions.log_in("ada").since(&attempt).await.unwrap();
        world.pass(minutes(24 * 60));
        assert_eq!(allowed(&world.sessions, "ada").await, 3, "{backend:?}");
    })
    .await;
}

/// The node that was to keep the lock has died in between: whoever comes next keeps it.
#[tokio::test]
async fn a_lock_that_was_not_kept_is_kept_by_the_next_attempt() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        for _ in 0..5 {
            attempt(&world.sessions, "ada").await.unwrap();
            world.pass(seconds(40));
        }
        world.calls.fail_after(2, 1);
        let error = attempt(&world.sessions, "ada").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{backend:?}: no password is checked then");
        for _ in 0..2 {
            let error = attempt(&world.sessions, "ada").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::TooManyAttempts);
            world.pass(minutes(24 * 60));
        }
    })
    .await;
}

#[tokio::test]
async fn a_count_of_no_free_attempts_is_none() {
    let world = World::with(crate::support::Backend::Memory, |config| {
        settings(config);
        config.throttle.account.free = 0;
    })
    .await;
    for _ in 0..20 {
        attempt(&world.sessions, "ada").await.unwrap();
    }
}

#[tokio::test]
async fn what_cannot_be_counted_is_not_allowed() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        attempt(&world.sessions, "ada").await.unwrap();
        world.calls.break_store(true);
        let error = attempt(&world.sessions, "ada").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        world.calls.break_store(false);
        world.calls.break_writes(true);
        assert_eq!(attempt(&world.sessions, "ada").await.unwrap_err().kind(), ErrorKind::Unavailable);
        assert_eq!(attempt(&world.sessions, "grace").await.unwrap_err().kind(), ErrorKind::Unavailable);
        world.calls.break_writes(false);
        assert_eq!(allowed(&world.sessions, "ada").await, 2, "{backend:?}");
    })
    .await;
}

#[tokio::test]
async fn a_log_in_stands_whose_count_cannot_be_cleared() {
    let world = world(crate::support::Backend::Memory).await;
    let attempt = attempt(&world.sessions, "ada").await.unwrap();
    let before = world.sessions.counters().store_failures;
    world.calls.fail_after(1, 1);
    let issued = world.sessions.log_in("ada").since(&attempt).await.unwrap();
    assert!(world.sessions.authenticate(issued.token()).await.is_ok());
    assert_eq!(world.sessions.counters().store_failures, before + 1);
}

#[tokio::test]
async fn attempts_are_counted_while_the_store_moves_house() {
    let mut config = Config::production();
    settings(&mut config);
    let store = Moving::new(MemoryStore::new(), MemoryStore::new());
    let clock = Clock::manual(std::time::SystemTime::UNIX_EPOCH + minutes(30_000_000));
    let keys = KeyRing::new(KEY).unwrap();
    let sessions = Sessions::builder(keys, store).config(config).clock(clock.clone()).build().unwrap();
    assert_eq!(allowed(&sessions, "ada").await, 3);
    clock.advance(seconds(10));
    assert_eq!(allowed(&sessions, "ada").await, 1);
    sessions.unlock("ada").await.unwrap();
    assert_eq!(allowed(&sessions, "ada").await, 3);
}

#[tokio::test]
async fn delays_locks_and_refusals_are_told() {
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let listener = Arc::clone(&told);
    let mut config = Config::production();
    settings(&mut config);
    let clock = Clock::manual(std::time::SystemTime::UNIX_EPOCH);
    let sessions = Sessions::builder(KeyRing::new(KEY).unwrap(), MemoryStore::new())
        .config(config)
        .clock(clock.clone())
        .on_event(move |event| {
            let said = match event {
                Event::LockedOut { name, until: Some(until) } => format!("{name} until {until}"),
                Event::LockedOut { name, until: None } => format!("{name} for good"),
                Event::AttemptRefused { by: Limiter::Account } => "refused".to_owned(),
                other => format!("{other:?}"),
            };
            listener.lock().unwrap().push(said);
        })
        .build()
        .unwrap();
    for _ in 0..3 {
        attempt(&sessions, "ada").await.unwrap();
    }
    assert!(attempt(&sessions, "ada").await.is_err());
    for _ in 0..3 {
        clock.advance(seconds(40));
        attempt(&sessions, "ada").await.unwrap();
    }
    let told = told.lock().unwrap();
    assert_eq!(*told, ["ada until 1970-01-01T00:00:10.000Z", "refused", "ada for good"]);
    assert_eq!((sessions.counters().attempts_refused, sessions.counters().locked_out), (1, 2));
}
