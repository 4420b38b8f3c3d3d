//! The move of everything that is alive.

use super::{Moving, carry::Carried, several::Several};
use crate::{
    clock::Clock,
    record::SessionId,
    store::{SessionStore, StoreError},
};

/// How far a [move](Moving::run) has come.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Sessions that have arrived in the new store by this run.
    pub moved: u64,
    /// Sessions that ended, or were moved by others, before it was their turn; and copies of ended ones
    /// that were swept away.
    pub gone: u64,
    /// Times that a session could not be moved. It is tried again as long as others can.
    pub failed: u64,
    /// How much of the old store lies behind, from 0 to 1; an estimate. It begins anew with each time that the
    /// store is gone through, of which the last finds nothing.
    pub done: f64,
}

impl<A: SessionStore, B: SessionStore> Moving<A, B> {
    /// Moves every live session, `parallel` at a time, until nothing is left in the old store and nothing
    /// is unfinished in the new one; tells `progress` after each part. Any number of these may run at once;
    /// one that was stopped, anywhere, is run again.
    ///
    /// When it has returned, and every node is behind the two stores, no session comes to the old one any more: the new
    /// one can be used alone.
    ///
    /// # Errors
    /// If a store fails; or if, at last, there are sessions that cannot be moved: the error is that of the last of
    /// them. All others have moved then.
    pub async fn run(
        &self,
        clock: &Clock,
        parallel: usize,
        mut progress: impl FnMut(Progress),
    ) -> Result<Progress, StoreError> {
        let mut so_far = Progress::default();
        loop {
            let (moved, mut failed) = (so_far.moved + so_far.gone, None);
            so_far.done = 0.0;
            let mut next = None;
            loop {
                let part = self.from.scan(next, PART, clock.now()).await?;
                let ids = part.records.iter().map(|record| record.id()).collect();
                failed = self.carry_all(ids, clock, parallel, &mut so_far).await.or(failed);
                so_far.done = part.done;
                progress(so_far);
                next = part.next;
                if next.is_none() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            match failed {
                _ if moved < so_far.moved + so_far.gone => {}
                Some(error) => return Err(error),
                None => break,
            }
        }
        self.bury_all(clock, &mut so_far).await?;
        so_far.done = 1.0;
        progress(so_far);
        Ok(so_far)
    }

    /// Moves these. Answers with the last error, if there was one.
    async fn carry_all(
        &self,
        ids: Vec<SessionId>,
        clock: &Clock,
        parallel: usize,
        so_far: &mut Progress,
    ) -> Option<StoreError> {
        let (mut ids, mut several, mut failed) = (ids.into_iter(), Several::new(), None);
        loop {
            while several.len() < parallel.max(1) {
                let Some(id) = ids.next() else { break };
                several.add(self.carried(id, clock.now()));
            }
            match several.next().await {
                Some(Ok(Carried::Arrived)) => so_far.moved += 1,
                Some(Ok(Carried::WasNotThere)) => so_far.gone += 1,
                Some(Err(error)) => {
                    tracing::warn!(%error, "a session was not moved");
                    so_far.failed += 1;
                    failed = Some(error);
                }
                None => return failed,
            }
        }
    }

    /// Sweeps away what is marked in the new store, once the old one has nothing: all of it is dead.
    async fn bury_all(&self, clock: &Clock, so_far: &mut Progress) -> Result<(), StoreError> {
        let mut next = None;
        loop {
            let part = self.to.scan(next, PART, clock.now()).await?;
            for record in part.records.iter().filter(|record| record.in_transit()) {
                self.carry(record.id(), clock.now()).await?;
                if self.bury(record.id(), clock.now()).await? {
                    so_far.gone += 1;
                }
            }
            next = part.next;
            if next.is_none() {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
    }
}

/// So many sessions are looked at in one go.
const PART: usize = 500;
