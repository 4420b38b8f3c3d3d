//! What was loaded, remembered for a moment: in front of any store.

mod entries;
mod figures;
mod hearing;
mod listener;
mod verbs;

use std::{fmt, sync::Arc, time::Duration};

use super::{Invalidations, SessionStore};
use crate::record::SessionId;
use entries::Entries;
use figures::Figures;
use listener::Listener;

/// A store that remembers what another one has answered, so that most requests ask nobody.
///
/// **The bound.** Once `revoke` (or any verb that ends sessions) has returned, on whichever node,
/// no node accepts that session later than [`staleness`](Self::staleness) afterwards, whatever
/// becomes of the announcements. While they arrive, it is usually a matter of milliseconds; on the
/// node that ended the session it is at once.
///
/// The same bound holds for everything else: what another node has written is seen here at the
/// latest after `staleness`: a secret that was followed by another there is honoured here for so long,
/// should its grace be shorter than that. A node sees its own writes at once. No refusal rests on a
/// remembered answer, and no change of roles: [`Sessions`](crate::Sessions) asks the store again first.
///
/// How it is kept:
///
/// - An entry is as old as the question that it answers, by a clock that nobody sets and by the
///   caller's. It is never served when older than `staleness`. (What a machine sleeps counts as soon as its
///   wall clock has been put right.)
/// - It is served only while the store's [announcements](SessionStore::invalidations) are known to
///   arrive. If nothing was heard for as long as `staleness`, nothing is remembered until they do.
/// - An answer that was on its way while the session ended, or changed, is not remembered.
/// - That a session is unknown is never remembered.
///
/// The cache begins to work with the first load inside a Tokio runtime, as that starts the task
/// which listens. It ends with the store.
///
/// ```
/// use countersign::{CachedStore, KeyRing, MemoryStore, Sessions};
/// use std::time::Duration;
///
/// // In place of the MemoryStore, which needs no cache: a database.
/// let store = CachedStore::new(MemoryStore::new()).staleness(Duration::from_secs(1));
/// let sessions = Sessions::new(KeyRing::generate()?, store);
/// # Ok::<(), countersign::KeyError>(())
/// ```
pub struct CachedStore<S> {
    inner: Arc<S>,
    entries: Arc<Entries>,
    figures: Figures,
    listener: Listener,
    staleness: Duration,
    capacity: usize,
}

impl<S: SessionStore> CachedStore<S> {
    /// The smallest [`staleness`](Self::staleness) of a cache: 100 ms.
    pub const LEAST_STALENESS: Duration = LEAST_STALENESS;

    /// In front of this store, with a staleness of 2 s and room for 100,000 sessions.
    #[must_use]
    pub fn new(store: S) -> Self {
        Self::over(Arc::new(store), DEFAULT_STALENESS, DEFAULT_CAPACITY)
    }

    /// How old an answer may be: 2 s. Less than [100 ms](Self::LEAST_STALENESS) is of no use; then
    /// each load asks the store, and sessions are remembered only for
    /// [outages](crate::SessionLayer::outage).
    ///
    /// To be called before the store is used: what it remembers is forgotten.
    #[must_use]
    pub fn staleness(self, staleness: Duration) -> Self {
        Self::over(self.inner, staleness, self.capacity)
    }

    /// How many sessions are remembered: 100,000. A session takes its record, which the store may
    /// share, and about 200 bytes.
    ///
    /// To be called before the store is used: what it remembers is forgotten.
    #[must_use]
    pub fn capacity(self, sessions: usize) -> Self {
        Self::over(self.inner, self.staleness, sessions)
    }

    /// The store behind it. What is changed through this is not noticed, but for announcements.
    #[must_use]
    pub fn inner(&self) -> &S {
        &self.inner
    }

    fn over(inner: Arc<S>, staleness: Duration, capacity: usize) -> Self {
        let room = u64::try_from(capacity).unwrap_or(u64::MAX);
        let entries = Entries::new(if_any(staleness).unwrap_or_default(), silence(staleness), room);
        let (entries, figures, listener) = (Arc::new(entries), Figures::default(), Listener::default());
        Self { inner, entries, figures, listener, staleness, capacity }
    }

    /// Listens, if nobody does.
    fn listen(&self) {
        if !self.entries.is_hearing() {
            self.listener.start(&self.inner, &self.entries, silence(self.staleness));
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for CachedStore<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedStore")
            .field("inner", &self.inner)
            .field("staleness", &self.staleness)
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

/// How old answers may be, if anything is to be remembered.
fn if_any(staleness: Duration) -> Option<Duration> {
    (staleness >= LEAST_STALENESS).then_some(staleness)
}

/// After so long without a heartbeat the announcements are cut off.
fn silence(staleness: Duration) -> Duration {
    if_any(staleness).unwrap_or(DEFAULT_STALENESS)
}

const LEAST_STALENESS: Duration = Duration::from_millis(100);
const DEFAULT_STALENESS: Duration = Duration::from_secs(2);
const DEFAULT_CAPACITY: usize = 100_000;
