//! The verbs that take several statements, as steps of one transaction.

use std::sync::Arc;

use sqlx::{Sqlite, SqlitePool, Transaction};
use tokio::sync::{Mutex, MutexGuard};

use super::statement;
use crate::{
    clock::Timestamp,
    record::{Change, Record, SessionId},
    store::{Changed, Created, Replaced, Replacement, StoreError, Terms, sql::Room},
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
        terms: Terms,
        now: Timestamp,
    ) -> Result<Created, StoreError> {
        let evicted = match self.room(record, None, terms, now).await? {
            Room::For(evicted) => evicted,
            Room::LimitReached => return Ok(Created::LimitReached),
            Room::EpochPassed => return Ok(Created::EpochPassed),
        };
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
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let Some(present) = statement::select(&mut *self.transaction, old, now).await? else {
            return Ok(Replaced::Gone);
        };
        let record = match new.succeeding(&present) {
            Ok(record) => record,
            Err(refused) => return Ok(Replaced::Refused(refused)),
        };
        let evicted = match self.room(&record, Some(old), terms, now).await? {
            Room::For(evicted) => evicted,
            Room::LimitReached => return Ok(Replaced::LimitReached),
            Room::EpochPassed => return Ok(Replaced::EpochPassed),
        };
        if !statement::insert(&mut *self.transaction, &record).await? {
            return Ok(Replaced::IdTaken);
        }
        self.end(&[old], now).await?;
        self.end(&evicted, now).await?;
        Ok(Replaced::Done { record: Arc::new(record), evicted })
    }

    /// Says whether it was alive.
    pub(super) async fn revoke(&mut self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        let alive = statement::delete(&mut *self.transaction, id, now).await?;
        if alive.is_some() {
            statement::announce(&mut *self.transaction, id, now).await?;
        }
        Ok(alive.unwrap_or(false))
    }

    pub(super) async fn revoke_user(
        &mut self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        statement::next_epoch(&mut *self.transaction, user, now).await?;
        let ended = statement::delete_user(&mut *self.transaction, user, except, now).await?;
        self.announce(&ended, now).await?;
        Ok(ended)
    }

    pub(super) async fn revoke_device(
        &mut self,
        user: &str,
        device: &str,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        let ended = statement::delete_device(&mut *self.transaction, user, device, now).await?;
        self.announce(&ended, now).await?;
        Ok(ended)
    }

    /// Says how many have been deleted; forgets what else is old if these were the last.
    pub(super) async fn sweep(&mut self, now: Timestamp, batch: usize) -> Result<usize, StoreError> {
        let swept = statement::delete_expired(&mut *self.transaction, now, batch).await?;
        if swept < batch {
            statement::delete_users(&mut *self.transaction, now, MOST_FORGOTTEN).await?;
            statement::prune(&mut *self.transaction, now, MOST_FORGOTTEN).await?;
        }
        Ok(swept)
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        self.transaction.commit().await.map_err(StoreError::unavailable)
    }

    /// Who has to go for one more session of this user.
    async fn room(
        &mut self,
        new: &Record,
        old: Option<SessionId>,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Room, StoreError> {
        let Some(user) = new.user().filter(|_| terms.bind(new)) else { return Ok(Room::For(Vec::new())) };
        if let Some(expected) = terms.epoch
            && statement::epoch(&mut *self.transaction, user).await? != expected
        {
            return Ok(Room::EpochPassed);
        }
        if terms.limit.max == 0 {
            return Ok(Room::For(Vec::new()));
        }
        let mut live = statement::candidates(&mut *self.transaction, user, now).await?;
        live.retain(|session| Some(session.id) != old);
        Ok(terms.limit.evictions(live).map_or(Room::LimitReached, Room::For))
    }

    async fn end(&mut self, ids: &[SessionId], now: Timestamp) -> Result<(), StoreError> {
        for id in ids {
            statement::delete(&mut *self.transaction, *id, now).await?;
        }
        self.announce(ids, now).await
    }

    async fn announce(&mut self, ids: &[SessionId], now: Timestamp) -> Result<(), StoreError> {
        for id in ids {
            statement::announce(&mut *self.transaction, *id, now).await?;
        }
        Ok(())
    }
}

const MOST_FORGOTTEN: usize = 1_000;
