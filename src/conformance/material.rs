//! What checks are made of: instants, fresh users, sessions and changes.

use std::{
    error::Error,
    fmt::{Debug, Write as _},
    time::Duration,
};

use crate::{
    clock::Timestamp,
    config::{Lifetime, Limit, WhenFull},
    key::random_bytes,
    record::{Change, Record, SecretHash, SessionId},
};

/// When the checks take place: 2001-09-09T01:46:40Z. Real sessions have not begun yet, so nothing
/// that a check does counts them as expired.
pub(super) const NOW: Timestamp = Timestamp::from_millis(1_000_000_000_000);

/// After so many milliseconds without use a session ends.
pub(super) const IDLE: u64 = 30 * 60 * 1_000;

/// After so many milliseconds it ends however much it is used.
pub(super) const ABSOLUTE: u64 = 8 * 60 * 60 * 1_000;

pub(super) const LIFETIME: Lifetime = Lifetime::new(Duration::from_millis(IDLE), Duration::from_millis(ABSOLUTE));

pub(super) const NO_LIMIT: Limit = Limit { max: 0, when_full: WhenFull::Reject };

/// The three ways to enforce a limit.
pub(super) const POLICIES: [WhenFull; 3] = [WhenFull::Reject, WhenFull::EvictOldest, WhenFull::EvictLeastRecentlyUsed];

/// So many milliseconds after [`NOW`].
pub(super) fn later(millis: u64) -> Timestamp {
    NOW.after(Duration::from_millis(millis))
}

/// So many milliseconds after an instant in January 1970: to sweep at, and delete nothing but one's own.
pub(super) fn ancient(millis: u64) -> Timestamp {
    Timestamp::from_millis(1_000_000_000).after(Duration::from_millis(millis))
}

pub(super) const fn at_most(max: u32, when_full: WhenFull) -> Limit {
    Limit { max, when_full }
}

/// A user whom nobody knows yet.
pub(super) fn user() -> String {
    random::<8>().iter().fold("conformance-".to_owned(), |mut name, byte| {
        let _ = write!(name, "{byte:02x}");
        name
    })
}

/// A session of a user, started now.
pub(super) fn session(user: &str) -> Record {
    session_at(user, NOW)
}

/// A session of a user, started then.
pub(super) fn session_at(user: &str, at: Timestamp) -> Record {
    Record::new(id_of(Some(user)), secret(), LIFETIME, at).with_user(user)
}

/// A session of nobody in particular.
pub(super) fn anonymous() -> Record {
    Record::new(id_of(None), secret(), LIFETIME, NOW)
}

/// A fresh id, with the shard tag of its user as every session of his has it.
pub(super) fn id_of(user: Option<&str>) -> SessionId {
    must("drawing an id", SessionId::new(user))
}

pub(super) fn secret() -> SecretHash {
    SecretHash::from_bytes(random())
}

pub(super) fn random<const N: usize>() -> [u8; N] {
    must("drawing random bytes", random_bytes())
}

/// The same session, after a change.
pub(super) fn after(mut record: Record, change: &Change) -> Record {
    must("changing a record of the check's own", record.apply(change));
    record
}

pub(super) fn set(name: &str, value: impl Into<Box<[u8]>>) -> Change {
    let mut change = Change::new();
    change.set(name, value);
    change
}

pub(super) fn remove(name: &str) -> Change {
    let mut change = Change::new();
    change.remove(name);
    change
}

pub(super) fn add(name: &str, by: i64) -> Change {
    let mut change = Change::new();
    must("adding to nothing", change.add(name, by));
    change
}

pub(super) fn touch(at: Timestamp) -> Change {
    let mut change = Change::new();
    change.touch(at);
    change
}

pub(super) fn ids(records: &[Record]) -> Vec<SessionId> {
    sorted(records.iter().map(Record::id))
}

pub(super) fn sorted(ids: impl IntoIterator<Item = SessionId>) -> Vec<SessionId> {
    let mut ids: Vec<SessionId> = ids.into_iter().collect();
    ids.sort();
    ids
}

/// Fails the check unless the answer is as expected.
#[track_caller]
pub(super) fn equal<T: PartialEq<E> + Debug, E: Debug>(promise: &str, answer: T, expected: E) {
    assert!(answer == expected, "{promise}\n      expected: {expected:?}\n      answered: {answer:?}");
}

/// Fails the check unless the promise holds.
#[track_caller]
pub(super) fn holds(promise: &str, held: bool) {
    assert!(held, "{promise}");
}

/// Fails the check, with all reasons, if something broke that should work.
#[track_caller]
pub(super) fn must<T, E: Error>(what: &str, result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| {
        let mut reasons = error.to_string();
        let mut source = error.source();
        while let Some(reason) = source {
            let _ = write!(reasons, ": {reason}");
            source = reason.source();
        }
        panic!("{what} failed: {reasons}")
    })
}
