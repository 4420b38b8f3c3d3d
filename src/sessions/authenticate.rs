use std::sync::Arc;

use super::{Due, Error, ErrorKind, Event, Honoured, LookUp, Reason, SessionInfo, Sessions, Verdict, judge};
use crate::{
    clock::Timestamp,
    record::Record,
    token::{RefusalKind, Token},
};

/// A token that was found good, with the session that it opens.
#[derive(Clone, Debug)]
pub struct Authenticated {
    pub(crate) token: Token,
    pub(crate) record: Arc<Record>,
    pub(crate) honoured: Honoured,
    pub(crate) due: Due,
    /// When it was looked at.
    pub(crate) at: Timestamp,
    /// Whether this is what was remembered while the store could not be asked.
    pub(crate) stale: bool,
    /// Whether it counts as nobody's until its user has proved again who he is.
    pub(crate) suspended: bool,
}

impl Authenticated {
    /// The session as it stood when the token was checked.
    #[must_use]
    pub fn info(&self) -> SessionInfo {
        SessionInfo::of_holder(self)
    }

    /// What was due has been done, and this is the session since. A successor that was used is the
    /// current secret now.
    pub(crate) fn is_kept_up(&mut self, record: Arc<Record>) {
        self.suspended |= record.demands_step_up();
        self.record = record;
        self.due = Due::default();
        self.stale = false;
        if self.honoured == Honoured::Successor {
            self.honoured = Honoured::Current;
        }
    }
}

impl Authenticated {
    /// Its window was moved by something else than a request: what else is due, a request has to do.
    pub(crate) fn is_seen(&mut self, record: Arc<Record>) {
        self.suspended |= record.demands_step_up();
        self.record = record;
        self.due.touch = false;
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
        let admission = match self.look_up(token.clone(), now) {
            LookUp::Done(admission) => admission,
            LookUp::Asked(token, load) => {
                let record = load.await.map_err(|error| self.store_failed(error))?;
                self.admit(token, record, now)
            }
        };
        self.admitted(admission).await
    }

    /// The same session as the store has it now, for what must not rest on an answer that may be
    /// out of date.
    ///
    /// # Errors
    /// [`ErrorKind::Ended`] if it has ended, else as [`authenticate`](Self::authenticate).
    pub(crate) async fn looked_at_again(&self, session: &Authenticated) -> Result<Authenticated, Error> {
        if self.store().staleness().is_none() && !session.stale {
            return Ok(session.clone());
        }
        let now = self.now();
        let record = self.load_fresh(session.token.id(), now).await?.ok_or_else(|| Error::new(ErrorKind::Ended))?;
        self.admitted(self.admit(session.token.clone(), Some(record), now)).await
    }

    async fn admitted(&self, admission: Admission) -> Result<Authenticated, Error> {
        match admission {
            Admission::Granted(authenticated) => Ok(authenticated),
            Admission::Refused(kind) => Err(self.refused(kind)),
            Admission::Stolen(record) => Err(self.end_stolen(&record).await),
        }
    }

    /// Decides about a genuine token, given what the store holds.
    pub(crate) fn admit(&self, token: Token, record: Option<Arc<Record>>, now: Timestamp) -> Admission {
        let verdict = judge(record.as_deref(), &token.secret().hash(), self.inner.everybody.until(), now);
        self.follow(verdict, token, record, now)
    }

    /// What follows from a verdict.
    pub(super) fn follow(
        &self,
        verdict: Verdict,
        token: Token,
        record: Option<Arc<Record>>,
        now: Timestamp,
    ) -> Admission {
        match (verdict, record) {
            (Verdict::Honoured(honoured), Some(record)) => {
                record.withheld().for_each(|field| self.emit(&Event::Withheld { session: record.id(), field }));
                let due = Due::of(&record, honoured, &self.inner.config, now);
                let suspended = record.demands_step_up();
                Admission::Granted(Authenticated { token, record, honoured, due, at: now, stale: false, suspended })
            }
            (Verdict::Refused(kind), _) => Admission::Refused(kind),
            (Verdict::Stolen, Some(record)) => Admission::Stolen(record),
            (Verdict::Honoured(_) | Verdict::Stolen, None) => Admission::Refused(RefusalKind::Gone),
        }
    }

    /// Ends a session whose replaced secret was used.
    pub(crate) async fn end_stolen(&self, record: &Record) -> Error {
        match self.end_known(record, Reason::SecretReused).await {
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
    Stolen(Arc<Record>),
}
