//! What a request costs without an audit log, with one, and with one whose sink never answers: in one run, in turn.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::Router;
use countersign::{
    Config, KeyRing, MemoryStore, Sessions,
    audit::{AuditLog, MemoryAudit},
};
use http::StatusCode;

use crate::{
    scripted::Scripted,
    support::{Browser, KEY, app},
};

fn world(log: Option<&AuditLog>) -> Router {
    let mut config = Config::production();
    config.limit.max = 0;
    let builder = Sessions::builder(KeyRing::new(KEY).unwrap(), Arc::new(MemoryStore::new())).config(config);
    let builder = if let Some(log) = log { builder.on_event(log.listener()) } else { builder };
    app(builder.build().unwrap())
}

/// A log-in and a forged token: three entries or so.
async fn round(app: &Router) -> Duration {
    let begun = Instant::now();
    let reply = Browser::new(app).post("/login/ada").await;
    assert_eq!(reply.status, StatusCode::OK);
    let forged = format!("{}.{}.{}", "A".repeat(43), "A".repeat(24), "A".repeat(44));
    let reply = Browser::with_token(app, &forged).get("/me").await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    begun.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sink_that_never_answers_makes_no_request_slower() {
    let fast = AuditLog::builder().sink(MemoryAudit::new(10_000)).build().unwrap();
    let stuck = AuditLog::builder().sink(Scripted::shut()).queue(256).build().unwrap();
    let apps = [world(None), world(Some(&fast)), world(Some(&stuck))];
    for _ in 0..400 {
        round(&apps[2]).await;
    }
    assert!(stuck.dropped() > 0 && stuck.sinks()[0].written == 0, "its queue is full: {stuck:?}");
    let mut times = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (app, times) in apps.iter().zip(&mut times) {
            times.push(round(app).await);
        }
    }
    let [without, with, with_stuck] = times.map(|mut times| {
        times.sort_unstable();
        (times[ROUNDS / 2].as_secs_f64() * 1e6, times[ROUNDS * 99 / 100].as_secs_f64() * 1e6)
    });
    eprintln!(
        "median and 99th percentile of a log-in and a refusal, in us: without {:.0} {:.0}, with a sink {:.0} {:.0} ({:.2}), \
         with a stuck one {:.0} {:.0} ({:.2})",
        without.0,
        without.1,
        with.0,
        with.1,
        with.0 / without.0,
        with_stuck.0,
        with_stuck.1,
        with_stuck.0 / without.0,
    );
    // Whoever waited for the sink would have waited for ever; beyond that, the machine's noise.
    assert!(with_stuck.0 < 2.0 * without.0, "{with_stuck:?}");
}

const ROUNDS: usize = 600;
