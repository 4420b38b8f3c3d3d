use std::sync::Arc;

use super::{Deadline, Due, Error, ErrorKind, Event, Honoured, Reason, SessionInfo, Sessions, Verdict, judge};
use crate::{
    clock::Timestamp,
    record::{ChangeRefused, Record, SessionId},
    store::StoreError,
    token::{RefusalKind, Token},
};

/// A token that was found good, with the session that it opens.
#[derive(Clone, Debug)]
pub struct Authenticated {
    pub(crate) token: Token,
    pub(crate) record: Arc<Record>,
    pub(crate) honoured: Honoured,
    pub(crate) due: Due,
}

impl Authenticated {
    /// The session as it stood when the token was checked.
    #[must_use]
    pub fn info(&self) -> SessionInfo {
        SessionInfo::new(Arc::clone(&self.record), true)
    }

    /// What was due has been done, and this is the session since. A successor that was used is the
    /// current secret now.
    pub(crate) fn is_kept_up(&mut self, record: Arc<Record>) {
        self.record = record;
        self.due = Due::default();
        if self.honoured == Honoured::Successor {
            self.honoured = Honoured::Current;
        }
    }
}

impl Sessions {
    /// Checks a token: signature, then session, then secret. One load; no write, unless the token's
    /// use shows a theft, which ends the session.
    ///
    /// # Errors
    /// [`ErrorKind::Refused`] with the precise reason; [`ErrorKind::Unavailable`] if the store
    /// could not be asked, which says nothing about the token.
    pub async fn authenticate(&self, token: &Token) -> Result<Authenticated, Error> {
        self.verify(token).map_err(|kind| self.refused(kind))?;
        let now = self.now();
        let found = self.load(token.id(), now).wait().await.and_then(settled);
        let record = found.map_err(|error| self.store_failed(error))?;
        match self.admit(token.clone(), record, now) {
            Admission::Granted(authenticated) => Ok(authenticated),
            Admission::Refused(kind) => Err(self.refused(kind)),
            Admission::Stolen(id) => Err(self.end_stolen(id).await),
        }
    }

    /// Asks the store for a session.
    pub(crate) fn load(&self, id: SessionId, now: Timestamp) -> Loading {
        let store = &self.inner.store;
        match store.load_now(id, now) {
            Some(record) => Loading::Now(record),
            None => Loading::Later(Deadline::new(Arc::clone(store).load(id, now), self.inner.config.store_deadline)),
        }
    }

    /// Decides about a genuine token, given what the store holds.
    pub(crate) fn admit(&self, token: Token, record: Option<Arc<Record>>, now: Timestamp) -> Admission {
        match (judge(record.as_deref(), &token.secret().hash(), now), record) {
            (Verdict::Honoured(honoured), Some(record)) => {
                record.withheld().for_each(|field| self.emit(&Event::Withheld { session: record.id(), field }));
                let due = Due::of(&record, honoured, &self.inner.config, now);
                Admission::Granted(Authenticated { token, record, honoured, due })
            }
            (Verdict::Refused(kind), _) => Admission::Refused(kind),
            (Verdict::Stolen, _) => Admission::Stolen(token.id()),
            (Verdict::Honoured(_), None) => Admission::Refused(RefusalKind::Gone),
        }
    }

    /// Ends a session whose replaced secret was used.
    pub(crate) async fn end_stolen(&self, id: SessionId) -> Error {
        match self.revoke(id, Reason::SecretReused).await {
            Ok(_) => self.refused(RefusalKind::Reused),
            Err(error) => error,
        }
    }

    /// Tells of a refusal.
    pub(crate) fn refused(&self, kind: RefusalKind) -> Error {
        self.emit(&Event::Refused { kind });
        Error::new(ErrorKind::Refused(kind))
    }
}

/// A session that is on its way to another store may have ended there. A node that sees one of the two
/// stores alone does not know.
pub(crate) fn settled(found: Option<Arc<Record>>) -> Result<Option<Arc<Record>>, StoreError> {
    match found {
        Some(record) if record.in_transit() => Err(StoreError::unavailable(ChangeRefused::InTransit)),
        found => Ok(found),
    }
}

/// A session on its way from the store.
pub(crate) enum Loading {
    /// It is here: nothing has to be parked.
    Now(Option<Arc<Record>>),
    /// It has to be waited for.
    Later(Deadline<'static, Option<Arc<Record>>>),
}

impl Loading {
    pub(super) async fn wait(self) -> Result<Option<Arc<Record>>, StoreError> {
        match self {
            Self::Now(record) => Ok(record),
            Self::Later(load) => load.await,
        }
    }
}

/// What the record says to a genuine token.
#[allow(clippy::large_enum_variant, reason = "the large variant is the usual one")]
pub(crate) enum Admission {
    Granted(Authenticated),
    Refused(RefusalKind),
    Stolen(SessionId),
}
