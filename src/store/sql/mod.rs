//! What the stores that speak SQL have in common: how a record and its neighbours become columns,
//! and what a change can save itself.

mod newer;
#[cfg(any(feature = "sqlite", feature = "mysql"))]
mod outbox;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(super) mod server;

pub(super) use newer::NewerSchema;
#[cfg(any(feature = "sqlite", feature = "mysql"))]
pub(super) use outbox::{Announced, KEPT, MOST, Window, follow};

use std::{future::Future, sync::Arc};

use super::{Candidate, Cursor, Epoch, Scanned, StoreError};
use crate::{
    clock::Timestamp,
    record::{Change, Record, SessionId},
};

/// A record as a column: JSON.
pub(super) fn json(record: &Record) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(record).map_err(StoreError::corrupt)
}

/// A record out of its column.
pub(super) fn record(json: &[u8]) -> Result<Record, StoreError> {
    serde_json::from_slice(json).map_err(StoreError::corrupt)
}

pub(super) fn session_id(bytes: &[u8]) -> Result<SessionId, StoreError> {
    bytes.try_into().map(SessionId::from_bytes).map_err(StoreError::corrupt)
}

pub(super) fn session_ids(all: &[Vec<u8>]) -> Result<Vec<SessionId>, StoreError> {
    all.iter().map(|id| session_id(id)).collect()
}

/// An instant, as SQL can keep it: what lies beyond its 63 bits is as good as for ever.
pub(super) fn integer(instant: Timestamp) -> i64 {
    i64::try_from(instant.as_millis()).unwrap_or(i64::MAX)
}

/// How many rows at most: there are never more than fit.
pub(super) fn rows(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn timestamp(integer: i64) -> Timestamp {
    Timestamp::from_millis(u64::try_from(integer).unwrap_or(0))
}

/// The epoch of a user of whom there is a row, or none.
pub(super) fn epoch(found: Option<i64>) -> Epoch {
    Epoch::from_number(found.and_then(|number| u64::try_from(number).ok()).unwrap_or(0))
}

/// Of users whose epoch began before this instant, nothing need be known any more.
pub(super) fn forgotten(now: Timestamp) -> i64 {
    let remembered = i64::try_from(Epoch::REMEMBERED.as_millis()).unwrap_or(i64::MAX);
    integer(now).saturating_sub(remembered)
}

/// A live session, as far as a limit must know it: id, when it was created, when it was last used.
pub(super) fn candidates(rows: &[(Vec<u8>, i64, i64)]) -> Result<Vec<Candidate>, StoreError> {
    let candidate = |(id, created_at, last_seen_at): &(Vec<u8>, i64, i64)| {
        let (created_at, last_seen_at) = (timestamp(*created_at), timestamp(*last_seen_at));
        Ok(Candidate { id: session_id(id)?, created_at, last_seen_at })
    };
    rows.iter().map(candidate).collect()
}

/// What a change makes of the session as whoever made it has last seen it. `None` if he does not say,
/// or if it does not fit: then another request may have made it fit, and the session must be read.
///
/// What has been seen may be out of date. It counts only if the statement that writes it finds the
/// session at the same revision.
pub(super) fn foreseen(id: SessionId, change: &Change) -> Option<(u32, Record)> {
    let seen = change.seen().filter(|seen| seen.id() == id && !change.is_empty())?;
    let mut record = Record::clone(seen);
    record.apply(change).ok()?;
    Some((seen.revision(), record))
}

/// Whether there is room for one more session of a user.
pub(super) enum Room {
    /// If these end.
    For(Vec<SessionId>),
    LimitReached,
    EpochPassed,
}

/// After which id a part of a scan begins: every id is greater than the empty one.
pub(super) fn scanned_before(from: Option<Cursor>) -> Result<Vec<u8>, StoreError> {
    match from {
        None => Ok(Vec::new()),
        Some(cursor) if cursor.as_bytes().len() == SessionId::BYTES => Ok(cursor.as_bytes().to_vec()),
        Some(_) => Err(StoreError::corrupt("not a cursor of ours")),
    }
}

/// A part of a scan out of its rows, which are ordered by id. Ids are random: how far the last one lies
/// on the way from the least to the greatest is how much is done. What cannot be read is passed over.
pub(super) fn scanned(rows: &[(Vec<u8>, Vec<u8>)], size: usize) -> Scanned {
    let next = rows.last().filter(|_| rows.len() >= size).map(|(id, _)| Cursor::new(id.as_slice()));
    let leading = next.as_ref().and_then(|next| next.as_bytes().first_chunk()).copied().map(u32::from_be_bytes);
    let records = rows.iter().filter_map(|(_, json)| record(json).ok()).map(Arc::new).collect();
    Scanned { records, next, done: leading.map_or(1.0, |leading| f64::from(leading) / f64::from(u32::MAX)) }
}

/// A page of `size` records, although some of them may be unreadable. `ask` is asked for the first so
/// many rows of what follows; it is asked again, for more, if too few could be read.
pub(super) async fn readable<F>(size: usize, ask: impl Fn(usize) -> F) -> Result<Vec<Arc<Record>>, StoreError>
where
    F: Future<Output = Result<Vec<Vec<u8>>, StoreError>>,
{
    let mut asked = size;
    loop {
        let found = ask(asked).await?;
        let mut readable: Vec<_> = found.iter().filter_map(|json| record(json).ok()).map(Arc::new).collect();
        if found.len() < asked || readable.len() >= size {
            readable.truncate(size);
            return Ok(readable);
        }
        asked += size - readable.len();
    }
}
