//! Another proof of who somebody is: the second factor of a log-in, or the first one once more.

use std::{
    fmt,
    future::{Future, IntoFuture},
    pin::Pin,
};

use super::{Session, applicant::OfRequest};
use crate::{
    record::Assurance,
    sessions::{Applicant, Attempt, Beginning, Error, ErrorKind, Honoured, Issued, LogIn, Proven},
};

/// A user has proved again, or by another factor, who he is: await it.
///
/// It is one step of the store: the session gets a new id and a new secret, both of its limits in time begin anew, and what was
/// known of the old ones ends (ASVS 7.2.4; NIST SP 800-63B-4, section 5.2). Of two at once, one succeeds.
///
/// # Errors
/// [`ErrorKind::Ended`] if the session has ended in the meantime; [`ErrorKind::Overtaken`] if all sessions of the user have, since
/// the first factor was passed, or if the [attempt](Self::since) is another user's; [`ErrorKind::WrongFactor`] if the log-in waits
/// for another factor; [`ErrorKind::Superseded`] if the token in use has been followed by another; [`ErrorKind::NotLoggedIn`] if
/// there is nobody to prove anything.
#[must_use = "nothing is proved until this is awaited"]
pub struct Proof {
    session: Session,
    method: String,
    assurance: Option<Assurance>,
    attempt: Option<Attempt>,
}

impl Proof {
    pub(super) fn new(session: Session, method: &str) -> Self {
        Self { session, method: method.to_owned(), assurance: None, attempt: None }
    }

    /// How sure it is now that the user is who he says. Unless this is called: AAL2 after a factor that was not used before.
    pub fn assurance(self, assurance: Assurance) -> Self {
        Self { assurance: Some(assurance), ..self }
    }

    /// The attempt that this is the success of: its count begins anew.
    pub fn since(self, attempt: &Attempt) -> Self {
        Self { attempt: Some(attempt.clone()), ..self }
    }

    async fn complete(self) -> Result<Issued, Error> {
        let sessions = self.session.manager()?.clone();
        let live = self.session.look().live().cloned().ok_or_else(|| Error::new(ErrorKind::NotLoggedIn))?;
        if live.honoured == Honoured::Graced {
            return Err(Error::new(ErrorKind::Superseded));
        }
        if let Some(first) = live.record.first_factor() {
            let applicant = OfRequest::new(&self.session, first.user());
            if !first.accepts(&self.method) {
                return Err(Error::new(ErrorKind::WrongFactor));
            }
            let mut log_in = LogIn::second(sessions, &live.record, first, &self.method, Box::new(applicant));
            if let Some(assurance) = self.assurance {
                log_in = log_in.assurance(assurance);
            }
            if let Some(attempt) = &self.attempt {
                log_in = log_in.since(attempt);
            }
            return log_in.await;
        }
        let user = live.record.user().ok_or_else(|| Error::new(ErrorKind::NotLoggedIn))?;
        if self.attempt.as_ref().is_some_and(|attempt| !attempt.is_good_for(user, sessions.now())) {
            return Err(Error::new(ErrorKind::Overtaken));
        }
        let mut applicant = OfRequest::new(&self.session, user);
        let Beginning { change, origin, .. } = applicant.begin()?;
        let proven = Proven { method: &self.method, assurance: self.assurance, origin };
        let issued = sessions.step_up(&live, proven, change).await?;
        applicant.entered(&issued);
        if let Some(attempt) = &self.attempt {
            sessions.settle(attempt).await;
        }
        Ok(issued)
    }
}

impl IntoFuture for Proof {
    type Output = Result<Issued, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.complete())
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof").field("session", &self.session).field("method", &self.method).finish_non_exhaustive()
    }
}
