use std::sync::Arc;

use super::{Error, SessionInfo, Sessions, verdict::is_among_all};
use crate::record::{Record, SessionId};

impl Sessions {
    /// A live session by its public handle, whoever's it is; `None` if it is unknown, has ended or expired.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn info_of(&self, id: SessionId) -> Result<Option<SessionInfo>, Error> {
        let now = self.now();
        let record = self.load_fresh(id, now).await?;
        let ended = self.inner.everybody.until();
        // Stores hold more than sessions.
        let is_live = |record: &Arc<Record>| !record.is_expired(now) && !is_among_all(record, ended);
        let live = record.filter(|record| record.is_a_session() && is_live(record));
        Ok(live.map(|record| SessionInfo::new(record, false, now)))
    }
}
