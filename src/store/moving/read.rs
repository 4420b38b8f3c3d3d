//! Which of the two stores is right about a session.

use std::sync::Arc;

use super::Moving;
use crate::{
    clock::Timestamp,
    record::{Record, SessionId},
    store::{Cursor, Scanned, SessionStore, StoreError},
};

impl<A: SessionStore, B: SessionStore> Moving<A, B> {
    /// The session as it is, wherever it is. With `fresh`, past what the stores remember.
    pub(super) async fn read(
        &self,
        id: SessionId,
        now: Timestamp,
        fresh: bool,
    ) -> Result<Option<Arc<Record>>, StoreError> {
        let here = if fresh { self.from.load_fresh(id, now).await? } else { self.from.load(id, now).await? };
        match here {
            Some(record) if !record.in_transit() => return Ok(Some(record)),
            Some(_) => {}
            None => {
                let there = if fresh { self.to.load_fresh(id, now).await? } else { self.to.load(id, now).await? };
                // Past what is remembered: it may have arrived since.
                let there = match there {
                    Some(copy) if copy.in_transit() && !fresh => self.to.load_fresh(id, now).await?,
                    there => there,
                };
                return Ok(there.filter(|record| !record.in_transit()));
            }
        }
        let there = self.to.load_fresh(id, now).await?;
        match there.filter(|record| !record.in_transit()) {
            Some(arrived) => Ok(Some(arrived)),
            // Frozen before and after the other store was asked: so it has not arrived by then.
            None => match self.from.load_fresh(id, now).await? {
                Some(frozen) => Ok(Some(as_it_lies(frozen))),
                None => Ok(self.to.load_fresh(id, now).await?.filter(|record| !record.in_transit())),
            },
        }
    }

    /// The same without waiting, where both stores can say so, and nothing is under way.
    pub(super) fn read_now(&self, id: SessionId, now: Timestamp) -> Option<Option<Arc<Record>>> {
        match self.from.load_now(id, now)? {
            Some(record) if record.in_transit() => None,
            Some(record) => Some(Some(record)),
            None => Some(self.to.load_now(id, now)?.filter(|record| !record.in_transit())),
        }
    }

    /// The old store's sessions, then the new one's: one that moves meanwhile may be told twice.
    pub(super) async fn scan_both(
        &self,
        from: Option<Cursor>,
        size: usize,
        now: Timestamp,
    ) -> Result<Scanned, StoreError> {
        let (store, within) = match from.as_ref().map(Cursor::as_bytes) {
            None => (HERE, None),
            Some([store, within @ ..]) => (*store, (!within.is_empty()).then(|| Cursor::new(within))),
            Some([]) => return Err(StoreError::corrupt("not a cursor of ours")),
        };
        let next = |store: u8, within: Option<&Cursor>| {
            let mut bytes = vec![store];
            bytes.extend(within.into_iter().flat_map(Cursor::as_bytes));
            Cursor::new(bytes)
        };
        if store == HERE {
            let part = self.from.scan(within, size, now).await?;
            let mut records = Vec::with_capacity(part.records.len());
            for record in part.records {
                records.extend(if record.in_transit() {
                    self.read(record.id(), now, true).await?
                } else {
                    Some(record)
                });
            }
            let next = part.next.map_or_else(|| next(THERE, None), |cursor| next(HERE, Some(&cursor)));
            return Ok(Scanned { records, next: Some(next), done: part.done / 2.0 });
        }
        let mut part = self.to.scan(within, size, now).await?;
        // What is marked was told before, or is dead.
        part.records.retain(|record| !record.in_transit());
        Ok(Scanned { next: part.next.map(|cursor| next(THERE, Some(&cursor))), done: 0.5 + part.done / 2.0, ..part })
    }
}

/// A frozen session, as everybody else knows it.
pub(super) fn as_it_lies(record: Arc<Record>) -> Arc<Record> {
    if record.in_transit() { Arc::new(Arc::unwrap_or_clone(record).with_transit(false)) } else { record }
}

const HERE: u8 = 0;
const THERE: u8 = 1;
