//! Every entry is accounted for: written, or dropped and counted; and one sink's trouble is not another's.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use countersign::{
    Config, KeyRing, MemoryStore, RefusalKind, Sessions,
    audit::{
        AnyAudit, AuditEntry, AuditError, AuditErrorKind, AuditEvent, AuditKind, AuditLog, AuditQuery, AuditSink,
        EntryId, SinkState,
    },
};
use http::Method;

use crate::{
    LIMIT, all, clock, id,
    kept::on_every_kept,
    numbered, numbers,
    scripted::{Scripted, Step},
    support::{Browser, KEY, app},
};

fn state(log: &AuditLog) -> SinkState {
    log.sinks().remove(0)
}

fn lost(entries: &[AuditEntry]) -> u64 {
    let lost = entries.iter().filter_map(|entry| match entry.event {
        AuditEvent::Lost { entries } => Some(entries),
        _ => None,
    });
    lost.sum()
}

#[tokio::test(start_paused = true)]
async fn what_is_written_and_what_is_dropped_is_all_that_was_told_and_the_trail_says_how_much_is_missing() {
    let sink = Scripted::shut();
    let log = AuditLog::builder().sink(sink.clone()).queue(100).build().unwrap();
    for number in 0..1_000 {
        log.record(numbered(id(1), number));
        if number % 100 == 0 {
            tokio::task::yield_now().await;
        }
    }
    let stuck = state(&log);
    assert_eq!((stuck.offered, stuck.written), (1_000, 0));
    assert!(stuck.dropped > 500 && stuck.waiting() > 100 && stuck.waiting() <= 356, "{stuck:?}");
    sink.open();
    log.flush(LIMIT).await.unwrap();

    let done = state(&log);
    assert_eq!((done.offered, done.written + done.dropped, done.waiting()), (1_000, 1_000, 0));
    assert_eq!((done.dropped, log.dropped()), (stuck.dropped, stuck.dropped));
    let kept = all(&sink.kept, AuditQuery::new().oldest_first()).await;
    assert_eq!(lost(&kept), done.dropped, "the trail says how many are missing");
    let found = numbers(&kept);
    assert_eq!(found.len() as u64, done.written);
    assert!(found.is_sorted_by(|one, other| one < other), "in order, and none twice");
    // The same is told by the numbers of the entries.
    let own: Vec<u64> =
        kept.iter().filter(|entry| entry.kind() == AuditKind::Ended).map(|entry| entry.id.number()).collect();
    assert_eq!(own, found.iter().map(|number| number + 1).collect::<Vec<_>>());

    log.record(numbered(id(1), 1_000));
    log.flush(LIMIT).await.unwrap();
    assert_eq!(lost(&all(&sink.kept, AuditQuery::new()).await), done.dropped, "it says so once");
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_refusals_displaces_nothing_that_happens_to_users() {
    let sink = Scripted::shut();
    let log = AuditLog::builder().sink(sink.clone()).queue(100).build().unwrap();
    for _ in 0..10_000 {
        log.record(AuditEvent::Refused { reason: RefusalKind::Forged });
        log.record(AuditEvent::AttemptFailed);
    }
    for number in 0..40 {
        log.record(AuditEvent::LoggedIn { session: id(number), user: "ada".into() });
    }
    sink.open();
    log.flush(LIMIT).await.unwrap();
    let log_ins = all(&sink.kept, AuditQuery::new().kinds([AuditKind::LoggedIn])).await;
    assert_eq!(log_ins.len(), 40);
    assert_eq!(state(&log).written, 90, "half of the queue, and those");
    assert_eq!(state(&log).dropped, 19_950);
}

/// What happens to sessions of nobody, and to accounts that anybody can name, is what a stranger can have happen.
#[tokio::test(start_paused = true)]
async fn a_flood_of_sessions_without_a_user_displaces_nothing_that_happens_to_users() {
    let sink = Scripted::shut();
    let log = AuditLog::builder().sink(sink.clone()).queue(100).clock(clock()).build().unwrap();
    let mut config = Config::production();
    config.throttle.account.free = 1;
    let builder = Sessions::builder(KeyRing::new(KEY).unwrap(), MemoryStore::new()).config(config).clock(clock());
    let sessions = builder.on_event(log.listener()).build().unwrap();
    let app = app(sessions.clone());
    for number in 0..200 {
        // Somebody who begins a session, and logs out of it; and tries a password.
        let mut browser = Browser::new(&app);
        browser.post("/attributes/colour/red").await;
        browser.send(Method::POST, "/logout").await;
        let name = format!("user {number}");
        while let Ok(attempt) = sessions.attempt_from(&name, Default::default()).await {
            drop(attempt.refuse().await);
        }
    }
    for _ in 0..20 {
        sessions.log_in("ada").await.unwrap();
    }
    assert!(log.dropped() > 500, "there was something to displace them: {:?}", state(&log));
    sink.open();
    log.flush(LIMIT).await.unwrap();
    assert_eq!(all(&sink.kept, AuditQuery::new().kinds([AuditKind::LoggedIn])).await.len(), 20);
    let kinds: HashSet<_> = all(&sink.kept, AuditQuery::new()).await.iter().map(AuditEntry::kind).collect();
    for kind in [AuditKind::Started, AuditKind::Ended, AuditKind::LockedOut] {
        assert!(kinds.contains(&kind), "{kind:?} was among the flood: {kinds:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_never_answers_holds_up_no_other_and_tries_again_by_itself() {
    let (stuck, good) = (Scripted::new([Step::Hang; 3]).named("stuck"), Scripted::new([]).named("good"));
    let log = AuditLog::builder().sink(stuck.clone()).sink(good.clone()).build().unwrap();
    (0..500).for_each(|number| log.record(numbered(id(1), number)));
    let late = log.flush(Duration::from_secs(5)).await.unwrap_err();
    assert_eq!(late.sinks().collect::<Vec<_>>(), [("stuck", 500)]);
    assert_eq!(late.to_string(), "audit entries are not written yet: 500 wait for stuck");
    assert_eq!(numbers(&all(&good.kept, AuditQuery::new().oldest_first()).await), (0..500).collect::<Vec<_>>());

    log.flush(LIMIT).await.unwrap();
    assert_eq!(numbers(&all(&stuck.kept, AuditQuery::new().oldest_first()).await), (0..500).collect::<Vec<_>>());
    assert_eq!((state(&log).failures, state(&log).dropped), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_fails_or_panics_gets_the_same_batch_again_in_order() {
    let sink = Scripted::new([Step::Fail, Step::Panic, Step::Fail, Step::Hang, Step::Panic]);
    let log = AuditLog::builder().sink(sink.clone()).build().unwrap();
    (0..600).for_each(|number| log.record(numbered(id(1), number)));
    log.flush(LIMIT).await.unwrap();
    assert_eq!(numbers(&all(&sink.kept, AuditQuery::new().oldest_first()).await), (0..600).collect::<Vec<_>>());
    assert_eq!((state(&log).failures, state(&log).written, state(&log).dropped), (5, 600, 0));
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_a_sink_rejects_is_dropped_alone() {
    let sink = Scripted::new([]).rejecting(|entry| entry.event.session() == Some(id(7)));
    let log = AuditLog::builder().sink(sink.clone()).build().unwrap();
    for number in 0..20 {
        log.record(numbered(id(if number == 11 { 7 } else { 1 }), number));
    }
    log.flush(LIMIT).await.unwrap();
    assert_eq!(state(&log).dropped, 1);
    log.flush(LIMIT).await.unwrap();
    let kept = all(&sink.kept, AuditQuery::new().oldest_first()).await;
    assert_eq!(numbers(&kept), (0..20).filter(|number| *number != 11).collect::<Vec<_>>());
    assert_eq!(lost(&kept), 1);
    assert_eq!(state(&log).written, 19);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_comes_again_is_kept_once() {
    on_every_kept(|kept| async move {
        if kept.name() == "memory" {
            return;
        }
        let again = Again(kept.clone());
        let log = AuditLog::builder().sink(again).clock(clock()).build().unwrap();
        (0..600).for_each(|number| log.record(numbered(id(1), number)));
        log.flush(LIMIT).await.unwrap();
        assert!(state(&log).failures >= 3, "{:?}", state(&log));
        let found = numbers(&all(&kept, AuditQuery::new().session(id(1)).oldest_first()).await);
        assert_eq!(found, (0..600).collect::<Vec<_>>());
    })
    .await;
}

/// Writes each batch, and says the first time that it has failed: as when the answer is lost.
struct Again(AnyAudit);

impl AuditSink for Again {
    fn name(&self) -> &str {
        "again"
    }

    async fn write(&self, batch: &[Arc<AuditEntry>]) -> Result<(), AuditError> {
        static KNOWN: Mutex<Option<HashSet<EntryId>>> = Mutex::new(None);
        self.0.write(batch).await?;
        let first = KNOWN.lock().unwrap().get_or_insert_default().insert(batch[0].id);
        if first { Err(AuditError::unavailable("the answer is lost")) } else { Ok(()) }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_order_of_each_session_is_kept_on_every_sink() {
    on_every_kept(|kept| async move {
        let log = AuditLog::builder().sink(kept.clone()).queue(10_000).build().unwrap();
        let threads: Vec<_> = (0..4_u8)
            .map(|thread| {
                let log = log.clone();
                // Six sessions that nobody else tells of, one entry each in turn.
                std::thread::spawn(move || {
                    for number in 0..100 {
                        (0..6).for_each(|session| log.record(numbered(id(thread * 6 + session), number)));
                    }
                })
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        log.flush(LIMIT).await.unwrap();
        assert_eq!(log.dropped(), 0);
        for session in 0..24 {
            let query = AuditQuery::new().session(id(session)).page_size(37);
            let found = numbers(&all(&kept, query.clone().oldest_first()).await);
            assert_eq!(found, (0..100).collect::<Vec<_>>(), "session {session}");
            let newest_first = numbers(&all(&kept, query).await);
            assert_eq!(newest_first, (0..100).rev().collect::<Vec<_>>(), "session {session}");
        }
    })
    .await;
}

#[tokio::test]
async fn kinds_that_are_left_out_are_nobodys_gap() {
    let sink = Scripted::new([]);
    let log = AuditLog::builder().sink(sink.clone()).except([AuditKind::Refreshed]).build().unwrap();
    for number in 0..10 {
        log.record(AuditEvent::Refreshed { session: id(1) });
        log.record(numbered(id(1), number));
    }
    log.flush(LIMIT).await.unwrap();
    let kept = all(&sink.kept, AuditQuery::new().oldest_first()).await;
    assert_eq!(kept.iter().map(|entry| entry.id.number()).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
}

#[tokio::test]
async fn settings_that_are_not_possible_are_named() {
    for (builder, word) in [
        (AuditLog::builder().queue(0), "queue is 0"),
        (AuditLog::builder().queue(usize::MAX), "queue is"),
        (AuditLog::builder().retention(Duration::ZERO), "retention is zero"),
    ] {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), AuditErrorKind::Setting);
        assert!(error.to_string().contains(word), "{error}");
    }
}
