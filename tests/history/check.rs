//! What no history may show: pure functions of what was noted.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use countersign::SessionId;

use crate::history::{Did, Op, Told};

/// What a history is held to.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How long after a revoke has returned a session may still be accepted: zero without a cache.
    pub staleness: Duration,
    /// How many live sessions a user may have.
    pub limit: usize,
}

/// Everything that should not have happened, in words.
pub fn violations(ops: &[Op], bounds: Bounds, counters: &HashMap<SessionId, i64>) -> Vec<String> {
    let mut found = accepted_after_revoke(ops, bounds.staleness);
    found.extend(logged_out_without_cause(ops));
    found.extend(more_than_the_limit(ops, bounds.limit));
    found.extend(lost_or_invented_increments(ops, counters));
    found
}

/// P4, R-02: no request is accepted that began after a revoke of its session had returned.
pub fn accepted_after_revoke(ops: &[Op], staleness: Duration) -> Vec<String> {
    let mut revoked: HashMap<SessionId, Duration> = HashMap::new();
    for op in ops.iter().filter(|op| op.did == Did::Revoke && op.told == Told::Yes) {
        let Some(session) = op.session else { continue };
        let first = revoked.entry(session).or_insert(op.ended);
        *first = op.ended.min(*first);
    }
    let accepted = ops.iter().filter(|op| uses(op) && op.told == Told::Yes);
    let late = accepted.filter_map(|op| {
        let revoked = *revoked.get(&op.session?)?;
        (op.begun > revoked + staleness).then(|| format!("accepted {:?} after the revoke: {op:?}", op.begun - revoked))
    });
    late.collect()
}

/// P10: nobody is refused whose session nobody has tried to end.
pub fn logged_out_without_cause(ops: &[Op]) -> Vec<String> {
    let mut ending: HashMap<SessionId, Duration> = HashMap::new();
    for op in ops.iter().filter(|op| op.did == Did::Revoke) {
        let Some(session) = op.session else { continue };
        let first = ending.entry(session).or_insert(op.begun);
        *first = op.begun.min(*first);
    }
    let refused = ops.iter().filter(|op| uses(op) && op.told == Told::No);
    let causeless = refused
        .filter(|op| op.session.is_some_and(|session| ending.get(&session).is_none_or(|begun| *begun > op.ended)));
    causeless.map(|op| format!("logged out without cause: {op:?}")).collect()
}

/// P7, R-08: never more live sessions than the limit.
fn more_than_the_limit(ops: &[Op], limit: usize) -> Vec<String> {
    let too_many = ops.iter().filter(|op| matches!(op.did, Did::List { live } if live > limit));
    too_many.map(|op| format!("more than {limit} sessions: {op:?}")).collect()
}

/// P6: what was acknowledged counts; what was not acknowledged counts once or not at all.
fn lost_or_invented_increments(ops: &[Op], counters: &HashMap<SessionId, i64>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (session, count) in counters {
        let of = |told| {
            let ops = ops.iter().filter(|op| op.did == Did::Increment && op.session == Some(*session));
            i64::try_from(ops.filter(|op| op.told == told).count()).unwrap()
        };
        let (least, perhaps) = (of(Told::Yes), of(Told::Unknown));
        if !(least..=least + perhaps).contains(count) {
            wrong.push(format!("{session} counts {count}: {least} acknowledged, {perhaps} not"));
        }
    }
    wrong
}

/// How many different sessions were revoked for certain: what a run was worth.
pub fn revokes(ops: &[Op]) -> usize {
    let done = ops.iter().filter(|op| op.did == Did::Revoke && op.told == Told::Yes);
    done.filter_map(|op| op.session).collect::<HashSet<_>>().len()
}

fn uses(op: &Op) -> bool {
    matches!(op.did, Did::Read | Did::Increment | Did::Rotate)
}

mod can_fail {
    use super::*;

    const LIMITS: Bounds = Bounds { staleness: Duration::ZERO, limit: 3 };

    fn session() -> SessionId {
        SessionId::from_bytes([7; 18])
    }

    fn op(did: Did, begun: u64, ended: u64, told: Told) -> Op {
        let (begun, ended) = (Duration::from_millis(begun), Duration::from_millis(ended));
        Op { did, session: Some(session()), begun, ended, told }
    }

    #[test]
    fn a_request_after_the_revoke_is_found() {
        let revoke = op(Did::Revoke, 10, 20, Told::Yes);
        let late = [revoke, op(Did::Read, 21, 22, Told::Yes)];
        assert_eq!(violations(&late, LIMITS, &HashMap::new()).len(), 1);
        let within = Bounds { staleness: Duration::from_millis(1), ..LIMITS };
        assert_eq!(violations(&late, within, &HashMap::new()), Vec::<String>::new(), "a cache may be stale");

        let in_flight = [revoke, op(Did::Read, 19, 30, Told::Yes), op(Did::Read, 21, 22, Told::No)];
        assert_eq!(violations(&in_flight, LIMITS, &HashMap::new()), Vec::<String>::new());
        let unsure = [op(Did::Revoke, 10, 20, Told::Unknown), op(Did::Read, 21, 22, Told::Yes)];
        assert_eq!(violations(&unsure, LIMITS, &HashMap::new()), Vec::<String>::new());
    }

    #[test]
    fn a_refusal_without_a_revoke_is_found() {
        let refused = op(Did::Read, 5, 6, Told::No);
        assert_eq!(violations(&[refused], LIMITS, &HashMap::new()).len(), 1);
        let before = [refused, op(Did::Revoke, 7, 8, Told::Yes)];
        assert_eq!(violations(&before, LIMITS, &HashMap::new()).len(), 1, "it was refused before the revoke began");
    }

    #[test]
    fn a_session_too_many_is_found() {
        let list = |live| op(Did::List { live }, 1, 2, Told::Yes);
        assert_eq!(violations(&[list(3), list(4)], LIMITS, &HashMap::new()).len(), 1);
    }

    #[test]
    fn a_lost_and_an_invented_increment_are_found() {
        let ops = [
            op(Did::Increment, 1, 2, Told::Yes),
            op(Did::Increment, 2, 3, Told::Yes),
            op(Did::Increment, 3, 4, Told::Unknown),
        ];
        let counts = |count| violations(&ops, LIMITS, &HashMap::from([(session(), count)])).len();
        assert_eq!([counts(1), counts(2), counts(3), counts(4)], [1, 0, 0, 1]);
    }
}
