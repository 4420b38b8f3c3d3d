//! The verbs that take several statements, as steps of one transaction.
//!
//! Locks are taken in the order user, then sessions. Whoever holds a user is alone with the beginnings of
//! his sessions and with what ends several of them; statements that follow see what others have
//! committed before.

use std::sync::Arc;

use sqlx::Postgres;

use super::statement;
use crate::{
    clock::Timestamp,
    record::{Change, Record, SessionId},
    store::{
        Changed, Created, Epoch, Replaced, Replacement, Terms,
        sql::{
            Room,
            server::{Failure, Line, Lines},
        },
    },
};

/// One atomic step. Nothing of it is seen, nor kept, unless it is [committed](Self::commit); dropped
/// before that, its connection is closed, and the server undoes it.
pub(super) struct Step {
    line: Line<Postgres>,
}

impl Step {
    pub(super) async fn begin(lines: &Lines<Postgres>) -> Result<Self, Failure> {
        let mut line = lines.line().await?;
        statement::begin(&mut line).await?;
        Ok(Self { line })
    }

    pub(super) async fn create(&mut self, record: &Record, terms: Terms, now: Timestamp) -> Result<Created, Failure> {
        let epoch = self.hold(record, now).await?;
        let evicted = match self.room(record, None, terms, epoch, now).await? {
            Room::For(evicted) => evicted,
            Room::LimitReached => return Ok(Created::LimitReached),
            Room::EpochPassed => return Ok(Created::EpochPassed),
        };
        if !statement::insert(&mut self.line, record).await? {
            return Ok(Created::IdTaken);
        }
        Ok(Created::Kept { evicted: self.end(&evicted).await? })
    }

    pub(super) async fn change(&mut self, id: SessionId, change: &Change, now: Timestamp) -> Result<Changed, Failure> {
        let Some(before) = statement::select_locked(&mut self.line, id, now).await? else { return Ok(Changed::Gone) };
        let mut after = before.clone();
        if let Err(refused) = after.apply(change) {
            return Ok(Changed::Refused(refused));
        }
        if after != before && !statement::update(&mut self.line, &after, before.revision(), now).await? {
            return Ok(Changed::Gone);
        }
        Ok(Changed::Merged(Arc::new(after)))
    }

    pub(super) async fn replace(
        &mut self,
        old: SessionId,
        new: &Replacement,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, Failure> {
        let epoch = self.hold(&new.record, now).await?;
        let Some(present) = statement::select_locked(&mut self.line, old, now).await? else {
            return Ok(Replaced::Gone);
        };
        let record = match new.clone().succeeding(&present) {
            Ok(record) => record,
            Err(refused) => return Ok(Replaced::Refused(refused)),
        };
        let evicted = match self.room(&record, Some(old), terms, epoch, now).await? {
            Room::For(evicted) => evicted,
            Room::LimitReached => return Ok(Replaced::LimitReached),
            Room::EpochPassed => return Ok(Replaced::EpochPassed),
        };
        if !statement::insert(&mut self.line, &record).await? {
            return Ok(Replaced::IdTaken);
        }
        let mut ended = self.end(&[&[old], &evicted[..]].concat()).await?;
        ended.retain(|id| *id != old);
        Ok(Replaced::Done { record: Arc::new(record), evicted: ended })
    }

    pub(super) async fn revoke_user(
        &mut self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, Failure> {
        statement::next_epoch(&mut self.line, user, now).await?;
        statement::delete_user(&mut self.line, user, except, now).await
    }

    pub(super) async fn revoke_device(
        &mut self,
        user: &str,
        device: &str,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, Failure> {
        statement::hold_user(&mut self.line, user, now).await?;
        statement::delete_device(&mut self.line, user, device, now).await
    }

    /// Has happened, if this answers; has not, if it is not called.
    pub(super) async fn commit<T>(mut self, answer: T) -> Result<T, Failure> {
        statement::commit(&mut self.line).await.map_err(Failure::in_doubt)?;
        self.line.release();
        Ok(answer)
    }

    /// Holds the user of a session that is to begin. Says the epoch that he is in.
    async fn hold(&mut self, new: &Record, now: Timestamp) -> Result<Epoch, Failure> {
        match new.user() {
            Some(user) => statement::hold_user(&mut self.line, user, now).await,
            None => Ok(Epoch::default()),
        }
    }

    /// Who has to go for one more session of this user, who is held.
    async fn room(
        &mut self,
        new: &Record,
        old: Option<SessionId>,
        terms: Terms,
        epoch: Epoch,
        now: Timestamp,
    ) -> Result<Room, Failure> {
        let Some(user) = new.user() else { return Ok(Room::For(Vec::new())) };
        if terms.epoch.is_some_and(|expected| expected != epoch) {
            return Ok(Room::EpochPassed);
        }
        if terms.limit.max == 0 {
            return Ok(Room::For(Vec::new()));
        }
        let mut live = statement::candidates(&mut self.line, user, now).await?;
        live.retain(|session| Some(session.id) != old);
        Ok(terms.limit.evictions(live).map_or(Room::LimitReached, Room::For))
    }

    async fn end(&mut self, ids: &[SessionId]) -> Result<Vec<SessionId>, Failure> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        statement::delete_all(&mut self.line, ids).await
    }
}
