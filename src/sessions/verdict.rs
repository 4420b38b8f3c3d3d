//! The decisions about a presented token: pure functions of the record and `now`.

use std::time::Duration;

use crate::{
    clock::Timestamp,
    config::Config,
    record::{Record, SecretHash, Standing},
    token::RefusalKind,
};

/// What follows from the record for the secret that was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is honoured, and this is where it stands.
    Honoured(Honoured),
    /// It is not.
    Refused(RefusalKind),
    /// It is not, and the session has to end: somebody holds a secret that was replaced.
    Stolen,
}

/// The ways in which a secret is honoured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Honoured {
    /// The session's current secret.
    Current,
    /// Its successor, used for the first time.
    Successor,
    /// Its predecessor, in the grace that requests in flight are given: good for everything but
    /// another rotation.
    Graced,
}

/// Whether a secret is honoured. The last check before a session is handed to anybody. `ended` is until when all sessions
/// were begun that have ended.
pub(crate) fn judge(
    record: Option<&Record>,
    presented: &SecretHash,
    ended: Option<Timestamp>,
    now: Timestamp,
) -> Verdict {
    let Some(record) = record.filter(|record| !record.is_expired(now) && !is_among_all(record, ended)) else {
        return Verdict::Refused(RefusalKind::Gone);
    };
    match record.standing(presented, now) {
        Standing::Current => Verdict::Honoured(Honoured::Current),
        Standing::Successor => Verdict::Honoured(Honoured::Successor),
        Standing::Graced => Verdict::Honoured(Honoured::Graced),
        Standing::Unknown => Verdict::Refused(RefusalKind::WrongSecret),
        Standing::Reused => Verdict::Stolen,
    }
}

/// Whether a session is one of those that ended when all did.
pub(crate) fn is_among_all(record: &Record, ended: Option<Timestamp>) -> bool {
    ended.is_some_and(|ended| record.authenticated_at() <= ended)
}

/// What a request owes to its session's upkeep. Nothing, nearly always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Due {
    /// The sliding window has to move.
    pub(crate) touch: bool,
    /// The secret has to be exchanged for a new one, if the client can be handed one.
    pub(crate) rotate: bool,
    /// The successor has been used: it becomes the current secret.
    pub(crate) confirm: bool,
    /// A successor was handed out, but the old secret is still in use: the answer was lost, or is
    /// on its way. It has to be handed out again.
    pub(crate) repeat: bool,
}

impl Due {
    pub(crate) fn of(record: &Record, honoured: Honoured, config: &Config, now: Timestamp) -> Self {
        let touch = now.since(record.last_seen_at()) >= config.refresh_interval;
        match honoured {
            Honoured::Graced => Self { touch, ..Self::default() },
            Honoured::Successor => Self { touch: true, confirm: true, ..Self::default() },
            Honoured::Current if record.succession().pending().is_some() => {
                Self { touch, repeat: true, ..Self::default() }
            }
            Honoured::Current => {
                let rotate = config.rotation.every.is_some_and(|every| is_over(every, record.secret_since(), now));
                Self { touch: touch || rotate, rotate, ..Self::default() }
            }
        }
    }

    /// Whether anything is due.
    pub(crate) const fn needs_attention(self) -> bool {
        self.touch || self.rotate || self.confirm || self.repeat
    }
}

fn is_over(every: Duration, since: Timestamp, now: Timestamp) -> bool {
    now.since(since) >= every
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Change, Pending, SecretStep, SessionId};

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    fn hash(byte: u8) -> SecretHash {
        SecretHash::from_bytes([byte; 32])
    }

    fn record() -> Record {
        Record::new(SessionId::from_bytes([0; 18]), hash(1), Config::production().lifetime, at(0))
    }

    fn stepped(mut record: Record, step: SecretStep) -> Record {
        let mut change = Change::new();
        change.step(step);
        record.apply(&change).unwrap();
        record
    }

    #[test]
    fn absent_expired_and_wrong_are_refused() {
        let record = record();
        let judge = |record, hash, now| judge(record, &hash, None, at(now));
        assert_eq!(judge(None, hash(1), 0), Verdict::Refused(RefusalKind::Gone));
        assert_eq!(judge(Some(&record), hash(1), 1_800), Verdict::Refused(RefusalKind::Gone));
        assert_eq!(judge(Some(&record), hash(2), 0), Verdict::Refused(RefusalKind::WrongSecret));
        assert_eq!(judge(Some(&record), hash(1), 1_799), Verdict::Honoured(Honoured::Current));
    }

    #[test]
    fn what_was_begun_when_all_sessions_ended_is_gone() {
        let now = at(1_000);
        let of = |begun, ended: Option<u64>| {
            let record = Record::new(SessionId::from_bytes([0; 18]), hash(1), Config::production().lifetime, at(begun));
            judge(Some(&record), &hash(1), ended.map(at), now)
        };
        assert_eq!(of(900, Some(900)), Verdict::Refused(RefusalKind::Gone));
        assert_eq!(of(900, Some(899)), Verdict::Honoured(Honoured::Current));
        assert_eq!(of(900, None), Verdict::Honoured(Honoured::Current));
    }

    #[test]
    fn upkeep_is_due_by_the_clock_alone() {
        let due = |now, honoured| Due::of(&record(), honoured, &Config::production(), at(now));
        assert!(!due(59, Honoured::Current).needs_attention());
        assert_eq!(due(60, Honoured::Current), Due { touch: true, ..Due::default() });
        assert_eq!(due(900, Honoured::Current), Due { touch: true, rotate: true, ..Due::default() });
        assert_eq!(
            due(900, Honoured::Graced),
            Due { touch: true, ..Due::default() },
            "no rotation from the old secret"
        );
        assert_eq!(due(0, Honoured::Successor), Due { touch: true, confirm: true, ..Due::default() });
    }

    #[test]
    fn a_successor_that_is_not_used_is_handed_out_again_and_no_second_one_made() {
        let pending = Pending { hash: hash(2), nonce: [0; 16] };
        let record = stepped(record(), SecretStep::Propose { from: hash(1), pending });
        let due = Due::of(&record, Honoured::Current, &Config::production(), at(1_000));
        assert_eq!(due, Due { touch: true, repeat: true, ..Due::default() });
    }

    #[test]
    fn the_old_secret_is_theft_after_its_grace() {
        let pending = Pending { hash: hash(2), nonce: [0; 16] };
        let record = stepped(record(), SecretStep::Propose { from: hash(1), pending });
        let grace = Duration::from_secs(30);
        let record = stepped(record, SecretStep::Confirm { successor: hash(2), at: at(10), grace });
        assert_eq!(judge(Some(&record), &hash(1), None, at(39)), Verdict::Honoured(Honoured::Graced));
        assert_eq!(judge(Some(&record), &hash(1), None, at(40)), Verdict::Stolen);
    }
}
