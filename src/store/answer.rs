//! What a store's verbs take and answer.

use std::sync::Arc;

use crate::record::{Change, ChangeRefused, Keep, Record, SessionId};

/// What became of a new session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Created {
    /// It is kept.
    Kept {
        /// The user's sessions that ended to make room.
        evicted: Vec<SessionId>,
    },
    /// A session of this id exists already. Nothing has changed.
    IdTaken,
    /// The user has as many sessions as he may. Nothing has changed.
    LimitReached,
    /// The user is not in the epoch any more that the terms name. Nothing has changed.
    EpochPassed,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// The record as it is now, other requests' changes included.
    Merged(Arc<Record>),
    /// The session is unknown, revoked or expired. Nothing has changed.
    Gone,
    /// The change does not fit the record. Nothing has changed.
    Refused(ChangeRefused),
}

/// A session that takes another's place.
#[derive(Clone, Debug)]
pub struct Replacement {
    /// The new session, under an id of its own.
    pub record: Record,
    /// What it inherits of the old one's attributes.
    pub keep: Keep,
    /// What is applied on top of that.
    pub change: Change,
    /// The only revision of the old one that it may follow, if there is one: else it is refused as
    /// [outdated](ChangeRefused::Outdated).
    pub expect: Option<u32>,
}

impl Replacement {
    /// The new record, given the old one as it stands in the store's atomic step.
    ///
    /// # Errors
    /// If the change does not fit, or the old one is not at the expected revision or on its way to
    /// another store.
    pub fn succeeding(self, old: &Record) -> Result<Record, ChangeRefused> {
        if self.expect.is_some_and(|revision| revision != old.revision()) {
            return Err(ChangeRefused::Outdated);
        }
        if old.in_transit() {
            return Err(ChangeRefused::InTransit);
        }
        let mut record = self.record;
        record.inherit(old, &self.keep);
        record.apply(&self.change)?;
        Ok(record)
    }
}

/// What became of an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// The new session is in the old one's place.
    Done {
        /// The new record.
        record: Arc<Record>,
        /// The user's other sessions that ended to make room.
        evicted: Vec<SessionId>,
    },
    /// The old session is unknown, revoked or expired. Nothing has changed.
    Gone,
    /// A session of the new id exists already. Nothing has changed.
    IdTaken,
    /// The user has as many sessions as he may. Nothing has changed.
    LimitReached,
    /// The user is not in the epoch any more that the terms name. Nothing has changed.
    EpochPassed,
    /// The change does not fit the record. Nothing has changed.
    Refused(ChangeRefused),
}

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Only ids greater than this one.
    pub after: Option<SessionId>,
    /// At most so many.
    pub size: usize,
}
