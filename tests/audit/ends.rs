//! How a log ends, and what it keeps alive.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use countersign::{
    KeyRing, MemoryStore, Sessions,
    audit::{AuditLog, AuditQuery},
};

use crate::{LIMIT, all, id, numbered, numbers, scripted::Scripted, support::KEY};

#[tokio::test]
async fn a_log_that_is_closed_has_written_all_and_counts_what_comes_after() {
    let sink = Scripted::new([]);
    let log = AuditLog::builder().sink(sink.clone()).build().unwrap();
    (0..700).for_each(|number| log.record(numbered(id(1), number)));
    log.close(LIMIT).await.unwrap();
    assert_eq!(all(&sink.kept, AuditQuery::new()).await.len(), 700);
    tokio::task::yield_now().await;
    (0..5).for_each(|number| log.record(numbered(id(1), number)));
    assert_eq!((log.sinks()[0].written, log.dropped()), (700, 5));
    assert!(log.close(LIMIT).await.is_err(), "it cannot be written any more");
}

#[tokio::test(start_paused = true)]
async fn a_log_that_cannot_be_closed_in_time_says_what_waits() {
    let sink = Scripted::shut();
    let log = AuditLog::builder().sink(sink.clone()).build().unwrap();
    (0..7).for_each(|number| log.record(numbered(id(1), number)));
    let late = log.close(LIMIT).await.unwrap_err();
    assert_eq!(late.sinks().collect::<Vec<_>>(), [("scripted", 7)]);
    sink.open();
    tokio::time::sleep(LIMIT).await;
    assert_eq!(all(&sink.kept, AuditQuery::new()).await.len(), 0, "it has ended");
    let state = &log.sinks()[0];
    assert_eq!((state.offered, state.written, state.dropped, state.waiting()), (7, 0, 7, 0), "and is accounted for");
}

/// In the queue, taken out of it to wait for more, or on the way to a sink that does not answer.
#[tokio::test(start_paused = true)]
async fn what_is_left_wherever_it_is_when_a_log_is_closed_is_counted_as_dropped() {
    for turns in 0..10 {
        for (sink, is_shut) in [(Scripted::new([]), false), (Scripted::shut(), true)] {
            let log = AuditLog::builder().sink(sink.clone()).build().unwrap();
            for number in 0..600 {
                log.record(numbered(id(1), number));
                if number % 100 < turns {
                    tokio::task::yield_now().await;
                }
            }
            let closed = log.close(Duration::ZERO).await;
            assert!(!is_shut || closed.is_err());
            tokio::time::sleep(Duration::from_secs(1)).await;
            let state = &log.sinks()[0];
            assert_eq!((state.offered, state.written + state.dropped), (600, 600), "{turns} turns: {state:?}");
            assert!(!is_shut || state.dropped == 600, "{turns} turns: {state:?}");
        }
    }
}

#[tokio::test]
async fn what_waits_when_the_last_handle_goes_is_written_still() {
    let sink = Scripted::new([]);
    let log = AuditLog::builder().sink(sink.clone()).build().unwrap();
    let listener = log.listener();
    (0..700).for_each(|number| log.record(numbered(id(1), number)));
    drop(log);
    listener(&countersign::Event::Started { session: id(2) });
    drop(listener);
    while all(&sink.kept, AuditQuery::new()).await.len() < 701 {
        tokio::task::yield_now().await;
    }
    let kept = all(&sink.kept, AuditQuery::new().session(id(1)).oldest_first()).await;
    assert_eq!(numbers(&kept), (0..700).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_log_keeps_no_sessions_alive() {
    let store = Arc::new(MemoryStore::new());
    let known: Weak<MemoryStore> = Arc::downgrade(&store);
    let log = AuditLog::builder().sink(Scripted::new([])).build().unwrap();
    let keys = KeyRing::new(KEY).unwrap();
    let sessions = Sessions::builder(keys, store).on_event(log.listener()).build().unwrap();
    sessions.log_in("ada").await.unwrap();
    drop(sessions);
    assert!(known.upgrade().is_none());
    log.flush(LIMIT).await.unwrap();
    assert_eq!(log.sinks()[0].written, 1);
}
