//! Moving house: from one store to another while people come and go.
//!
//! Every node goes through both stores while the move lasts. What follows is why nobody is logged out by it,
//! nothing that was ended comes back, and no change is lost.
//!
//! # How one session moves
//!
//! | step | | |
//! |---|---|---|
//! | freeze | `from` | a change marks the session as in transit; from now on it refuses every other change there |
//! | copy | `to` | a copy is created, marked as well, at a revision that no other copy has |
//! | verify | `from` | the session is still there |
//! | thaw | `to` | a change takes the mark off that copy, expecting its revision: the commit point |
//! | leave | `from` | the session is revoked there |
//!
//! Anybody may take any step at any time, many at once; whoever meets a frozen session finishes its move first. All
//! copies are equal but for their revision, as what they are made from is frozen.
//!
//! # Who is right
//!
//! - `from` has it, not in transit: `from`.
//! - `from` has it in transit, `to` has it unmarked: `to`.
//! - `from` has it in transit, `to` has it marked or not at all: it is alive, as it lies frozen.
//! - `from` has it not: `to`, unless it is marked there; then it is dead for ever, and may be swept away.
//!
//! # Why what was ended stays ended
//!
//! No id ever comes to `from`: new sessions begin in `to`. What ends one session, or several, does so in
//! `from` first, then in `to`. If a late mover copies after that, its copy is marked, and must be thawed to
//! count. Whoever thaws a copy knew its revision before he verified; if the session was revoked after he
//! verified, then `to` was cleared after he knew the copy, so the copy whose revision he expects is gone, and
//! any other has another revision. If it was revoked before he verified, he does not thaw.
//!
//! `to` loses an unmarked session only after `from` has: by revocation in this order; by replacement and
//! eviction because these first move what they touch, to the last step; by time because the copy lives
//! at least as long. So "frozen here, missing there" always means that it has not arrived yet.

mod carry;
mod ends;
mod list;
mod read;
mod run;
mod several;
mod signs;

pub use run::Progress;

use std::{fmt, sync::Arc, time::Duration};

use super::{
    CacheFigures, Changed, Created, Cursor, Epoch, Invalidations, Page, Replaced, Replacement, Scanned, SessionStore,
    StoreError, Terms,
};
use crate::{
    clock::Timestamp,
    record::{Change, ChangeRefused, Record, SessionId},
};

/// Two stores, while sessions move from the one to the other.
///
/// Three deployments: this one in front of both stores, on all nodes; then, somewhere, [`run`](Self::run);
/// and when that has returned, the new store alone. Nobody is logged out, nothing that was revoked comes
/// back, no change is lost, and limits hold, whatever crashes on the way: `run` is run again.
///
/// ```
/// use std::sync::Arc;
/// use countersign::{Clock, KeyRing, MemoryStore, Moving, Sealed, Sessions};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let keys = KeyRing::generate()?;
/// // From plain text to a sealed store. (To move what is sealed as it is: Sealed over Moving.)
/// let moving = Arc::new(Moving::new(MemoryStore::new(), Sealed::new(MemoryStore::new(), &keys)));
/// let sessions = Sessions::new(keys, Arc::clone(&moving));
///
/// let progress = moving.run(&Clock::system(), 8, |progress| println!("{:.0} %", progress.done * 100.0)).await?;
/// assert_eq!(progress.failed, 0);
/// # Ok(()) }
/// ```
///
/// # While it lasts
///
/// - All nodes have to be behind it before the first session moves: a node that knows the old store alone does not
///   find what has begun or arrived in the new one. It answers 503 for a session that is under way.
/// - Both stores have to be up. A request asks the old one first, then the new one.
/// - A session's revision leaps when it arrives.
/// - [`revoke_user`](SessionStore::revoke_user) and [`revoke_device`](SessionStore::revoke_device) are two steps. One
///   whose future is dropped in between has ended some of the sessions.
/// - A session of which something is [withheld](Record::withheld) does not move by itself, as that would be lost;
///   `run` says so.
/// - A [cache](SessionStore::staleness) belongs in front of this, not behind it.
pub struct Moving<A, B> {
    from: A,
    to: B,
}

impl<A: SessionStore, B: SessionStore> Moving<A, B> {
    /// Both stores, the old one and the new one. By this alone nothing moves but the sessions of those who
    /// log in.
    pub const fn new(from: A, to: B) -> Self {
        Self { from, to }
    }

    /// The store that sessions move from.
    #[must_use]
    pub const fn from(&self) -> &A {
        &self.from
    }

    /// The store that sessions move to.
    #[must_use]
    pub const fn to(&self) -> &B {
        &self.to
    }
}

impl<A: SessionStore, B: SessionStore> SessionStore for Moving<A, B> {
    fn cache_figures(&self) -> Option<CacheFigures> {
        CacheFigures::of_both(self.from.cache_figures(), self.to.cache_figures())
    }

    /// The user's other sessions are pulled over first, so that the limit counts all of them.
    async fn create(&self, record: Record, terms: Terms, now: Timestamp) -> Result<Created, StoreError> {
        self.carry(record.id(), now).await?;
        self.carry_user(record.user(), now).await?;
        let terms = self.terms_there(record.user(), terms, now).await?;
        let again = record.clone();
        match self.to.create(record, terms, now).await? {
            // Perhaps it has counted a copy that is dead, of a mover who came late.
            Created::LimitReached if self.bury_dead(again.user(), now).await? => {
                self.to.create(again, terms, now).await
            }
            created => Ok(created),
        }
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        self.read(id, now, false).await
    }

    fn load_now(&self, id: SessionId, now: Timestamp) -> Option<Option<Arc<Record>>> {
        self.read_now(id, now)
    }

    async fn load_fresh(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        self.read(id, now, true).await
    }

    fn staleness(&self) -> Option<Duration> {
        self.from.staleness().max(self.to.staleness())
    }

    fn remembered(&self, id: SessionId, age: Duration, now: Timestamp) -> Option<Arc<Record>> {
        let there = self.to.remembered(id, age, now).filter(|record| !record.in_transit());
        there.or_else(|| self.from.remembered(id, age, now).map(read::as_it_lies))
    }

    fn remember_for(&self, age: Duration) {
        self.from.remember_for(age);
        self.to.remember_for(age);
    }

    fn expires_by_itself(&self) -> bool {
        self.from.expires_by_itself() && self.to.expires_by_itself()
    }

    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
        // What was seen may have been told with its mark taken off: no store may start from that.
        let change = change.having_seen_nothing();
        match self.from.change(id, change.clone(), now).await? {
            Changed::Gone => {}
            Changed::Refused(ChangeRefused::InTransit) => self.carry(id, now).await?,
            Changed::Refused(ChangeRefused::Outdated) => match self.from.load_fresh(id, now).await? {
                // It expects what the session is in the new store.
                Some(frozen) if frozen.in_transit() => self.carry(id, now).await?,
                Some(_) => return Ok(Changed::Refused(ChangeRefused::Outdated)),
                None => {}
            },
            changed => return Ok(changed),
        }
        match self.to.change(id, change, now).await? {
            // Marked, and the old store has it not: dead.
            Changed::Refused(ChangeRefused::InTransit) => Ok(Changed::Gone),
            Changed::Refused(ChangeRefused::Outdated) => match self.to.load_fresh(id, now).await? {
                Some(record) if !record.in_transit() => Ok(Changed::Refused(ChangeRefused::Outdated)),
                _ => Ok(Changed::Gone),
            },
            changed => Ok(changed),
        }
    }

    async fn replace(
        &self,
        old: SessionId,
        new: Replacement,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        self.carry(old, now).await?;
        self.carry(new.record.id(), now).await?;
        self.carry_user(new.record.user(), now).await?;
        let terms = self.terms_there(new.record.user(), terms, now).await?;
        let again = new.clone();
        let replaced = match self.to.replace(old, new, terms, now).await? {
            Replaced::LimitReached if self.bury_dead(again.record.user(), now).await? => {
                self.to.replace(old, again, terms, now).await?
            }
            replaced => replaced,
        };
        Ok(match replaced {
            Replaced::Refused(ChangeRefused::InTransit) => Replaced::Gone,
            replaced => replaced,
        })
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        self.end(id, now).await
    }

    async fn revoke_user(
        &self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        let ended = self.from.revoke_user(user, except, now).await?;
        let dead = self.dead(user, now).await?;
        Ok(ends::all(ended, self.to.revoke_user(user, except, now).await?, &dead))
    }

    async fn revoke_device(&self, user: &str, device: &str, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        let ended = self.from.revoke_device(user, device, now).await?;
        let dead = self.dead(user, now).await?;
        Ok(ends::all(ended, self.to.revoke_device(user, device, now).await?, &dead))
    }

    async fn epoch(&self, user: &str, now: Timestamp) -> Result<Epoch, StoreError> {
        let (here, there) = (self.from.epoch(user, now).await?, self.to.epoch(user, now).await?);
        Ok(ends::both(here, there))
    }

    async fn list(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        self.list_both(user, page, now).await
    }

    async fn sweep(&self, now: Timestamp, batch: usize) -> Result<usize, StoreError> {
        let swept = self.from.sweep(now, batch).await?;
        if swept >= batch {
            return Ok(swept);
        }
        Ok(swept + self.to.sweep(now, batch - swept).await?)
    }

    async fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Result<Scanned, StoreError> {
        self.scan_both(from, size, now).await
    }

    async fn invalidations(&self, heartbeat: Duration) -> Result<Invalidations, StoreError> {
        Ok(signs::merged(self.from.invalidations(heartbeat).await?, self.to.invalidations(heartbeat).await?))
    }
}

impl<A: fmt::Debug, B: fmt::Debug> fmt::Debug for Moving<A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Moving").field("from", &self.from).field("to", &self.to).finish()
    }
}
