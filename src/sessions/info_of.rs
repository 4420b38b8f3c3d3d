use super::{Error, SessionInfo, Sessions, enter::check_user, verdict::is_among_all};
use crate::record::SessionId;

impl Sessions {
    /// A live session by its public handle, whoever's it is; `None` if it is unknown, has ended or expired.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn info_of(&self, id: SessionId) -> Result<Option<SessionInfo>, Error> {
        let now = self.now();
        let record = self.load_fresh(id, now).await?;
        let ended = self.inner.everybody.until();
        let live = record.filter(|record| {
            // Stores also hold what is no session: until when all have ended, and counts, under names that no user has.
            let is_session = id != SessionId::EVERYBODY && record.user().is_none_or(|user| check_user(user).is_ok());
            is_session && !record.is_expired(now) && !is_among_all(record, ended)
        });
        Ok(live.map(|record| SessionInfo::new(record, false, now)))
    }
}
