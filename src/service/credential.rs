//! What a store keeps of a service: its permissions, and the hashes of its secrets. Pure functions of `now`.
//!
//! A secret's successor is drawn, not derived: who rotates it is an operator, who has not the old one. So one that was lost on its
//! way is followed by another, which takes its place.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{
    clock::{Timestamp, millis},
    record::{Record, SecretHash, Standing},
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Credential {
    pub(super) name: Box<str>,
    pub(super) permissions: Vec<Box<str>>,
    current: SecretHash,
    /// Made, but not used yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<Next>,
    /// The oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    previous: Vec<Previous>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Next {
    hash: SecretHash,
    /// Milliseconds for which the one before it is honoured once it is used.
    overlap: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Previous {
    hash: SecretHash,
    honoured_until: Timestamp,
}

impl Credential {
    pub(super) fn new(name: &str, permissions: Vec<Box<str>>, current: SecretHash) -> Self {
        Self { name: name.into(), permissions, current, next: None, previous: Vec::new() }
    }

    /// `None` if the record has none that can be read.
    pub(super) fn of(record: &Record) -> Option<Self> {
        serde_json::from_slice(record.attributes().value(ATTRIBUTE)?).ok()
    }

    /// What is said to a secret that is presented.
    pub(super) fn standing(&self, presented: &SecretHash, now: Timestamp) -> Standing {
        if *presented == self.current {
            return Standing::Current;
        }
        if self.next.is_some_and(|next| next.hash == *presented) {
            return Standing::Successor;
        }
        match self.previous.iter().find(|previous| previous.hash == *presented) {
            Some(previous) if now < previous.honoured_until => Standing::Graced,
            Some(_) => Standing::Reused,
            None => Standing::Unknown,
        }
    }

    /// A new secret, to be handed out. One that was made before and never used is forgotten.
    pub(super) fn rotate(&mut self, hash: SecretHash, overlap: Duration) {
        self.next = Some(Next { hash, overlap: millis(overlap) });
    }

    /// The new secret has been used: it is the current one, and the overlap begins.
    pub(super) fn confirm(&mut self, now: Timestamp) {
        let Some(next) = self.next.take() else { return };
        let honoured_until = now.after(Duration::from_millis(next.overlap));
        self.previous.push(Previous { hash: self.current, honoured_until });
        self.current = next.hash;
        let too_many = self.previous.len().saturating_sub(MOST_PREVIOUS);
        self.previous.drain(..too_many);
    }

    /// Whether a new secret waits for its first use.
    pub(super) const fn is_rotating(&self) -> bool {
        self.next.is_some()
    }

    pub(super) fn permits(&self, permission: &str) -> bool {
        self.permissions.iter().any(|granted| **granted == *permission)
    }
}

/// No application can write it, and no service reach it.
pub(super) const ATTRIBUTE: &str = "\u{1}service";

/// So many secrets of before are told from what was never a secret.
const MOST_PREVIOUS: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_secret_is_good_until_the_new_one_is_used_and_for_the_overlap_after_that() {
        let mut credential = first();
        credential.rotate(hash(2), Duration::from_secs(10));
        assert_eq!(standings(&credential, 1_000_000), [Standing::Current, Standing::Successor, Standing::Unknown]);
        credential.confirm(at(5));
        assert_eq!(standings(&credential, 14), [Standing::Graced, Standing::Current, Standing::Unknown]);
        assert_eq!(standings(&credential, 15), [Standing::Reused, Standing::Current, Standing::Unknown]);
    }

    #[test]
    fn a_secret_that_was_lost_on_its_way_is_followed_by_another() {
        let mut credential = first();
        credential.rotate(hash(2), Duration::from_secs(10));
        credential.rotate(hash(3), Duration::ZERO);
        assert_eq!(standings(&credential, 1), [Standing::Current, Standing::Unknown, Standing::Successor]);
        credential.confirm(at(2));
        assert_eq!(standings(&credential, 2), [Standing::Reused, Standing::Unknown, Standing::Current]);
    }

    #[test]
    fn a_second_first_use_changes_nothing() {
        let mut credential = first();
        credential.rotate(hash(2), Duration::from_secs(10));
        credential.confirm(at(5));
        let confirmed = credential.clone();
        credential.confirm(at(9));
        assert_eq!(credential, confirmed);
    }

    #[test]
    fn however_often_it_is_rotated_it_stays_small() {
        let mut credential = first();
        for number in 2..=200 {
            credential.rotate(hash(number), Duration::MAX);
            credential.confirm(at(u64::from(number)));
        }
        assert_eq!(credential.previous.len(), MOST_PREVIOUS);
        assert_eq!(credential.standing(&hash(199), at(300)), Standing::Graced);
        assert_eq!(credential.standing(&hash(1), at(300)), Standing::Unknown);
    }

    #[test]
    fn permissions_are_whole_names() {
        let credential = Credential::new("orders", vec!["session.read".into(), "*".into()], hash(1));
        assert!(credential.permits("session.read") && credential.permits("*"));
        for other in ["session.write", "session", "session.rea", "session.*", "", "Session.read"] {
            assert!(!credential.permits(other), "{other}");
        }
    }

    fn first() -> Credential {
        Credential::new("orders", Vec::new(), hash(1))
    }

    /// Of the secrets 1, 2 and 3.
    fn standings(credential: &Credential, seconds: u64) -> [Standing; 3] {
        [1, 2, 3].map(|number| credential.standing(&hash(number), at(seconds)))
    }

    fn hash(number: u8) -> SecretHash {
        SecretHash::from_bytes([number; 32])
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }
}
