use super::{Proof, Session};
use crate::{
    record::FirstFactor,
    sessions::{Attempt, Authenticated, Error, SessionInfo},
};

/// Somebody has passed the first of two factors, or has to prove again who he is: his session counts as nobody's until he
/// [passes](Self::pass) what is asked for. With Axum it is an extractor: a handler that takes this runs for nobody else.
///
/// ```
/// use countersign::{Error, PendingSecondFactor};
///
/// async fn totp(pending: PendingSecondFactor, code: String) -> Result<(), Error> {
///     // Check the code of `pending.user()` first. This makes a new id and token, and logs him in.
///     pending.pass("totp").await?;
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct PendingSecondFactor {
    session: Session,
    info: SessionInfo,
    user: Box<str>,
}

impl PendingSecondFactor {
    /// Who it is, by the first factor alone.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The second factors of which one is to be passed. None if he is only to prove again who he is: then any will do.
    pub fn factors(&self) -> impl Iterator<Item = &str> {
        self.info.first_factor().into_iter().flat_map(FirstFactor::factors)
    }

    /// Whether this factor will do.
    #[must_use]
    pub fn accepts(&self, factor: &str) -> bool {
        self.info.first_factor().is_none_or(|first| first.accepts(factor))
    }

    /// Everything about the session, whose user is not known yet.
    #[must_use]
    pub const fn info(&self) -> &SessionInfo {
        &self.info
    }

    /// The handle: what is written to it before the second factor is passed does not outlive that, unless the log-in
    /// [keeps](crate::LogIn::keep) it.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// Counts an attempt at this factor, before it is checked; see [`Session::attempt`].
    ///
    /// ```
    /// use countersign::{Error, PendingSecondFactor};
    ///
    /// async fn totp(pending: PendingSecondFactor, code: String) -> Result<(), Error> {
    ///     let attempt = pending.attempt("totp").await?;               // 429 when there were too many
    ///     if code != "the right one" {
    ///         return Err(attempt.refuse().await);
    ///     }
    ///     pending.pass("totp").since(&attempt).await?;                // the count begins anew
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`Session::attempt`].
    pub async fn attempt(&self, factor: &str) -> Result<Attempt, Error> {
        let sessions = self.session.manager()?;
        sessions.attempt_factor(&self.user, factor, self.session.shared.arrival.address).await
    }

    /// He has passed this factor. Check it before.
    pub fn pass(&self, factor: &str) -> Proof {
        Proof::new(self.session.clone(), factor)
    }
}

impl Session {
    /// Whoever still owes a second factor, or another proof.
    #[must_use]
    pub fn pending(&self) -> Option<PendingSecondFactor> {
        let state = self.look();
        let live = state.live()?;
        let owes = live.record.first_factor().map(FirstFactor::user);
        let user = owes.or_else(|| live.record.user().filter(|_| live.suspended))?.into();
        Some(PendingSecondFactor { session: self.clone(), info: Authenticated::info(live), user })
    }

    /// The user has proved again, or by another factor, who he is. Check it before.
    ///
    /// ```
    /// use countersign::{Error, LoggedIn};
    ///
    /// async fn confirm_password(who: LoggedIn) -> Result<(), Error> {
    ///     // Check the password of `who.user()` first.
    ///     who.session().step_up("pwd").await?;            // new id, new token: fresh again
    ///     Ok(())
    /// }
    /// ```
    pub fn step_up(&self, method: &str) -> Proof {
        Proof::new(self.clone(), method)
    }
}
