//! How sessions are listed and ended.

use std::{cmp::Reverse, sync::Arc, time::SystemTime};

use super::{Error, ErrorKind, Event, Reason, SessionInfo, Sessions, enter::check_user, verdict::is_among_all};
use crate::{
    clock::Timestamp,
    record::{Record, SERVICES, SessionId},
    store::Page,
};

impl Sessions {
    /// Ends a session now, on every node. Says whether it was alive; to end it again is no error.
    ///
    /// # Errors
    /// If the store fails: then it may still be alive.
    pub async fn revoke(&self, id: SessionId, reason: Reason) -> Result<bool, Error> {
        self.end(id, None, reason).await
    }

    /// The same of a session that is known, so that it can be told whose it was, and how long it has lived.
    pub(crate) async fn end_known(&self, record: &Record, reason: Reason) -> Result<bool, Error> {
        let was_alive = self.end(record.id(), record.user(), reason).await?;
        if was_alive {
            self.inner.events.lived(self.now().since(record.created_at()));
        }
        Ok(was_alive)
    }

    async fn end(&self, id: SessionId, user: Option<&str>, reason: Reason) -> Result<bool, Error> {
        // No session, but until when all have ended: without it they would be back on every node that is started then.
        if id == SessionId::EVERYBODY || self.is_no_session(id).await? {
            return Ok(false);
        }
        let was_alive = self.run(self.store().revoke(id, self.now())).await?;
        if was_alive {
            self.tell_end(id, user, reason);
        }
        Ok(was_alive)
    }

    /// Ends a session if it belongs to this user.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none of that id, or it is somebody else's: the two look
    /// alike (OWASP API1, broken object level authorization).
    pub async fn revoke_of(&self, user: &str, id: SessionId, reason: Reason) -> Result<(), Error> {
        // An id never changes its user, so nothing can come in between.
        let record = self.load_fresh(id, self.now()).await?;
        match record.filter(|record| record.user() == Some(user) && record.is_a_session()) {
            Some(record) => self.end_known(&record, reason).await.map(|_| ()),
            None => Err(Error::new(ErrorKind::NotFound)),
        }
    }

    /// Ends all sessions of a user. Says which were alive.
    ///
    /// # Errors
    /// If the store fails; [`ErrorKind::InvalidName`] if this can be no user's id.
    pub async fn revoke_user(&self, user: &str, reason: Reason) -> Result<Vec<SessionId>, Error> {
        check_user(user)?;
        let ended = self.run(self.store().revoke_user(user, None, self.now())).await?;
        Ok(self.tell_ends(ended, user, reason))
    }

    /// Ends all sessions of a user but one. Says which were alive.
    ///
    /// # Errors
    /// If the store fails; [`ErrorKind::InvalidName`] if this can be no user's id.
    pub async fn revoke_others(&self, user: &str, except: SessionId, reason: Reason) -> Result<Vec<SessionId>, Error> {
        check_user(user)?;
        let ended = self.run(self.store().revoke_user(user, Some(except), self.now())).await?;
        Ok(self.tell_ends(ended, user, reason))
    }

    /// Ends those of a user's sessions whose last proof of who he is lies before an instant, as after a change of credentials
    /// that those who have proved themselves by the new ones survive. Says which were alive. It asks for the list, and ends
    /// one after the other: none can come to it meanwhile.
    ///
    /// A log-in that is under way is not among them: [`revoke_user`](Self::revoke_user) ends those too.
    ///
    /// # Errors
    /// If the store fails: then some of them may still be alive. [`ErrorKind::InvalidName`] if this can be no user's id.
    pub async fn revoke_older_than(
        &self,
        user: &str,
        instant: SystemTime,
        reason: Reason,
    ) -> Result<Vec<SessionId>, Error> {
        let instant = Timestamp::from(instant);
        let mut ended = Vec::new();
        for record in self.records_of(user).await? {
            if record.authenticated_at() < instant && self.end_known(&record, reason).await? {
                ended.push(record.id());
            }
        }
        Ok(ended)
    }

    /// Ends all sessions of a user on one device, by the id that the application gave it at log-in.
    /// Says which were alive.
    ///
    /// # Errors
    /// If the store fails; [`ErrorKind::InvalidName`] if this can be no user's id.
    pub async fn revoke_device(&self, user: &str, device_id: &str, reason: Reason) -> Result<Vec<SessionId>, Error> {
        check_user(user)?;
        let ended = self.run(self.store().revoke_device(user, device_id, self.now())).await?;
        Ok(self.tell_ends(ended, user, reason))
    }

    /// A user's live sessions, the one used last in front.
    ///
    /// # Errors
    /// If the store fails; [`ErrorKind::InvalidName`] if this can be no user's id.
    pub async fn list(&self, user: &str) -> Result<Vec<SessionInfo>, Error> {
        self.list_with(user, None).await
    }

    /// The same, with one marked as the current one.
    pub(crate) async fn list_with(&self, user: &str, current: Option<SessionId>) -> Result<Vec<SessionInfo>, Error> {
        let mut records = self.records_of(user).await?;
        let now = self.now();
        let ended = self.inner.everybody.until();
        records.retain(|record| !is_among_all(record, ended));
        let is_current = |record: &Record| Some(record.id()) == current;
        // The one that asks is being used now, also where the refresh interval has kept that off the store.
        records.sort_by_key(|record| {
            Reverse((is_current(record), record.last_seen_at(), record.created_at(), record.id()))
        });
        let infos = records.into_iter().map(|record| {
            let current = is_current(&record);
            SessionInfo::new(record, current, now)
        });
        Ok(infos.collect())
    }

    /// What the store has of a user's live sessions, page by page.
    pub(super) async fn records_of(&self, user: &str) -> Result<Vec<Arc<Record>>, Error> {
        check_user(user)?;
        let mut records: Vec<Arc<Record>> = Vec::new();
        loop {
            let after = records.last().map(|record| record.id());
            let page = self.run(self.store().list(user, Page { after, size: PAGE }, self.now())).await?;
            let full = page.len() >= PAGE;
            records.extend(page);
            if !full {
                return Ok(records);
            }
        }
    }

    /// Whether this is the id of a service, which follows from its name: it ends by name alone. Or of nothing: it need not be ended,
    /// and a service may be registered under it in the next moment. Few sessions' ids look like one, so the store is seldom asked.
    async fn is_no_session(&self, id: SessionId) -> Result<bool, Error> {
        if id.shard_tag() != SessionId::shard_tag_of(SERVICES) {
            return Ok(false);
        }
        match self.load_fresh(id, self.now()).await {
            // What cannot be read is of no use to anybody, and can be ended.
            Err(error) if matches!(error.kind(), ErrorKind::Refused(_)) => Ok(false),
            found => Ok(!found?.is_some_and(|record| record.is_a_session())),
        }
    }

    pub(super) fn tell_ends(&self, ended: Vec<SessionId>, user: &str, reason: Reason) -> Vec<SessionId> {
        ended.iter().for_each(|id| self.tell_end(*id, Some(user), reason));
        ended
    }

    fn tell_end(&self, session: SessionId, user: Option<&str>, reason: Reason) {
        self.emit(&Event::Ended { session, user, reason, by: self.by.as_deref() });
    }
}

/// Few users have more sessions. Some stores go through all of a user's for each page.
const PAGE: usize = 1_000;
