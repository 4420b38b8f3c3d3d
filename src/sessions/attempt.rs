//! What a log-in was begun with: so that it fails if, meanwhile, all that was to end.

use super::{Error, Sessions, check_name, enter::LONGEST_USER};
use crate::{
    clock::Timestamp,
    store::{Epoch, Terms},
};

/// The beginning of a log-in, from before the password is checked. [`LogIn::since`](super::LogIn::since)
/// refuses it if all sessions of the user were ended since, as after a change of the password: who
/// has proved himself by the old one does not get in by having been slow.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use countersign::{KeyRing, MemoryStore, Reason, Sessions};
/// # let sessions = Sessions::new(KeyRing::generate()?, MemoryStore::new());
/// let attempt = sessions.attempt("ada").await?;
/// // … the password is checked; meanwhile, elsewhere, it is changed:
/// sessions.revoke_user("ada", Reason::PasswordChanged).await?;
///
/// let error = sessions.log_in("ada").since(&attempt).await.unwrap_err();
/// assert_eq!(error.kind(), countersign::ErrorKind::Overtaken);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Attempt {
    user: Box<str>,
    epoch: Epoch,
    at: Timestamp,
}

impl Sessions {
    /// Notes that a log-in of this user begins. It has to be completed within half an hour.
    ///
    /// # Errors
    /// If the store fails, or the user's id is none.
    pub async fn attempt(&self, user: impl ToString) -> Result<Attempt, Error> {
        let user = user.to_string();
        check_name("a user's id", &user, LONGEST_USER)?;
        let at = self.now();
        let epoch = self.run(self.store().epoch(&user, at)).await?;
        Ok(Attempt { user: user.into(), epoch, at })
    }
}

impl Attempt {
    /// Whether it is this user's, and not too old to be known still.
    pub(super) fn is_good_for(&self, user: &str, now: Timestamp) -> bool {
        *self.user == *user && now.since(self.at) < Epoch::REMEMBERED / 2
    }

    /// The terms, with this attempt's epoch.
    pub(super) const fn on(&self, terms: Terms) -> Terms {
        Terms { epoch: Some(self.epoch), ..terms }
    }
}
