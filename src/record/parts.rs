//! A record, taken apart and put together: for a store whose engine changes the parts by themselves.

use serde::{Deserialize, Serialize};

use super::{
    Attributes, Origin, Pending, Record, SecretHash, SessionId, Succession,
    succession::{Neighbours, Previous},
};
use crate::clock::Timestamp;

/// What a record is put together of.
pub(crate) struct Parts {
    pub(crate) id: SessionId,
    pub(crate) secret: SecretHash,
    pub(crate) succession: Succession,
    pub(crate) revision: u32,
    pub(crate) in_transit: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) last_seen_at: Timestamp,
    pub(crate) absolute_at: Timestamp,
    pub(crate) idle_millis: u64,
    pub(crate) user: Option<Box<str>>,
    pub(crate) rest: Rest,
    pub(crate) sealed_origin: Option<Box<[u8]>>,
    pub(crate) attributes: Attributes,
}

/// What no change touches and no engine looks at. Fields that a later version adds are passed over
/// when this one reads; as it writes them once, when a session begins, it takes none of them away.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Rest {
    remembered: bool,
    authenticated_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<Box<Origin>>,
}

impl Record {
    /// Puts a record together.
    pub(crate) fn from_parts(parts: Parts) -> Self {
        let mut record = Self {
            id: parts.id,
            secret: parts.secret,
            remembered: parts.rest.remembered,
            in_transit: parts.in_transit,
            revision: parts.revision,
            created_at: parts.created_at,
            authenticated_at: parts.rest.authenticated_at,
            last_seen_at: parts.last_seen_at,
            absolute_at: parts.absolute_at,
            idle_millis: parts.idle_millis,
            user: parts.user,
            origin: parts.rest.origin,
            attributes: parts.attributes,
            succession: parts.succession,
        };
        if let Some(sealed) = parts.sealed_origin {
            record.set_sealed_origin(&sealed);
        }
        record
    }

    /// The part that no change touches and no engine looks at. The sealed bytes of the origin are another.
    pub(crate) fn rest(&self) -> Rest {
        let mut origin = self.origin.clone();
        if let Some(origin) = &mut origin {
            origin.sealed = None;
        }
        Rest { remembered: self.remembered, authenticated_at: self.authenticated_at, origin }
    }

    /// When it ends however much it is used, and the milliseconds after which it ends unused.
    pub(crate) const fn limits(&self) -> (Timestamp, u64) {
        (self.absolute_at, self.idle_millis)
    }
}

impl Succession {
    /// Puts the neighbours of a secret together, the oldest of the previous ones first.
    pub(crate) fn from_parts(
        since: Option<Timestamp>,
        pending: Option<Pending>,
        previous: impl Iterator<Item = (SecretHash, Timestamp)>,
    ) -> Self {
        let previous = previous.map(|(hash, honoured_until)| Previous { hash, honoured_until }).collect();
        Self(Some(Box::new(Neighbours { since, pending, previous })))
    }

    /// When the current secret became that, if it is not the first.
    pub(crate) fn current_since(&self) -> Option<Timestamp> {
        self.0.as_ref()?.since
    }

    /// The previous secrets, the oldest first, and until when each is honoured.
    pub(crate) fn previous_ones(&self) -> impl Iterator<Item = (&SecretHash, Timestamp)> {
        let previous = self.0.iter().flat_map(|neighbours| &neighbours.previous);
        previous.map(|previous| (&previous.hash, previous.honoured_until))
    }

    /// Whether there are no neighbours.
    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}
