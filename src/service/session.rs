use std::{borrow::Cow, fmt, sync::Arc};

use serde::{Serialize, de::DeserializeOwned};

use super::{
    ServiceIdentity,
    identity::WRITE,
    registry::{TRIES, pause},
};
use crate::{
    record::{Change, ChangeRefused, FieldChange, Record, SessionId, is_reserved},
    sessions::{Error, ErrorKind, Reason, SessionInfo, check_name, from_json, readable, to_json},
    store::Changed,
};

/// A user's session in the hands of a service. Reads are local; writes are buffered, and stored as one change by
/// [`commit`](Self::commit). What is not committed is not stored.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sessions = countersign::Sessions::for_tests();
/// # let ada = sessions.log_in("ada").await?;
/// # let token = sessions.services().register("orders", ["session.read", "session.write"]).await?;
/// # let service = sessions.services().authenticate(&token).await?;
/// let mut session = service.session(ada.session_id()).await?;
/// assert_eq!(session.info().user(), "ada");
///
/// session.set("last_order", "4711")?.increment("orders", 1)?;
/// assert_eq!(session.get::<i64>("orders")?, Some(1));
/// let stored = session.commit().await?;                      // merged with what others have written meanwhile
/// assert_eq!(stored.get::<String>("last_order")?.as_deref(), Some("4711"));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct ServiceSession {
    service: ServiceIdentity,
    record: Arc<Record>,
    change: Change,
}

impl ServiceSession {
    pub(super) fn new(service: ServiceIdentity, record: Arc<Record>) -> Self {
        Self { service, record, change: Change::new() }
    }

    /// The public handle.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.record.id()
    }

    /// Everything about the session as it was last read from the store, without what is buffered.
    #[must_use]
    pub fn info(&self) -> SessionInfo {
        SessionInfo::new(Arc::clone(&self.record), false, self.service.sessions().now())
    }

    /// An attribute, with what is buffered; `None` if it is not there.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue) if it is there, but is not a `T`;
    /// [`ErrorKind::Unreadable`](crate::ErrorKind::Unreadable) if it is [withheld](crate::Sealed#when-something-does-not-open).
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        self.value(name)?.map(|value| from_json(name, &value)).transpose()
    }

    /// Sets an attribute.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`](crate::ErrorKind::InvalidName) or [`ErrorKind::InvalidValue`](crate::ErrorKind::InvalidValue)
    /// for what cannot be an attribute.
    pub fn set<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<&mut Self, Error> {
        self.check(name)?;
        self.change.set(name, to_json(name, value)?);
        Ok(self)
    }

    /// Removes an attribute, if it is there.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidName`](crate::ErrorKind::InvalidName) for what cannot be an attribute.
    pub fn remove(&mut self, name: &str) -> Result<&mut Self, Error> {
        self.check(name)?;
        self.change.remove(name);
        Ok(self)
    }

    /// Adds to an attribute that is an integer of 64 bits; an absent one counts as 0. The store adds: however many do this at
    /// once, each counts.
    ///
    /// # Errors
    /// [`ErrorKind::ChangeRefused`](crate::ErrorKind::ChangeRefused) if what is buffered there is not an integer, or the sum exceeds
    /// 64 bits; [`ErrorKind::InvalidName`](crate::ErrorKind::InvalidName) for what cannot be an attribute.
    pub fn increment(&mut self, name: impl AsRef<str>, by: i64) -> Result<&mut Self, Error> {
        let name = name.as_ref();
        self.check(name)?;
        self.change.add(name, by)?;
        Ok(self)
    }

    /// Stores what is buffered, as one change, and answers with the session as it is then, others' changes included. Needs
    /// `session.write`. Where nothing is buffered, no store is asked.
    ///
    /// # Errors
    /// [`ErrorKind::NotPermitted`](crate::ErrorKind::NotPermitted); [`ErrorKind::Ended`](crate::ErrorKind::Ended) if the session has
    /// ended in the meantime: no new one is made; [`ErrorKind::StepUpRequired`](crate::ErrorKind::StepUpRequired) if its user has to
    /// prove who he is since; [`ErrorKind::ChangeRefused`](crate::ErrorKind::ChangeRefused) if it would exceed its bounds, or what was
    /// to be incremented is not an integer. What was buffered is dropped in each case.
    pub async fn commit(&mut self) -> Result<SessionInfo, Error> {
        let change = std::mem::take(&mut self.change);
        self.service.makes_use_of(WRITE, Some(self.id()))?;
        if !change.is_empty() {
            self.record = self.store(change).await?;
        }
        Ok(self.info())
    }

    /// Changes the session as it was when it could be shown to the service, or as it is then once more.
    async fn store(&self, change: Change) -> Result<Arc<Record>, Error> {
        let (sessions, id) = (self.service.sessions(), self.id());
        let change = change.within(sessions.config().attributes);
        for tries in 0..TRIES {
            let seen = self.service.shown(id).await.map_err(|error| match error.kind() {
                ErrorKind::NotFound => Error::new(ErrorKind::Ended),
                _ => error,
            })?;
            let mut change = change.clone();
            change.expect(seen.revision());
            match sessions.change_as_read(id, change.having_seen(seen), sessions.now()).await? {
                Changed::Merged(record) => return Ok(record),
                Changed::Gone => return Err(Error::new(ErrorKind::Ended)),
                Changed::Refused(ChangeRefused::Outdated | ChangeRefused::InTransit) => pause(tries).await,
                Changed::Refused(refused) => return Err(refused.into()),
            }
        }
        Err(Error::new(ErrorKind::Unavailable))
    }

    /// Ends it now, on every node; see [`ServiceIdentity::revoke`].
    ///
    /// # Errors
    /// As there.
    pub async fn revoke(&self, reason: Reason) -> Result<bool, Error> {
        self.service.revoke(self.id(), reason).await
    }

    fn check(&self, name: &str) -> Result<(), Error> {
        check_name("an attribute's name", name, self.service.sessions().config().attributes.name)
    }

    fn value(&self, name: &str) -> Result<Option<Cow<'_, [u8]>>, Error> {
        if is_reserved(name) {
            return Ok(None);
        }
        let stored = || {
            readable(&self.record, name)?;
            Ok::<_, Error>(self.record.attributes().value(name))
        };
        Ok(match self.change.field(name) {
            None => stored()?.map(Cow::Borrowed),
            Some(FieldChange::Set(value)) => Some(Cow::Borrowed(&**value)),
            Some(FieldChange::Remove) => None,
            Some(FieldChange::Add(by)) => Some(Cow::Owned(Change::sum(name, stored()?, *by)?.into())),
        })
    }
}

/// Names session and service, never a value.
impl fmt::Debug for ServiceSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceSession")
            .field("id", &self.id())
            .field("service", &self.service.name())
            .finish_non_exhaustive()
    }
}
