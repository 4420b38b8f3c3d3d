use std::sync::Arc;

use super::{Deadline, Due, Error, ErrorKind, Event, Honoured, Reason, SessionInfo, Sessions, Verdict, judge};
use crate::{
    clock::Timestamp,
    record::{Record, SessionId},
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
        let record = self.load(token.id(), now).await.map_err(|error| self.store_failed(error))?;
        match self.admit(token.clone(), record, now) {
            Admission::Granted(authenticated) => Ok(authenticated),
            Admission::Refused(kind) => Err(self.refused(kind)),
            Admission::Stolen(id) => Err(self.end_stolen(id).await),
        }
    }

    /// Asks the store for a session.
    pub(crate) fn load(&self, id: SessionId, now: Timestamp) -> Deadline<'static, Option<Arc<Record>>> {
        let command = Arc::clone(&self.inner.store).load(id, now);
        Deadline::new(command, self.inner.config.store_deadline)
    }

    /// Decides about a genuine token, given what the store holds.
    pub(crate) fn admit(&self, token: Token, record: Option<Arc<Record>>, now: Timestamp) -> Admission {
        match (judge(record.as_deref(), &token.secret().hash(), now), record) {
            (Verdict::Honoured(honoured), Some(record)) => {
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
        match self.end(id, Reason::SecretReused).await {
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

/// What the record says to a genuine token.
#[allow(clippy::large_enum_variant, reason = "the large variant is the usual one")]
pub(crate) enum Admission {
    Granted(Authenticated),
    Refused(RefusalKind),
    Stolen(SessionId),
}
