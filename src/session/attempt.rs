use super::Session;
use crate::{
    sessions::{Attempt, Error, Whence},
    token::DeviceToken,
};

impl Session {
    /// An attempt at a log-in begins: it is counted before the password is checked, for the name that was typed in and for the
    /// network that the request comes from, on all nodes. However many begin at once, no more passwords are checked than the
    /// settings (`throttle`) allow. On a device that this user has logged in from before, nobody else's attempts count.
    ///
    /// Names of nobody are counted like all others. Two spellings are two names, and devices know users by their ids: look the user
    /// up first, and give his id; what is nobody's, as it was typed.
    ///
    /// ```
    /// use countersign::{Error, Session};
    ///
    /// async fn log_in(session: Session, name: String, password: String) -> Result<(), Error> {
    ///     let attempt = session.attempt(&name).await?;                // 429 and Retry-After when there were too many
    ///     if password != "lovelace" {
    ///         return Err(attempt.refuse().await);                     // the same, and as late, for users that there are not
    ///     }
    ///     session.log_in(name).since(&attempt).await?;                // the count begins anew
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    /// [`TooManyAttempts`](crate::ErrorKind::TooManyAttempts). If the store fails: what cannot be counted is not allowed.
    /// [`CrossSite`](crate::ErrorKind::CrossSite), without being counted, if another site made the browser send the request.
    pub async fn attempt(&self, name: impl ToString) -> Result<Attempt, Error> {
        let sessions = self.manager()?;
        self.shared.arrival.from.check()?;
        let name = name.to_string();
        let whence = Whence { address: self.shared.arrival.address, known_device: self.device_that_knows(&name) };
        sessions.attempt_from(name, whence).await
    }

    /// Refuses what another site made the browser send, before anything is looked up for it.
    #[cfg(feature = "api")]
    pub(crate) fn may_begin_here(&self) -> Result<(), Error> {
        self.shared.arrival.from.check()
    }

    /// The id of the request's device, if this user has logged in there before.
    fn device_that_knows(&self, user: &str) -> Option<String> {
        let devices = self.shared.sessions.as_ref()?.devices();
        let device = self.device_cookie().filter(|device| device.knows(devices, user))?;
        Some(device.id_text())
    }

    /// What the request's device cookie says.
    pub(super) fn device_cookie(&self) -> Option<DeviceToken> {
        let sessions = self.shared.sessions.as_ref()?;
        sessions.carrier().device(&self.shared.client.cookies(), sessions.devices())
    }
}
