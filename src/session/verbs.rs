//! What begins, ends, and exchanges sessions. Each is stored when it is awaited.

use std::sync::Arc;

use super::{Session, applicant::OfRequest};
use crate::{
    record::{Change, SessionId},
    sessions::{Error, ErrorKind, Issued, LogIn, Reason, SessionInfo, Sessions},
};

impl Session {
    /// Logs a user in: new id, new secret, his limit enforced; the session before it ends in the
    /// same step. The response sets the cookie; for clients without cookies, the answer of this
    /// future holds the token. Check who he is before.
    ///
    /// What this request has written stays; of what was there before it, only what
    /// [`keep`](LogIn::keep) names.
    ///
    /// ```
    /// use countersign::{Error, Issued, Session};
    ///
    /// async fn welcome(session: Session) -> Result<Issued, Error> {
    ///     session.log_in("ada").keep("cart.").remember(true).roles(["buyer"]).await
    /// }
    /// ```
    pub fn log_in(&self, user: impl ToString) -> LogIn {
        let user = user.to_string();
        let applicant = Box::new(OfRequest::new(self, &user));
        LogIn::new(self.shared.sessions.clone(), user, applicant)
    }

    /// Ends the session, now and on every node. The response clears the cookie. Without a session
    /// this does nothing.
    ///
    /// # Errors
    /// If the store fails: then the session is still alive.
    pub async fn log_out(&self) -> Result<(), Error> {
        let sessions = self.manager()?;
        let Some(record) = self.look().record().cloned() else { return Ok(()) };
        let id = record.id();
        sessions.end_known(&record, Reason::LoggedOut).await?;
        self.lock().end(id);
        Ok(())
    }

    /// Ends all sessions of this session's user, this one included, in one step of the store, and
    /// says which. The response clears the cookie.
    ///
    /// # Errors
    /// [`ErrorKind::NotLoggedIn`] without a user; if the store fails, they are still alive.
    pub async fn log_out_everywhere(&self) -> Result<Vec<SessionId>, Error> {
        let (sessions, user, id) = self.logged_in().await?;
        let ended = sessions.revoke_user(&user, Reason::LoggedOut).await?;
        self.lock().end(id);
        Ok(ended)
    }

    /// Exchanges the session's secret now. The response sets the cookie; a Bearer client takes the
    /// token from the answer of this future.
    ///
    /// # Errors
    /// [`ErrorKind::NotLoggedIn`] without a session, else as [`Sessions::rotate`].
    pub async fn rotate(&self) -> Result<Issued, Error> {
        let sessions = self.manager()?;
        let session = self.look().live().cloned().ok_or_else(|| Error::new(ErrorKind::NotLoggedIn))?;
        let issued = sessions.rotate(&session).await?;
        let mut state = self.lock();
        if let Some(live) = state.still(issued.session_id()) {
            live.is_kept_up(Arc::clone(issued.record()));
            state.issued = Some(Box::new(issued.token().clone()));
        }
        Ok(issued)
    }

    /// Gives the session other roles: under a new id and a new secret, so that whoever knew the old
    /// ones does not rise with it (ASVS 7.2.4). Attributes and limits in time stay.
    ///
    /// # Errors
    /// [`ErrorKind::NotLoggedIn`] without a user, [`ErrorKind::Superseded`] if the token in use has
    /// been followed by another, [`ErrorKind::Ended`] if the session has ended.
    pub async fn change_roles<R: Into<String>>(&self, roles: impl IntoIterator<Item = R>) -> Result<Issued, Error> {
        let sessions = self.manager()?;
        let roles = roles.into_iter().map(|role| role.into().into()).collect();
        let (session, change) = {
            let state = self.look();
            let session = state.open().filter(|session| session.record.user().is_some());
            (session.ok_or_else(|| Error::new(ErrorKind::NotLoggedIn))?.clone(), state.change.clone())
        };
        let issued = sessions.renew(&session, roles, &change).await?;
        let mut state = self.lock();
        state.change = Change::new();
        state.hold(&issued);
        Ok(issued)
    }

    /// The live sessions of this session's user, the one used last in front; the current one is
    /// marked.
    ///
    /// # Errors
    /// [`ErrorKind::NotLoggedIn`] without a user.
    pub async fn sessions(&self) -> Result<Vec<SessionInfo>, Error> {
        let (sessions, user, id) = self.logged_in().await?;
        sessions.list_with(&user, Some(id)).await
    }

    /// Ends another session of this session's user, or this one.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if it is not his, or not there; [`ErrorKind::NotLoggedIn`] without a
    /// user.
    pub async fn revoke(&self, id: SessionId) -> Result<(), Error> {
        let (sessions, user, current) = self.logged_in().await?;
        if id == current {
            return self.log_out().await;
        }
        sessions.revoke_of(&user, id, Reason::ByUser).await
    }

    /// Ends all sessions of this session's user but this one, and says which.
    ///
    /// # Errors
    /// [`ErrorKind::NotLoggedIn`] without a user.
    pub async fn revoke_others(&self) -> Result<Vec<SessionId>, Error> {
        let (sessions, user, id) = self.logged_in().await?;
        sessions.revoke_others(&user, id, Reason::ByUser).await
    }

    /// Who is logged in, as the store has it now: what lists or ends the sessions of a user must not rest on an answer that may be out
    /// of date, as whoever was logged out could end them else.
    async fn logged_in(&self) -> Result<(&Sessions, String, SessionId), Error> {
        let sessions = self.manager()?;
        let seen = self.look().open().cloned().ok_or_else(|| Error::new(ErrorKind::NotLoggedIn))?;
        if seen.record.user().is_none() {
            return Err(Error::new(ErrorKind::NotLoggedIn));
        }
        let session = sessions.looked_at_again(&seen).await?;
        let user = session.record.user().filter(|_| !session.suspended);
        let user = user.ok_or_else(|| Error::new(ErrorKind::NotLoggedIn))?.to_owned();
        Ok((sessions, user, session.record.id()))
    }
}
