//! The store contract, and the backends that keep it.
//!
//! A store keeps records and applies changes. It knows no HTTP, no keys and no tokens; it never
//! asks the time, and it never sees a secret, only the hash of one. All that must not race happens
//! inside one of its verbs: none of them is a check before a write.

mod answer;
mod any;
#[cfg(feature = "cache")]
pub mod cached;
mod erased;
mod error;
mod figures;
mod invalidation;
mod limit;
pub mod memory;
mod moving;
#[cfg(feature = "mysql")]
pub mod mysql;
mod open;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "redis")]
pub mod redis;
mod scan;
mod sealed;
mod shared;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod sql;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod terms;

#[cfg(all(feature = "audit", any(feature = "postgres", feature = "mysql")))]
pub(crate) use sql::server::shown_place;

pub use answer::{Changed, Created, Page, Replaced, Replacement};
pub use any::AnyStore;
pub(crate) use erased::{Command, ErasedStore};
pub use error::{StoreError, StoreErrorKind};
pub use figures::CacheFigures;
pub use invalidation::{Announcer, Announcing, Invalidation, Invalidations};
pub use limit::Candidate;
pub use moving::{Moving, Progress};
pub use open::open;
pub use scan::{Cursor, Scanned};
pub use sealed::Sealed;
pub use terms::{Epoch, Terms};

use std::{future::Future, sync::Arc, time::Duration};

use crate::{
    clock::Timestamp,
    record::{Change, Record, SessionId},
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
    /// If it belongs to a user, the terms are held to in the same step. Where they name an epoch, it
    /// must be the user's still. His other live sessions are counted, and either enough of them end
    /// or nothing is kept ([`Limit::evictions`](crate::Limit::evictions) decides). An expired session
    /// keeps its id taken until it is deleted. A passed epoch is told before a reached limit, and
    /// that before a taken id.
    fn create(
        &self,
        record: Record,
        terms: Terms,
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

    /// The answer of [`load`](Self::load), past whatever this store remembers of earlier ones. The same as
    /// `load`, but for a store with a [staleness](Self::staleness).
    fn load_fresh(
        &self,
        id: SessionId,
        now: Timestamp,
    ) -> impl Future<Output = Result<Option<Arc<Record>>, StoreError>> + Send {
        self.load(id, now)
    }

    /// How old an answer of [`load`](Self::load) may be: `None`, unless this store remembers answers. It may
    /// remember sessions, but never that one was not there.
    fn staleness(&self) -> Option<Duration> {
        None
    }

    /// What this store remembers of a session that was alive at most `age` ago and has not been
    /// heard to have ended since: for reading while the truth is out of reach, and for nothing else.
    /// A store that remembers nothing keeps to `None`.
    fn remembered(&self, id: SessionId, age: Duration, now: Timestamp) -> Option<Arc<Record>> {
        let _ = (id, age, now);
        None
    }

    /// Asks this store to remember sessions for so long, as somebody means to ask for
    /// [`remembered`](Self::remembered) ones.
    fn remember_for(&self, age: Duration) {
        let _ = age;
    }

    /// How often [`load`](Self::load) was answered out of memory. A store that remembers nothing keeps to `None`; one that
    /// stands in front of another passes on what that one says.
    fn cache_figures(&self) -> Option<CacheFigures> {
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
    /// [inherits](Record::inherit) from the old, the change is applied to it, the terms are held to
    /// (`old` does not count), and the old one ends. The user never has neither, and nobody
    /// is told of the new id before the old one has ended.
    fn replace(
        &self,
        old: SessionId,
        new: Replacement,
        terms: Terms,
        now: Timestamp,
    ) -> impl Future<Output = Result<Replaced, StoreError>> + Send;

    /// Ends a session. Says whether it was alive; to end it again is no error.
    fn revoke(&self, id: SessionId, now: Timestamp) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Ends all sessions of a user, but for `except`, and begins a new [`Epoch`] for him. Says which
    /// were alive.
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

    /// The epoch that a user is in. It is not that any more when one of his sessions may have been
    /// ended by [`revoke_user`](Self::revoke_user) in between.
    ///
    /// A store may forget that a user has left the epoch in which everybody begins, but not within
    /// an [hour](Epoch::REMEMBERED).
    fn epoch(&self, user: &str, now: Timestamp) -> impl Future<Output = Result<Epoch, StoreError>> + Send;

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

    /// Whether the engine deletes what has expired by itself. Then [`sweep`](Self::sweep) finds
    /// nothing, and answers 0.
    fn expires_by_itself(&self) -> bool {
        false
    }

    /// A part of all live sessions, of every user and of none, and where the next part begins: for moving
    /// them elsewhere. About `size` of them. What is there from the first part to the last is told at least
    /// once.
    fn scan(
        &self,
        from: Option<Cursor>,
        size: usize,
        now: Timestamp,
    ) -> impl Future<Output = Result<Scanned, StoreError>> + Send;

    /// Listens to the ids of sessions that end, on every node: each is announced in the same atomic
    /// step as the end itself, by whichever verb that is. It is a hint: whoever hears an id asks the
    /// store. Sessions that expire by time are not announced.
    ///
    /// While nothing ends, a heartbeat comes about once in `heartbeat`, by the same way as the
    /// announcements do: whoever hears none for longer is cut off. When this answers, the listening
    /// has begun: what ends from now on is heard.
    fn invalidations(&self, heartbeat: Duration) -> impl Future<Output = Result<Invalidations, StoreError>> + Send;
}
