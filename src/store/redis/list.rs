//! A user's sessions, page by page.

use std::sync::Arc;

use redis::Value;

use super::{
    Inner,
    change::unreadable,
    fields::{bytes, decode},
    packed::instant,
    script::{Call, LIST, PICK},
};
use crate::{
    clock::Timestamp,
    record::{Record, SessionId},
    store::{Page, StoreError},
};

impl Inner {
    /// A page of a user's live sessions: in one step, unless he has very many. Then his ids are asked for, and
    /// sorted here; those of the page are asked for after that, and what has ended meanwhile is left out.
    pub(super) async fn list(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        let mut asked = page.size;
        loop {
            let mut found = match self.page(user, page.after, asked, now).await? {
                Found::Page(found) => found,
                Found::Ids(ids) => return self.pick(user, ids, page, now).await,
            };
            let exhausted = found.len() < asked;
            found.retain(Option::is_some);
            if exhausted || found.len() >= page.size {
                return Ok(found.into_iter().flatten().take(page.size).collect());
            }
            // Some cannot be read. The page is still filled, and still by one script.
            asked += page.size - found.len();
        }
    }

    async fn page(
        &self,
        user: &str,
        after: Option<SessionId>,
        size: usize,
        now: Timestamp,
    ) -> Result<Found, StoreError> {
        let tag = SessionId::shard_tag_of(user);
        let call = Call::new(&LIST, [self.keys.index(user)])
            .arg(instant(now))
            .arg(self.keys.sessions(tag))
            .arg(after.map(|id| id.as_bytes().to_vec()).unwrap_or_default())
            .arg(size.to_string());
        let Value::Array(answer) = self.servers.read_by(tag, &call).await? else { return Err(unreadable()) };
        if let Some(Value::BulkString(_)) = answer.first() {
            return Ok(Found::Ids(answer.iter().map(id_in).collect::<Result<_, _>>()?));
        }
        Ok(Found::Page(answer.iter().map(|session| record_in(session).ok().flatten().map(Arc::new)).collect()))
    }

    /// The page's part of these ids.
    async fn pick(
        &self,
        user: &str,
        mut ids: Vec<SessionId>,
        page: Page,
        now: Timestamp,
    ) -> Result<Vec<Arc<Record>>, StoreError> {
        let tag = SessionId::shard_tag_of(user);
        ids.retain(|id| page.after.is_none_or(|after| *id > after));
        ids.sort_unstable();
        let mut rest = &ids[..];
        let mut picked = Vec::new();
        while picked.len() < page.size && !rest.is_empty() {
            let (next, later) = rest.split_at(rest.len().min(page.size - picked.len()).min(MOST_AT_ONCE));
            rest = later;
            let call = Call::new(&PICK, [self.keys.index(user)])
                .arg(self.keys.sessions(tag))
                .args(next.iter().map(|id| *id.as_bytes()));
            let Value::Array(found) = self.servers.read_by(tag, &call).await? else { return Err(unreadable()) };
            let readable = found.iter().filter_map(|session| record_in(session).ok().flatten());
            picked.extend(readable.filter(|record| !record.is_expired(now)).map(Arc::new));
        }
        Ok(picked)
    }
}

/// What the script has answered.
enum Found {
    /// A page; what cannot be read is nobody's session.
    Page(Vec<Option<Arc<Record>>>),
    /// The ids of all sessions of a user who has many.
    Ids(Vec<SessionId>),
}

fn record_in(session: &Value) -> Result<Option<Record>, StoreError> {
    match session {
        Value::Array(parts) if parts.len() == 2 => decode(id_in(&parts[0])?, &parts[1]),
        _ => Err(unreadable()),
    }
}

fn id_in(value: &Value) -> Result<SessionId, StoreError> {
    bytes(value)?.try_into().map(SessionId::from_bytes).map_err(StoreError::corrupt)
}

/// So many sessions one script reads, so that it holds nobody up for long.
const MOST_AT_ONCE: usize = 100;
