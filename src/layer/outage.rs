use std::time::Duration;

use crate::store::StoreErrorKind;

/// What becomes of a request whose session cannot be looked up, because the store is unavailable or
/// does not answer within its deadline.
///
/// ```
/// use countersign::{CachedStore, KeyRing, MemoryStore, Outage, SessionLayer, Sessions};
/// use std::time::Duration;
///
/// let sessions = Sessions::new(KeyRing::generate()?, CachedStore::new(MemoryStore::new()));
/// let layer = SessionLayer::new(sessions).outage(Outage::StaleFor(Duration::from_secs(5 * 60)));
/// # Ok::<(), countersign::KeyError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outage {
    /// 503 with `Retry-After`. An outage logs nobody out, but nobody gets in either.
    #[default]
    Closed,
    /// The session can be read as it was remembered, if it was alive at most so long ago. Needs a
    /// store that remembers, as [`CachedStore`](crate::CachedStore) does; with every other one this
    /// is the same as `Closed`, and so it is for a session that this node has not seen of late.
    ///
    /// **What it costs.** A session that is ended during the outage, and one whose end this node has
    /// not heard of, goes on being readable here for at most so long. The same holds of roles that
    /// were taken away, and of a secret that was replaced: whoever stole one reads as long. Nobody
    /// else gets in: signature, secret and expiry are checked as ever, and nobody is refused on what
    /// is merely remembered: that is a 503.
    ///
    /// The session's upkeep waits for the store. What a handler writes is stored, or the answer is
    /// 503; log-in, rotation and log-out are errors. A handler can see it by
    /// [`Session::is_stale`](crate::Session::is_stale), and
    /// [`Event::ServedStale`](crate::Event::ServedStale) tells of each such request. Each still waits
    /// for the store first, until its deadline (`store_deadline`) if the store hangs.
    StaleFor(Duration),
}

impl Outage {
    /// How old a session may be that takes the place of an answer which failed in this way.
    pub(super) const fn tolerates(self, kind: StoreErrorKind) -> Option<Duration> {
        match (self, kind) {
            (Self::StaleFor(age), StoreErrorKind::Unavailable | StoreErrorKind::Timeout) => Some(age),
            _ => None,
        }
    }
}
