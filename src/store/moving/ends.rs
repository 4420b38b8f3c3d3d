//! How sessions end while they may be in either store: in the old one first, then in the new one.

use std::collections::BTreeSet;

use super::Moving;
use crate::{
    clock::Timestamp,
    record::SessionId,
    store::{Epoch, SessionStore, StoreError, Terms},
};

impl<A: SessionStore, B: SessionStore> Moving<A, B> {
    /// Ends a session in both stores. Says whether it was alive.
    pub(super) async fn end(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        if self.from.revoke(id, now).await? {
            self.to.revoke(id, now).await?;
            return Ok(true);
        }
        let is_dead = self.to.load_fresh(id, now).await?.is_some_and(|record| record.in_transit());
        Ok(self.to.revoke(id, now).await? && !is_dead)
    }

    /// The terms on which the new store is to keep a session, given those that were read from both. Where
    /// the epoch has passed they name one that never comes, so that the new store refuses them in its turn.
    ///
    /// Whoever ends all of a user's sessions begins an epoch in the new store last. So either that is
    /// passed when the session is to be kept there, or the session is kept before, and ends with the others.
    pub(super) async fn terms_there(
        &self,
        user: Option<&str>,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Terms, StoreError> {
        let (Some(user), Some(epoch)) = (user, terms.epoch) else { return Ok(terms) };
        let (here, there) = (self.from.epoch(user, now).await?, self.to.epoch(user, now).await?);
        let never = Epoch::from_number(there.number() ^ (1 << 63));
        Ok(Terms { epoch: Some(if both(here, there) == epoch { there } else { never }), ..terms })
    }
}

/// One epoch out of two: it is another when either is.
pub(super) const fn both(here: Epoch, there: Epoch) -> Epoch {
    Epoch::from_number(here.number().rotate_left(32) ^ there.number())
}

/// What has ended in either store, each id once, without the copies that were dead already.
pub(super) fn all(here: Vec<SessionId>, there: Vec<SessionId>, dead: &[SessionId]) -> Vec<SessionId> {
    let here: BTreeSet<SessionId> = here.into_iter().collect();
    let there = there.into_iter().filter(|id| !dead.contains(id));
    let ended: BTreeSet<SessionId> = there.chain(here.iter().copied()).collect();
    ended.into_iter().collect()
}
