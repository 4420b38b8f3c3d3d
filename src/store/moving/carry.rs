//! The steps by which a session moves, in the order that the head of this folder argues for.

use std::sync::Arc;

use super::Moving;
use crate::{
    clock::Timestamp,
    config::{Limit, WhenFull},
    key::random_bytes,
    record::{Change, ChangeRefused, Record, SessionId},
    store::{Changed, Created, Page, SessionStore, StoreError, Terms},
};

/// Where a session is after all that could be done to move it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carried {
    /// In the new store: it has arrived by this.
    Arrived,
    /// The old store has it not (any more): it is in the new one, or nowhere.
    WasNotThere,
}

impl<A: SessionStore, B: SessionStore> Moving<A, B> {
    /// Moves a session, or finishes a move that somebody has begun. When this returns, the old store has it
    /// not any more.
    pub(super) async fn carry(&self, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
        self.carried(id, now).await.map(drop)
    }

    pub(super) async fn carried(&self, id: SessionId, now: Timestamp) -> Result<Carried, StoreError> {
        for _ in 0..TRIES {
            let Some(frozen) = self.freeze(id, now).await? else { return Ok(Carried::WasNotThere) };
            let Some(copy) = self.copy(&frozen, now).await? else { continue };
            if copy.in_transit() {
                // Verify: only now, as the copy's revision is known.
                if self.from.load_fresh(id, now).await?.is_none() {
                    self.bury(id, now).await?;
                    return Ok(Carried::WasNotThere);
                }
                if !self.thaw(&copy, now).await? {
                    continue;
                }
            }
            self.from.revoke(id, now).await?;
            return Ok(Carried::Arrived);
        }
        Err(StoreError::unavailable(format!("the move of session {id} does not come to an end: try again")))
    }

    /// Moves all sessions of a user, and clears away what is dead of his, so that what is in the new
    /// store is all that he has.
    pub(super) async fn carry_user(&self, user: Option<&str>, now: Timestamp) -> Result<(), StoreError> {
        let Some(user) = user else { return Ok(()) };
        loop {
            let left = self.from.list(user, FIRST_PAGE, now).await?;
            if left.is_empty() {
                break;
            }
            for record in left {
                self.carry(record.id(), now).await?;
            }
        }
        for id in self.dead(user, now).await? {
            self.bury(id, now).await?;
        }
        Ok(())
    }

    /// Marks a session in the old store as in transit: it does not change there any more.
    async fn freeze(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        loop {
            let Some(record) = self.from.load_fresh(id, now).await? else { return Ok(None) };
            if record.in_transit() {
                return Ok(Some(record));
            }
            if let Some(name) = record.withheld().next() {
                let problem = format!("`{name}` of session {id} is withheld, and would be lost if it moved");
                return Err(StoreError::corrupt(problem));
            }
            // One who freezes is enough: another's second mark would only raise the revision.
            let mut change = Change::new();
            change.set_transit(true);
            change.expect(record.revision());
            match self.from.change(id, change, now).await? {
                Changed::Merged(frozen) => return Ok(Some(frozen)),
                Changed::Gone => return Ok(None),
                Changed::Refused(_) => {}
            }
        }
    }

    /// The copy in the new store, made now or before. `None` if it was there and is not any more.
    async fn copy(&self, frozen: &Record, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        if let Some(copy) = self.to.load_fresh(frozen.id(), now).await? {
            return Ok(Some(copy));
        }
        let copy = frozen.copied(u32::from_be_bytes(random_bytes().map_err(StoreError::unavailable)?));
        match self.to.create(copy.clone(), NO_TERMS, now).await? {
            Created::Kept { .. } => Ok(Some(Arc::new(copy))),
            Created::IdTaken => self.to.load_fresh(frozen.id(), now).await,
            Created::LimitReached | Created::EpochPassed => {
                Err(StoreError::unavailable("a store has refused a session on terms that nobody has made"))
            }
        }
    }

    /// Takes the mark off this copy, and off no other. `false` if it is not there any more as it was.
    async fn thaw(&self, copy: &Record, now: Timestamp) -> Result<bool, StoreError> {
        let mut change = Change::new();
        change.expect(copy.revision());
        change.set_transit(false);
        match self.to.change(copy.id(), change, now).await? {
            Changed::Merged(_) => Ok(true),
            Changed::Gone | Changed::Refused(ChangeRefused::Outdated) => Ok(false),
            Changed::Refused(refused) => Err(StoreError::unavailable(refused)),
        }
    }

    /// Sweeps away a copy that is dead. To be called when the old store has the session not: then what is
    /// marked stays marked.
    pub(super) async fn bury(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        match self.to.load_fresh(id, now).await? {
            Some(copy) if copy.in_transit() => self.to.revoke(id, now).await,
            _ => Ok(false),
        }
    }

    /// The user's marked copies. Those are dead that the old store has not.
    pub(super) async fn dead(&self, user: &str, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        let (mut dead, mut page) = (Vec::new(), FIRST_PAGE);
        loop {
            let listed = self.to.list(user, page, now).await?;
            dead.extend(listed.iter().filter(|record| record.in_transit()).map(|record| record.id()));
            match listed.last() {
                Some(last) if listed.len() >= page.size => page.after = Some(last.id()),
                _ => return Ok(dead),
            }
        }
    }
}

/// Each try but the last was overtaken by somebody else.
const TRIES: u32 = 64;
const FIRST_PAGE: Page = Page { after: None, size: 100 };
const NO_TERMS: Terms = Terms { limit: Limit { max: 0, when_full: WhenFull::Reject }, epoch: None };
