//! Texts in one stream of bounded length, beside the sessions: for what is told of them.

use std::{collections::HashMap, sync::Arc};

use redis::Value;

use super::{
    Inner, RedisStore,
    packed::instant,
    script::{APPEND, Call},
};
use crate::{clock::Timestamp, record::SessionId, store::StoreError};

/// A stream.
pub(crate) struct Stream {
    inner: Arc<Inner>,
}

/// What is put into it.
pub(crate) struct Appended {
    pub(crate) text: String,
    /// A user, a session of his, and when that was known.
    pub(crate) whose: Option<(String, SessionId, Timestamp)>,
}

impl RedisStore {
    pub(crate) fn stream(&self) -> Stream {
        Stream { inner: Arc::clone(&self.inner) }
    }
}

impl Stream {
    /// Appends a batch, in one step, unless it is the last that this writer has appended.
    pub(crate) async fn append(
        &self,
        writer: &str,
        batch: &str,
        most: u64,
        entries: &[Appended],
    ) -> Result<(), StoreError> {
        let keys = &self.inner.keys;
        let mut call = Call::new(&APPEND, [keys.audit(), keys.audit_writer(writer)])
            .arg(batch)
            .arg(most.to_string())
            .arg(WRITER_REMEMBERED.to_string())
            .arg(SESSIONS_REMEMBERED.to_string())
            .arg(keys.audit_sessions(""));
        for entry in entries {
            call = call.arg(entry.text.as_str());
            call = match &entry.whose {
                Some((user, session, at)) => call.arg(user.as_str()).arg(session.to_string()).arg(instant(*at)),
                None => call.args(["", "", ""]),
            };
        }
        self.inner.servers.repeat(TAG, &call).await.map(drop)
    }

    /// What follows a place, or the beginning, with the place of each; nothing that is older than `since`.
    pub(crate) async fn read(
        &self,
        oldest_first: bool,
        after: Option<&str>,
        since: Option<Timestamp>,
        most: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let oldest = since.map_or_else(|| "-".to_owned(), |since| since.as_millis().to_string());
        let beyond = after.map(|after| format!("({after}"));
        let (command, from, to) = if oldest_first {
            ("XRANGE", beyond.unwrap_or(oldest), "+".to_owned())
        } else {
            ("XREVRANGE", beyond.unwrap_or_else(|| "+".to_owned()), oldest)
        };
        let command =
            redis::cmd(command).arg(self.inner.keys.audit()).arg(from).arg(to).arg("COUNT").arg(most).to_owned();
        let found = self.inner.servers.read(TAG, &command).await?;
        let found: Vec<(String, HashMap<String, Vec<u8>>)> =
            redis::from_redis_value(found).map_err(StoreError::corrupt)?;
        Ok(found.into_iter().map(|(place, mut fields)| (place, fields.remove("entry").unwrap_or_default())).collect())
    }

    /// The last sessions of a user, of which the stream was told.
    pub(crate) async fn sessions_of(&self, user: &str) -> Result<Vec<SessionId>, StoreError> {
        let command = redis::cmd("ZRANGE").arg(self.inner.keys.audit_sessions(user)).arg(0).arg(-1).to_owned();
        let found = self.inner.servers.read(TAG, &command).await?;
        let found: Vec<String> = redis::from_redis_value(found).map_err(StoreError::corrupt)?;
        Ok(found.iter().filter_map(|id| id.parse().ok()).collect())
    }

    /// Removes what is older, at most `most` at once. None, if what is left is less than the server removes at once.
    pub(crate) async fn trim(&self, before: Timestamp, most: usize) -> Result<usize, StoreError> {
        let mut command = redis::cmd("XTRIM");
        command.arg(self.inner.keys.audit()).arg("MINID").arg("~").arg(before.as_millis()).arg("LIMIT").arg(most);
        match self.inner.servers.read(TAG, &command).await? {
            Value::Int(removed) => Ok(usize::try_from(removed).unwrap_or(0)),
            _ => Err(super::change::unreadable()),
        }
    }
}

/// Of the slot in which all of it lies.
pub(super) const TAG: u16 = 0;

/// Milliseconds in which a batch may come again: a day.
const WRITER_REMEMBERED: u64 = 24 * 60 * 60 * 1_000;

/// Milliseconds for which it is known whose a session was: 31 days, a day longer than any lasts by the usual settings.
const SESSIONS_REMEMBERED: u64 = 31 * 24 * 60 * 60 * 1_000;
