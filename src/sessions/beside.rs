//! What the store has beside the sessions of a request: services, kept by the verbs that every store has, and sessions that are
//! asked for by their id alone.

use std::{sync::Arc, time::Duration};

use tokio::runtime::Handle;

use super::{
    Deadline, Error, ErrorKind, Sessions,
    look_up::{settled, twice},
    verdict::is_among_all,
};
use crate::{
    clock::Timestamp,
    config::{Limit, WhenFull},
    record::{Change, Record, SERVICES, SessionId},
    store::{Changed, Created, Page, StoreError},
    token::TokenKeys,
};

impl Sessions {
    pub(crate) fn service_keys(&self) -> &TokenKeys {
        &self.inner.service_keys
    }

    /// In whose name the verbs are called.
    pub(crate) fn caller(&self) -> Option<&str> {
        self.by.as_deref()
    }

    /// Whether an answer of the store's may be an old one.
    pub(crate) fn may_be_stale(&self) -> bool {
        self.store().staleness().is_some()
    }

    /// A session that lives, as the store has it now.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none of this id.
    pub(crate) async fn session_of_id(&self, id: SessionId) -> Result<Arc<Record>, Error> {
        let now = self.now();
        let found = if self.knows_who_has_ended(now) {
            self.load_fresh(id, now).await
        } else {
            let learnt = self.still_holds(END_OF_TIME, ErrorKind::NotFound);
            let (found, learnt) = tokio::join!(self.load_fresh(id, now), learnt);
            learnt.and(found)
        };
        let found = match found {
            // What cannot be read is no session.
            Err(error) if matches!(error.kind(), ErrorKind::Refused(_)) => None,
            found => settled(found?).map_err(|error| self.store_failed(error))?,
        };
        let ended = self.inner.everybody.until();
        let lives = |record: &Arc<Record>| record.is_a_session() && !is_among_all(record, ended);
        found.filter(lives).ok_or_else(|| Error::new(ErrorKind::NotFound))
    }

    /// The record of a service, which may be as old as the store's staleness allows.
    pub(crate) async fn service_record(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, Error> {
        let store = Arc::clone(&self.inner.store);
        let load = async move { settled(twice(|| Arc::clone(&store).load(id, now)).await?) };
        self.ask(Box::pin(load)).await
    }

    /// The same, past all that the store remembers.
    pub(crate) async fn service_record_now(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, Error> {
        let store = Arc::clone(&self.inner.store);
        let load = async move { settled(twice(|| Arc::clone(&store).load_fresh(id, now)).await?) };
        self.ask(Box::pin(load)).await
    }

    /// Keeps the record of a new service. Whether it is kept: not if its id is taken.
    pub(crate) async fn keep_service(&self, record: Record, now: Timestamp) -> Result<bool, Error> {
        match self.ask(self.store().create(record, NO_LIMIT.into(), now)).await? {
            Created::Kept { .. } => Ok(true),
            Created::IdTaken => Ok(false),
            Created::LimitReached | Created::EpochPassed => Err(Error::new(ErrorKind::Unavailable)),
        }
    }

    /// A change that expects the revision at which its record was read: whoever asks decides what to do if it is another by now.
    pub(crate) async fn change_as_read(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, Error> {
        self.ask(self.store().change(id, change, now)).await
    }

    /// Notes the last use of a service, on a task of its own: its request does not wait for that, and does not fail by it. It is
    /// tried once in this time, by whichever request comes first, whether it succeeds or not.
    pub(crate) fn touch_service(&self, service: &Record, every: Duration, now: Timestamp) {
        let Ok(runtime) = Handle::try_current() else { return };
        if !self.inner.noted.is_due(service, every, now) {
            return;
        }
        let id = service.id();
        let inner = Arc::clone(&self.inner);
        runtime.spawn(async move {
            let mut change = Change::new();
            change.touch(now);
            // It is told where it fails as what is of more weight fails: by the next request.
            Deadline::new(inner.store.change(id, change, now), inner.config.store_deadline).await.ok()
        });
    }

    pub(crate) async fn revoke_service(&self, id: SessionId, now: Timestamp) -> Result<bool, Error> {
        self.ask(self.store().revoke(id, now)).await
    }

    /// The records of all services.
    pub(crate) async fn service_records(&self) -> Result<Vec<Arc<Record>>, Error> {
        let mut records: Vec<Arc<Record>> = Vec::new();
        loop {
            let after = records.last().map(|record| record.id());
            let page = self.ask(self.store().list(SERVICES, Page { after, size: PAGE }, self.now())).await?;
            let full = page.len() >= PAGE;
            records.extend(page);
            if !full {
                return Ok(records);
            }
        }
    }

    /// Tells that the record of a service cannot be read: an outage, and no refusal.
    pub(crate) fn unreadable_service(&self) -> Error {
        self.failed(StoreError::corrupt("the record of a service cannot be read"))
    }
}

/// Nothing begins after it.
const END_OF_TIME: Timestamp = Timestamp::from_millis(u64::MAX);

const NO_LIMIT: Limit = Limit { max: 0, when_full: WhenFull::Reject };
const PAGE: usize = 1_000;
