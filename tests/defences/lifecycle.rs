//! What happens to a session from its beginning to its end, as it is told: whose it was, and who had it ended.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use countersign::{Clock, Config, Event, KeyRing, Limit, MemoryStore, Reason, Sessions, WhenFull};

use crate::support::{KEY, seconds};

fn telling(edit: impl FnOnce(&mut Config)) -> (Sessions, Clock, impl Fn() -> Vec<String>) {
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let count: Arc<Mutex<usize>> = Arc::default();
    let (first, counter) = (Arc::clone(&told), Arc::clone(&count));
    let mut config = Config::production();
    config.throttle.answer_after = Duration::ZERO;
    edit(&mut config);
    let clock = Clock::manual(std::time::SystemTime::UNIX_EPOCH);
    let sessions = Sessions::builder(KeyRing::new(KEY).unwrap(), MemoryStore::new())
        .config(config)
        .clock(clock.clone())
        .on_event(move |event| {
            let text = match event {
                Event::Started { .. } => "started".to_owned(),
                Event::LoggedIn { user, .. } => format!("{user} logged in"),
                Event::Refreshed { .. } => "refreshed".to_owned(),
                Event::Rotated { .. } => "rotated".to_owned(),
                Event::Ended { user, reason, by, .. } => format!("{user:?} {reason:?} by {by:?}"),
                Event::EverybodyEnded { reason, by, .. } => format!("everybody {reason:?} by {by:?}"),
                Event::AttemptFailed { name } => format!("failed: {name}"),
                other => format!("{other:?}"),
            };
            first.lock().unwrap().push(text);
        })
        .on_event(move |_| *counter.lock().unwrap() += 1)
        .build()
        .unwrap();
    let heard = move || {
        let told = std::mem::take(&mut *told.lock().unwrap());
        assert_eq!(std::mem::take(&mut *count.lock().unwrap()), told.len(), "each listener hears each event");
        told
    };
    (sessions, clock, heard)
}

#[tokio::test]
async fn a_window_that_slides_and_a_secret_that_changes_are_told() {
    let (sessions, clock, told) = telling(|_| ());
    let issued = sessions.log_in("ada").await.unwrap();
    let session = sessions.authenticate(issued.token()).await.unwrap();
    sessions.slide(&session).await.unwrap();
    assert_eq!(told(), ["ada logged in"], "nothing was due");

    clock.advance(seconds(61));
    let session = sessions.authenticate(issued.token()).await.unwrap();
    assert!(sessions.slide(&session).await.unwrap().is_none());
    assert_eq!(told(), ["refreshed"]);

    clock.advance(seconds(15 * 60));
    let session = sessions.authenticate(issued.token()).await.unwrap();
    let next = sessions.slide(&session).await.unwrap().unwrap();
    assert_eq!(told(), ["refreshed"], "handed out, and not used yet");
    for expected in [&["refreshed", "rotated"][..], &[]] {
        let session = sessions.authenticate(next.token()).await.unwrap();
        sessions.slide(&session).await.unwrap();
        assert_eq!(told(), expected);
    }
    let counters = sessions.counters();
    assert_eq!((counters.refreshed, counters.rotated), (3, 1));
}

#[tokio::test]
async fn an_end_says_whose_session_it_was_and_who_had_it_ended() {
    let (sessions, _, told) = telling(|config| config.limit = Limit { max: 1, when_full: WhenFull::EvictOldest });
    let log_in = async || {
        let id = sessions.log_in("ada").device_id("laptop").await.unwrap().session_id();
        told();
        id
    };
    let root = sessions.by("root");

    let id = log_in().await;
    root.revoke(id, Reason::ByOperator).await.unwrap();
    assert_eq!(told(), [r#"None ByOperator by Some("root")"#], "by the id alone nobody knows whose it is");

    let id = log_in().await;
    root.revoke_of("ada", id, Reason::ByOperator).await.unwrap();
    assert_eq!(told(), [r#"Some("ada") ByOperator by Some("root")"#]);

    log_in().await;
    root.revoke_user("ada", Reason::AccountClosed).await.unwrap();
    assert_eq!(told(), [r#"Some("ada") AccountClosed by Some("root")"#]);

    log_in().await;
    sessions.revoke_device("ada", "laptop", Reason::ByUser).await.unwrap();
    assert_eq!(told(), [r#"Some("ada") ByUser by None"#]);

    log_in().await;
    sessions.log_in("ada").await.unwrap();
    assert_eq!(told(), [r#"Some("ada") Evicted by None"#, "ada logged in"]);

    tokio::time::pause();
    root.revoke_everyone(Reason::ByOperator).await.unwrap();
    assert_eq!(told(), [r#"everybody ByOperator by Some("root")"#]);
}

#[tokio::test]
async fn a_failed_attempt_is_told_when_the_application_refuses_it() {
    let (sessions, _, told) = telling(|_| ());
    let attempt = sessions.attempt_from("ada", countersign::Whence::default()).await.unwrap();
    let refusing = attempt.refuse();
    assert!(told().is_empty(), "not before it is awaited");
    refusing.await;
    assert_eq!(told(), ["failed: ada"]);
    assert_eq!(sessions.counters().attempts_failed, 1);
}
