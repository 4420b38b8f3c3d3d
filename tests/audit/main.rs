//! The audit log: what becomes an entry and how it looks, that nobody waits for it and every entry is accounted for, and that what
//! was written is found again, after a `kill -9` too; on every sink.

#![allow(
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests unwrap what they expect, show their figures, and share modules of which each uses a part"
)]

#[path = "../support/mod.rs"]
mod support;

#[path = "../support/said.rs"]
mod said;

mod accounts;
mod child;
mod ends;
mod forms;
mod kept;
mod killed;
mod latency;
mod queries;
mod retention;
mod scripted;
mod tables;
mod throughput;
mod told;

use std::time::{Duration, SystemTime};

use countersign::{
    Clock, Event, Reason, SessionId,
    audit::{AuditEntry, AuditEvent, AuditPage, AuditQuery, AuditTrail},
};

/// So long may a sink take in these tests.
const LIMIT: Duration = Duration::from_secs(120);

fn id(n: u8) -> SessionId {
    SessionId::from_bytes([n; SessionId::BYTES])
}

/// A manual clock that begins near the present: Redis numbers entries by its own.
fn clock() -> Clock {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now).unwrap()))
}

/// An end of a session, whose cause carries a number.
fn numbered(session: SessionId, number: u64) -> AuditEvent {
    let by = number.to_string();
    AuditEvent::of(&Event::Ended { session, user: None, reason: Reason::ByOperator, by: Some(&by) }).unwrap()
}

/// The numbers of such entries.
fn numbers(entries: &[AuditEntry]) -> Vec<u64> {
    entries.iter().filter_map(|entry| entry.event.by()?.parse().ok()).collect()
}

/// All pages of a query, as one.
async fn all(trail: &impl AuditTrail, query: AuditQuery) -> Vec<AuditEntry> {
    let (mut found, mut query) = (Vec::new(), query);
    loop {
        let AuditPage { entries, next, unreadable, .. } = trail.page(&query).await.unwrap();
        assert!(entries.len() <= query.size());
        assert_eq!(unreadable, 0);
        found.extend(entries);
        let Some(next) = next else { return found };
        query = query.after(next);
    }
}
