//! A user's sessions out of both stores, each once.

use std::{collections::BTreeMap, sync::Arc};

use super::{Moving, read::as_it_lies};
use crate::{
    clock::Timestamp,
    record::{Record, SessionId},
    store::{Page, SessionStore, StoreError},
};

impl<A: SessionStore, B: SessionStore> Moving<A, B> {
    /// A page of the user's sessions. What the old store has must be the same before and after the new one is
    /// asked: then nothing has moved in between, and the two answers belong together. It becomes less
    /// and less, or frozen, so that it is so in the end.
    pub(super) async fn list_both(
        &self,
        user: &str,
        page: Page,
        now: Timestamp,
    ) -> Result<Vec<Arc<Record>>, StoreError> {
        let mut here = self.from.list(user, page, now).await?;
        loop {
            let there = self.live_there(user, page, now).await?;
            if !here.is_empty() {
                let again = self.from.list(user, page, now).await?;
                if places(&again) != places(&here) {
                    here = again;
                    continue;
                }
            }
            return Ok(merged(here, there, page.size));
        }
    }

    /// A page out of the new store, without what is marked there: that is dead, or known here.
    async fn live_there(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        let (mut live, mut asked) = (Vec::new(), page);
        loop {
            let part = self.to.list(user, asked, now).await?;
            asked.after = part.last().map(|record| record.id()).or(asked.after);
            let exhausted = part.len() < asked.size;
            live.extend(part.into_iter().filter(|record| !record.in_transit()));
            if exhausted || live.len() >= page.size {
                return Ok(live);
            }
        }
    }
}

/// Which sessions lie where, as far as the old store knows.
fn places(records: &[Arc<Record>]) -> Vec<(SessionId, bool)> {
    records.iter().map(|record| (record.id(), record.in_transit())).collect()
}

/// Both pages as one. What has arrived counts, whatever the old store says.
fn merged(here: Vec<Arc<Record>>, there: Vec<Arc<Record>>, size: usize) -> Vec<Arc<Record>> {
    let here = here.into_iter().map(as_it_lies);
    let all: BTreeMap<SessionId, Arc<Record>> = here.chain(there).map(|record| (record.id(), record)).collect();
    all.into_values().take(size).collect()
}
