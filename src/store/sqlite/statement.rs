//! Every SQL statement, a function each. What is bound to them is made here and nowhere else.

use sqlx::{
    Sqlite, SqliteExecutor,
    query::Query,
    sqlite::{SqliteArguments, SqliteQueryResult},
};

use crate::{
    clock::Timestamp,
    record::{Record, SessionId},
    store::{Candidate, StoreError},
};

/// The live session of this id.
pub(super) async fn select(
    on: impl SqliteExecutor<'_>,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<Record>, StoreError> {
    let query = sqlx::query_scalar(SELECT).bind(&id.as_bytes()[..]).bind(integer(now));
    let found: Option<Vec<u8>> = query.fetch_optional(on).await.map_err(StoreError::unavailable)?;
    found.map(|json| record(&json)).transpose()
}

/// Keeps a new record. `false` if its id is taken.
pub(super) async fn insert(on: impl SqliteExecutor<'_>, record: &Record) -> Result<bool, StoreError> {
    Ok(write(on, INSERT, record).await?.rows_affected() == 1)
}

/// Writes back a record that a change was applied to.
pub(super) async fn update(on: impl SqliteExecutor<'_>, record: &Record) -> Result<(), StoreError> {
    write(on, UPDATE, record).await.map(drop)
}

/// Removes a session. Says whether it was alive.
pub(super) async fn delete(on: impl SqliteExecutor<'_>, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
    let query = sqlx::query_scalar(DELETE).bind(&id.as_bytes()[..]).bind(integer(now));
    // All rows, although there is one at most: the statement commits, and may still fail, after
    // the last.
    let alive: Vec<bool> = query.fetch_all(on).await.map_err(StoreError::unavailable)?;
    Ok(alive.contains(&true))
}

/// Removes a user's live sessions, but for one. Says which they were.
pub(super) async fn delete_user(
    on: impl SqliteExecutor<'_>,
    user: &str,
    except: Option<SessionId>,
    now: Timestamp,
) -> Result<Vec<SessionId>, StoreError> {
    let except = except.map(|id| id.as_bytes().to_vec());
    let query = sqlx::query_scalar(DELETE_USER).bind(user).bind(integer(now)).bind(except);
    session_ids(query.fetch_all(on).await)
}

/// Removes a user's live sessions on a device. Says which they were.
pub(super) async fn delete_device(
    on: impl SqliteExecutor<'_>,
    user: &str,
    device: &str,
    now: Timestamp,
) -> Result<Vec<SessionId>, StoreError> {
    let query = sqlx::query_scalar(DELETE_DEVICE).bind(user).bind(integer(now)).bind(device);
    session_ids(query.fetch_all(on).await)
}

/// Removes at most `batch` expired sessions. Says how many.
pub(super) async fn delete_expired(
    on: impl SqliteExecutor<'_>,
    now: Timestamp,
    batch: usize,
) -> Result<usize, StoreError> {
    let query = sqlx::query(DELETE_EXPIRED).bind(integer(now)).bind(i64::try_from(batch).unwrap_or(i64::MAX));
    let done = query.execute(on).await.map_err(StoreError::unavailable)?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
}

/// A user's live sessions, as far as a limit must know them.
pub(super) async fn candidates(
    on: impl SqliteExecutor<'_>,
    user: &str,
    now: Timestamp,
) -> Result<Vec<Candidate>, StoreError> {
    let query = sqlx::query_as(CANDIDATES).bind(user).bind(integer(now));
    let rows: Vec<(Vec<u8>, i64, i64)> = query.fetch_all(on).await.map_err(StoreError::unavailable)?;
    let candidates = rows.into_iter().map(|(id, created_at, last_seen_at)| {
        let (created_at, last_seen_at) = (timestamp(created_at), timestamp(last_seen_at));
        Ok(Candidate { id: session_id(&id)?, created_at, last_seen_at })
    });
    candidates.collect()
}

/// A user's live sessions after an id, at most `size` of them. Each may be unreadable by itself.
pub(super) async fn page(
    on: impl SqliteExecutor<'_>,
    user: &str,
    after: Option<SessionId>,
    size: usize,
    now: Timestamp,
) -> Result<Vec<Result<Record, StoreError>>, StoreError> {
    // Every id is greater than the empty one.
    let after = after.map_or(Vec::new(), |id| id.as_bytes().to_vec());
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    let query = sqlx::query_scalar(PAGE).bind(user).bind(integer(now)).bind(after).bind(size);
    let rows: Vec<Vec<u8>> = query.fetch_all(on).await.map_err(StoreError::unavailable)?;
    Ok(rows.iter().map(|json| record(json)).collect())
}

/// Runs a statement whose parameters are the columns of a record.
async fn write(
    on: impl SqliteExecutor<'_>,
    sql: &'static str,
    record: &Record,
) -> Result<SqliteQueryResult, StoreError> {
    let query: Query<'_, Sqlite, SqliteArguments> = sqlx::query(sql)
        .bind(&record.id().as_bytes()[..])
        .bind(record.user())
        .bind(record.device_id())
        .bind(integer(record.created_at()))
        .bind(integer(record.last_seen_at()))
        .bind(integer(record.expires_at()))
        .bind(serde_json::to_string(record).map_err(StoreError::corrupt)?);
    query.execute(on).await.map_err(StoreError::unavailable)
}

fn record(json: &[u8]) -> Result<Record, StoreError> {
    serde_json::from_slice(json).map_err(StoreError::corrupt)
}

fn session_ids(found: Result<Vec<Vec<u8>>, sqlx::Error>) -> Result<Vec<SessionId>, StoreError> {
    found.map_err(StoreError::unavailable)?.iter().map(|id| session_id(id)).collect()
}

fn session_id(bytes: &[u8]) -> Result<SessionId, StoreError> {
    bytes.try_into().map(SessionId::from_bytes).map_err(StoreError::corrupt)
}

/// An instant, as SQLite can keep it: what lies beyond its 63 bits is as good as for ever.
fn integer(instant: Timestamp) -> i64 {
    i64::try_from(instant.as_millis()).unwrap_or(i64::MAX)
}

fn timestamp(integer: i64) -> Timestamp {
    Timestamp::from_millis(u64::try_from(integer).unwrap_or(0))
}

pub(super) const SELECT: &str = "SELECT record FROM countersign_sessions WHERE id = ?1 AND expires_at > ?2";

const INSERT: &str = "INSERT INTO countersign_sessions
    (id, user_id, device_id, created_at, last_seen_at, expires_at, record) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (id) DO NOTHING";

/// A change touches neither the user nor the device nor the age.
pub(super) const UPDATE: &str =
    "UPDATE countersign_sessions SET last_seen_at = ?5, expires_at = ?6, record = ?7 WHERE id = ?1";

pub(super) const DELETE: &str = "DELETE FROM countersign_sessions WHERE id = ?1 RETURNING expires_at > ?2";

pub(super) const DELETE_USER: &str =
    "DELETE FROM countersign_sessions WHERE user_id = ?1 AND expires_at > ?2 AND id IS NOT ?3 RETURNING id";

pub(super) const DELETE_DEVICE: &str =
    "DELETE FROM countersign_sessions WHERE user_id = ?1 AND expires_at > ?2 AND device_id = ?3 RETURNING id";

pub(super) const DELETE_EXPIRED: &str = "DELETE FROM countersign_sessions WHERE id IN
    (SELECT id FROM countersign_sessions WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";

pub(super) const CANDIDATES: &str =
    "SELECT id, created_at, last_seen_at FROM countersign_sessions WHERE user_id = ?1 AND expires_at > ?2";

pub(super) const PAGE: &str = "SELECT record FROM countersign_sessions
    WHERE user_id = ?1 AND expires_at > ?2 AND id > ?3 ORDER BY id LIMIT ?4";
