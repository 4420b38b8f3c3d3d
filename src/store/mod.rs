//! The store contract, and the backends that keep it.
//!
//! A store keeps records and applies changes. It knows no HTTP, no keys and no tokens; it never
//! asks the time, and it never sees a secret, only the hash of one. All that must not race happens
//! inside one of its verbs: none of them is a check before a write.

mod erased;
mod error;
mod limit;
pub mod memory;
mod shared;
#[cfg(feature = "sqlite")]
pub mod sqlite;

pub(crate) use erased::{Command, ErasedStore};
pub use error::{StoreError, StoreErrorKind};
pub use limit::Candidate;

use std::{future::Future, sync::Arc};

use crate::{
    clock::Timestamp,
    config::Limit,
    record::{Change, ChangeRefused, Keep, Record, SessionId},
};

/// Keeps sessions. Each verb is one atomic step: all of it happens, or nothing.
///
/// An `Err` means that the store is broken or cut off, never that something was not found: what is
/// unknown, revoked or expired is an ordinary answer. A session whose record
/// [is expired](Record::is_expired) at `now` counts as absent in every verb, whether it has been
/// deleted yet or not.
///
/// A future that is dropped half-way leaves the old state or the new one, nothing in between.
///
/// The suite in `conformance` (feature of that name) states all this as
/// tests, for any store.
pub trait SessionStore: Send + Sync + 'static {
    /// Keeps a new session.
    ///
    /// If it belongs to a user, `limit` is enforced in the same step: his other live sessions are
    /// counted, and either enough of them end or nothing is kept ([`Limit::evictions`] decides). An
    /// expired session keeps its id taken until it is deleted; a reached limit is told before a
    /// taken id.
    fn create(
        &self,
        record: Record,
        limit: Limit,
        now: Timestamp,
    ) -> impl Future<Output = Result<Created, StoreError>> + Send;

    /// The session of this id, if it is alive. The only verb on the path of a read-only request.
    fn load(
        &self,
        id: SessionId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Arc<Record>>, StoreError>> + Send;

    /// The answer of [`load`](Self::load), from a store that has it at hand: then a read-only
    /// request waits for nothing. A store that has to wait keeps to `None`, as this does.
    fn load_now(&self, id: SessionId, now: Timestamp) -> Option<Option<Arc<Record>>> {
        let _ = (id, now);
        None
    }

    /// Applies a change, only if the session is still there, by [`Record::apply`]; answers with the
    /// merged record. Never makes a session that is not there.
    fn change(
        &self,
        id: SessionId,
        change: Change,
        now: Timestamp,
    ) -> impl Future<Output = Result<Changed, StoreError>> + Send;

    /// Exchanges the session `old` for a new one, only if it is still there: the new record
    /// [inherits](Record::inherit) from the old, the change is applied to it, the user's limit is
    /// enforced (`old` does not count), and the old one ends. The user never has neither, and nobody
    /// is told of the new id before the old one has ended.
    fn replace(
        &self,
        old: SessionId,
        new: Replacement,
        limit: Limit,
        now: Timestamp,
    ) -> impl Future<Output = Result<Replaced, StoreError>> + Send;

    /// Ends a session. Says whether it was alive; to end it again is no error.
    fn revoke(&self, id: SessionId, now: Timestamp) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Ends all sessions of a user, but for `except`. Says which were alive.
    fn revoke_user(
        &self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<SessionId>, StoreError>> + Send;

    /// Ends all sessions of a user on the device of this id. Says which were alive.
    fn revoke_device(
        &self,
        user: &str,
        device: &str,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<SessionId>, StoreError>> + Send;

    /// A page of a user's live sessions, ordered by id. Its cost grows with that user's sessions
    /// alone.
    fn list(
        &self,
        user: &str,
        page: Page,
        now: Timestamp,
    ) -> impl Future<Output = Result<Vec<Arc<Record>>, StoreError>> + Send;

    /// Deletes sessions that are expired at `now`, at most `batch` of them, and says how many: fewer than
    /// `batch` means that none is left. Safe to run on every node at once.
    fn sweep(&self, now: Timestamp, batch: usize) -> impl Future<Output = Result<usize, StoreError>> + Send;
}

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
}

impl Replacement {
    /// The new record, given the old one as it stands in the store's atomic step.
    ///
    /// # Errors
    /// If the change does not fit.
    pub fn succeeding(self, old: &Record) -> Result<Record, ChangeRefused> {
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
