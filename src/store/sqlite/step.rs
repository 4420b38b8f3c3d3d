//! The verbs that take several statements, as steps of one transaction.

use std::sync::Arc;

use sqlx::{Sqlite, SqlitePool, Transaction};
use tokio::sync::{Mutex, MutexGuard};

use super::statement;
use crate::{
    clock::Timestamp,
    config::Limit,
    record::{Change, Record, SessionId},
    store::{Changed, Created, Replaced, Replacement, StoreError},
};

/// One atomic step. Nothing of it is seen, nor kept, unless it is [committed](Self::commit);
/// dropped before that, wherever it may be, it has not happened.
///
/// Each verb refuses before it writes: a step that was refused has nothing to undo.
pub(super) struct Step<'a> {
    // Dropped, and so rolled back, before the turn is passed on.
    transaction: Transaction<'static, Sqlite>,
    _turn: MutexGuard<'a, ()>,
}

impl<'a> Step<'a> {
    /// Begins, when it is its turn.
    pub(super) async fn begin(writer: &SqlitePool, turn: &'a Mutex<()>) -> Result<Self, StoreError> {
        let turn = turn.lock().await;
        // At once a writer: a reader that became one could find that others have written since.
        let transaction = writer.begin_with("BEGIN IMMEDIATE").await.map_err(StoreError::unavailable)?;
        Ok(Self { transaction, _turn: turn })
    }

    pub(super) async fn create(
        &mut self,
        record: &Record,
        limit: Limit,
        now: Timestamp,
    ) -> Result<Created, StoreError> {
        let Some(evicted) = self.room(record, None, limit, now).await? else { return Ok(Created::LimitReached) };
        if !statement::insert(&mut *self.transaction, record).await? {
            return Ok(Created::IdTaken);
        }
        self.end(&evicted, now).await?;
        Ok(Created::Kept { evicted })
    }

    pub(super) async fn change(
        &mut self,
        id: SessionId,
        change: &Change,
        now: Timestamp,
    ) -> Result<Changed, StoreError> {
        let Some(before) = statement::select(&mut *self.transaction, id, now).await? else { return Ok(Changed::Gone) };
        let mut after = before.clone();
        if let Err(refused) = after.apply(change) {
            return Ok(Changed::Refused(refused));
        }
        if after != before {
            statement::update(&mut *self.transaction, &after).await?;
        }
        Ok(Changed::Merged(Arc::new(after)))
    }

    pub(super) async fn replace(
        &mut self,
        old: SessionId,
        new: Replacement,
        limit: Limit,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let Some(present) = statement::select(&mut *self.transaction, old, now).await? else {
            return Ok(Replaced::Gone);
        };
        let record = match new.succeeding(&present) {
            Ok(record) => record,
            Err(refused) => return Ok(Replaced::Refused(refused)),
        };
        let Some(evicted) = self.room(&record, Some(old), limit, now).await? else {
            return Ok(Replaced::LimitReached);
        };
        if !statement::insert(&mut *self.transaction, &record).await? {
            return Ok(Replaced::IdTaken);
        }
        self.end(&[old], now).await?;
        self.end(&evicted, now).await?;
        Ok(Replaced::Done { record: Arc::new(record), evicted })
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        self.transaction.commit().await.map_err(StoreError::unavailable)
    }

    /// Who has to go for one more session of this user: `None` if it is to be refused.
    async fn room(
        &mut self,
        new: &Record,
        old: Option<SessionId>,
        limit: Limit,
        now: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let Some(user) = new.user().filter(|_| limit.max > 0) else { return Ok(Some(Vec::new())) };
        let mut live = statement::candidates(&mut *self.transaction, user, now).await?;
        live.retain(|session| Some(session.id) != old);
        Ok(limit.evictions(live))
    }

    async fn end(&mut self, ids: &[SessionId], now: Timestamp) -> Result<(), StoreError> {
        for id in ids {
            statement::delete(&mut *self.transaction, *id, now).await?;
        }
        Ok(())
    }
}
