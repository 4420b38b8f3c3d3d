//! How one secret follows another, and what a record therefore says to the one that is presented.
//!
//! At rotation a successor is *proposed* and handed out. Until it is used, the old secret stays
//! the current one, so an answer that is lost on its way costs nobody his session. Its first use
//! *confirms* it: from then on the old secret is honoured for a short grace (requests in flight),
//! and its use after that is theft (OWASP session renewal; RFC 9700, section 4.14.2).

use std::{fmt, time::Duration};

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use subtle::ConstantTimeEq;

use super::{Pending, Record};
use crate::clock::Timestamp;

/// SHA-256 of a session's secret: what a store keeps in its place.
///
/// Comparison takes the same time wherever the hashes differ.
#[derive(Clone, Copy)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// The hash that no secret has: of a record that is no session, so no token opens it.
    pub const NO_SECRETS: Self = Self([0; 32]);

    /// A hash out of its bytes, as a store reads it back.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The hash's bytes, as a store keeps them.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for SecretHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretHash {}

/// Base64.
impl Serialize for SecretHash {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&BASE64_STANDARD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for SecretHash {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = BASE64_STANDARD.decode(text).map_err(de::Error::custom)?;
        let bytes = bytes.try_into().map_err(|_| de::Error::custom("a secret's hash has 32 bytes"))?;
        Ok(Self(bytes))
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(redacted)")
    }
}

/// What a record says to a secret that is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It is the current one.
    Current,
    /// It is the successor that was proposed: this is its first use.
    Successor,
    /// It has been followed by another, but is still in its grace.
    Graced,
    /// It has been followed by another, and its grace is over: somebody holds what he should not.
    Reused,
    /// It never belonged to this session, or long ago.
    Unknown,
}

/// The neighbours of the current secret in time. Empty for most sessions, and then no allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Succession(pub(super) Option<Box<Neighbours>>);

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Neighbours {
    /// When the current secret became that, if it is not the session's first.
    pub(super) since: Option<Timestamp>,
    pub(super) pending: Option<Pending>,
    /// The oldest first: the one before the current secret, and those whose grace was not over
    /// when that one was followed.
    pub(super) previous: Vec<Previous>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Previous {
    pub(super) hash: SecretHash,
    pub(super) honoured_until: Timestamp,
}

impl Succession {
    /// The successor that has been handed out but not used yet.
    #[must_use]
    pub fn pending(&self) -> Option<&Pending> {
        self.0.as_ref()?.pending.as_ref()
    }

    pub(super) fn propose(&mut self, current: SecretHash, from: SecretHash, pending: Pending) {
        if current == from && self.pending().is_none() {
            self.0.get_or_insert_default().pending = Some(pending);
        }
    }

    /// The current secret is not the session's first, but has no neighbours either.
    pub(super) fn since(now: Timestamp) -> Self {
        Self(Some(Box::new(Neighbours { since: Some(now), pending: None, previous: Vec::new() })))
    }

    fn previous(&self) -> &[Previous] {
        self.0.as_ref().map_or(&[], |neighbours| &neighbours.previous)
    }
}

impl Record {
    /// What this record says to a secret, at a time.
    #[must_use]
    pub fn standing(&self, presented: &SecretHash, now: Timestamp) -> Standing {
        if *presented == self.secret {
            return Standing::Current;
        }
        if self.succession.pending().is_some_and(|pending| pending.hash == *presented) {
            return Standing::Successor;
        }
        match self.succession.previous().iter().find(|previous| previous.hash == *presented) {
            Some(previous) if now < previous.honoured_until => Standing::Graced,
            Some(_) => Standing::Reused,
            None => Standing::Unknown,
        }
    }

    /// When the current secret became that.
    #[must_use]
    pub fn secret_since(&self) -> Timestamp {
        let since = self.succession.0.as_ref().and_then(|neighbours| neighbours.since);
        since.unwrap_or(self.created_at)
    }

    pub(super) fn confirm(&mut self, successor: SecretHash, at: Timestamp, grace: Duration) {
        if self.succession.pending().is_some_and(|pending| pending.hash == successor) {
            let graced = self.succession.previous().iter().filter(|previous| at < previous.honoured_until);
            let followed = Previous { hash: self.secret, honoured_until: at.after(grace) };
            let mut previous: Vec<Previous> = graced.copied().chain([followed]).collect();
            let too_many = previous.len().saturating_sub(MOST_PREVIOUS);
            previous.drain(..too_many);
            let neighbours = Neighbours { since: Some(at), pending: None, previous };
            self.succession = Succession(Some(Box::new(neighbours)));
            self.secret = successor;
        }
    }
}

/// More rotations than this within one grace are not kept apart.
const MOST_PREVIOUS: usize = 4;
