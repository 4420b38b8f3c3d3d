//! Many events through each sink: how fast, how many are dropped where they come too fast, and in which order they arrive.
//!
//! `COUNTERSIGN_AUDIT_EVENTS=100000 cargo test --release --features … --test audit throughput -- --nocapture` is the whole of it; by
//! itself it is a tenth of that or less.

use std::{
    collections::BTreeMap,
    env,
    sync::Arc,
    time::{Duration, Instant},
};

use countersign::{
    SessionId,
    audit::{AuditEntry, AuditEvent, AuditLog, AuditQuery, AuditSink, AuditTrail, EntryId, TracingAudit},
};

use crate::{
    LIMIT, all, id,
    kept::{PLACES, open},
    numbered,
    said::Said,
    support::Place,
};

fn events() -> u64 {
    env::var("COUNTERSIGN_AUDIT_EVENTS").map_or(3_000, |number| number.parse().unwrap())
}

/// What a sink was told, and what it has got: in one phase no faster than it writes, in the other as fast as can be.
struct Told {
    paced: Duration,
    flood: Duration,
    dropped: u64,
}

/// Numbers go to 200 sessions in turn.
fn session(number: u64) -> SessionId {
    id(u8::try_from(number % 200).unwrap())
}

async fn tell(sink: impl AuditSink) -> Told {
    let log = AuditLog::builder().sink(sink).queue(QUEUE).build().unwrap();
    let events = events();
    let begun = Instant::now();
    for number in 0..events {
        while log.sinks()[0].waiting() > QUEUE as u64 / 2 {
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        log.record(numbered(session(number), number));
    }
    log.flush(LIMIT).await.unwrap();
    let paced = begun.elapsed();
    assert_eq!((log.sinks()[0].written, log.dropped()), (events, 0), "nothing is dropped of what is not too much");

    let begun = Instant::now();
    (events..2 * events).for_each(|number| log.record(numbered(session(number), number)));
    let flood = begun.elapsed();
    log.flush(LIMIT).await.unwrap();
    let state = log.sinks().remove(0);
    assert_eq!((state.offered, state.written + state.dropped), (2 * events, 2 * events));
    Told { paced, flood, dropped: state.dropped }
}

/// By what a sink has got, in its order: all that was not dropped, none twice, each session's in order; and how many are missing.
fn check(name: &str, told: &Told, got: &[(SessionId, u64)], lost: u64) {
    let events = events();
    assert_eq!(got.len() as u64 + told.dropped, 2 * events, "{name}: written and dropped are all");
    assert_eq!(lost, told.dropped, "{name}: the trail says how many are missing");
    let mut last = BTreeMap::new();
    for (session, number) in got {
        let before = last.insert(*session, *number);
        assert!(before.is_none_or(|before| before < *number), "{name}: {number} after {before:?}");
    }
    let paced = events as f64 / told.paced.as_secs_f64();
    let each = told.flood.as_secs_f64() * 1e6 / events as f64;
    eprintln!(
        "{name}: {events} events paced: {paced:.0}/s; {events} at once: {each:.2} us each to tell, {} dropped, {} + {} = {}",
        told.dropped,
        got.len(),
        told.dropped,
        2 * events
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throughput_of_every_sink_that_keeps_entries() {
    for backend in PLACES {
        let place = Place::new(backend);
        let kept = open(&place.url()).await;
        let told = tell(kept.clone()).await;
        let entries = all(&kept, AuditQuery::new().oldest_first().page_size(1_000)).await;
        let lost = entries.iter().map(|entry| if let AuditEvent::Lost { entries } = entry.event { entries } else { 0 });
        let lost = lost.sum();
        let got: Vec<_> = entries
            .iter()
            .filter_map(|entry| Some((entry.event.session()?, entry.event.by()?.parse().unwrap())))
            .collect();
        check(&format!("{backend:?}"), &told, &got, lost);
        // One of the sessions is a user's.
        let log_in = AuditEvent::LoggedIn { session: session(7), user: "ada".into() };
        let log_in = AuditEntry::new(EntryId::new(1, 1), entries[0].at, log_in);
        kept.write(&[Arc::new(log_in)]).await.unwrap();
        for (what, query) in [
            ("the newest", AuditQuery::new()),
            ("of a session", AuditQuery::new().session(session(7))),
            ("of a user", AuditQuery::new().user("ada")),
            ("of nobody", AuditQuery::new().user("nobody")),
        ] {
            let begun = Instant::now();
            let page = kept.page(&query).await.unwrap();
            eprintln!("    a page {what}: {} entries in {:?}", page.entries.len(), begun.elapsed());
        }
    }
}

#[tokio::test]
async fn throughput_of_the_tracing_sink() {
    let said = Said::default();
    let _guard = tracing::subscriber::set_default(said.subscriber());
    let told = tell(TracingAudit::new()).await;
    let text = said.text();
    let mut lost = 0;
    let got: Vec<_> = text
        .lines()
        .filter_map(|line| {
            let json = line.split("entry=").nth(1)?;
            let json: String = serde_json::from_str(&json[..json.rfind('"')? + 1]).unwrap();
            let entry: AuditEntry = serde_json::from_str(&json).unwrap();
            if let AuditEvent::Lost { entries } = entry.event {
                lost += entries;
            }
            Some((entry.event.session()?, entry.event.by()?.parse().unwrap()))
        })
        .collect();
    check("tracing", &told, &got, lost);
}

const QUEUE: usize = 2_048;
