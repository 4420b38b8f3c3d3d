//! Every SQL statement, a function each. What is bound to them is made here and nowhere else.

use sqlx::{Sqlite, SqliteExecutor, query::Query, sqlite::SqliteArguments};

use crate::{
    clock::Timestamp,
    record::{Record, SessionId},
    store::{
        Candidate, Epoch, StoreError,
        sql::{self, Announced, integer, rows},
    },
};

/// The live session of this id.
pub(super) async fn select(
    on: impl SqliteExecutor<'_>,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<Record>, StoreError> {
    let query = sqlx::query_scalar(SELECT).bind(&id.as_bytes()[..]).bind(integer(now));
    let found: Option<Vec<u8>> = query.fetch_optional(on).await.map_err(StoreError::unavailable)?;
    found.map(|json| sql::record(&json)).transpose()
}

/// Keeps a new record. `false` if its id is taken.
pub(super) async fn insert(on: impl SqliteExecutor<'_>, record: &Record) -> Result<bool, StoreError> {
    let query =
        written(INSERT, record)?.bind(record.user()).bind(record.device_id()).bind(integer(record.created_at()));
    Ok(query.execute(on).await.map_err(StoreError::unavailable)?.rows_affected() == 1)
}

/// Writes back a record that a change was applied to.
pub(super) async fn update(on: impl SqliteExecutor<'_>, record: &Record) -> Result<(), StoreError> {
    written(UPDATE, record)?.execute(on).await.map(drop).map_err(StoreError::unavailable)
}

/// The same, but only if the session is live and still at the revision that the change was applied to.
pub(super) async fn update_from(
    on: impl SqliteExecutor<'_>,
    record: &Record,
    before: u32,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let query = written(UPDATE_FROM, record)?.bind(i64::from(before)).bind(integer(now));
    Ok(query.execute(on).await.map_err(StoreError::unavailable)?.rows_affected() == 1)
}

/// A statement whose first parameters are what a change may touch of a record.
fn written(sql: &'static str, record: &Record) -> Result<Query<'static, Sqlite, SqliteArguments>, StoreError> {
    let json = String::from_utf8(sql::json(record)?).map_err(StoreError::corrupt)?;
    Ok(sqlx::query(sql)
        .bind(record.id().as_bytes().to_vec())
        .bind(i64::from(record.revision()))
        .bind(integer(record.last_seen_at()))
        .bind(integer(record.expires_at()))
        .bind(json))
}

/// Removes a session. Says whether it was alive, if it was there.
pub(super) async fn delete(
    on: impl SqliteExecutor<'_>,
    id: SessionId,
    now: Timestamp,
) -> Result<Option<bool>, StoreError> {
    let query = sqlx::query_scalar(DELETE).bind(id.as_bytes().to_vec()).bind(integer(now));
    // All rows, although there is one at most: the statement may still fail after the last.
    let alive: Vec<bool> = query.fetch_all(on).await.map_err(StoreError::unavailable)?;
    Ok(alive.first().copied())
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
    let query = sqlx::query(DELETE_EXPIRED).bind(integer(now)).bind(rows(batch));
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
    sql::candidates(&query.fetch_all(on).await.map_err(StoreError::unavailable)?)
}

/// A user's live sessions after an id, at most `size` of them, as columns.
pub(super) async fn page(
    on: impl SqliteExecutor<'_>,
    user: &str,
    after: Option<SessionId>,
    size: usize,
    now: Timestamp,
) -> Result<Vec<Vec<u8>>, StoreError> {
    // Every id is greater than the empty one.
    let after = after.map_or(Vec::new(), |id| id.as_bytes().to_vec());
    let query = sqlx::query_scalar(PAGE).bind(user).bind(integer(now)).bind(after).bind(rows(size));
    query.fetch_all(on).await.map_err(StoreError::unavailable)
}

/// All live sessions after an id, at most `size` of them: ids and columns.
pub(super) async fn scan(
    on: impl SqliteExecutor<'_>,
    after: &[u8],
    size: usize,
    now: Timestamp,
) -> Result<Vec<(Vec<u8>, Vec<u8>)>, StoreError> {
    let query = sqlx::query_as(SCAN).bind(integer(now)).bind(after).bind(rows(size));
    query.fetch_all(on).await.map_err(StoreError::unavailable)
}

/// The epoch that a user is in.
pub(super) async fn epoch(on: impl SqliteExecutor<'_>, user: &str) -> Result<Epoch, StoreError> {
    let query = sqlx::query_scalar(EPOCH).bind(user);
    Ok(sql::epoch(query.fetch_optional(on).await.map_err(StoreError::unavailable)?))
}

/// Begins a user's next epoch.
pub(super) async fn next_epoch(on: impl SqliteExecutor<'_>, user: &str, now: Timestamp) -> Result<(), StoreError> {
    let query = sqlx::query(NEXT_EPOCH).bind(user).bind(integer(now));
    query.execute(on).await.map(drop).map_err(StoreError::unavailable)
}

/// Forgets users of whom nothing need be known any more, at most `most` of them.
pub(super) async fn delete_users(on: impl SqliteExecutor<'_>, now: Timestamp, most: usize) -> Result<(), StoreError> {
    let query = sqlx::query(DELETE_USERS).bind(sql::forgotten(now)).bind(rows(most));
    query.execute(on).await.map(drop).map_err(StoreError::unavailable)
}

/// Announces that a session has ended.
pub(super) async fn announce(on: impl SqliteExecutor<'_>, id: SessionId, now: Timestamp) -> Result<(), StoreError> {
    let query = sqlx::query(ANNOUNCE).bind(id.as_bytes().to_vec()).bind(integer(now));
    query.execute(on).await.map(drop).map_err(StoreError::unavailable)
}

/// The number of the last announcement.
pub(super) async fn newest(on: impl SqliteExecutor<'_>) -> Result<i64, StoreError> {
    sqlx::query_scalar(NEWEST).fetch_one(on).await.map_err(StoreError::unavailable)
}

/// Announcements from this one on.
pub(super) async fn announced(on: impl SqliteExecutor<'_>, from: i64) -> Result<Vec<Announced>, StoreError> {
    let query = sqlx::query_as(ANNOUNCED).bind(from).bind(rows(sql::MOST));
    query.fetch_all(on).await.map_err(StoreError::unavailable)
}

/// Removes old announcements, at most `most` of them, but for the newest of the old.
pub(super) async fn prune(on: impl SqliteExecutor<'_>, now: Timestamp, most: usize) -> Result<(), StoreError> {
    let before = integer(now).saturating_sub(i64::try_from(sql::KEPT.as_millis()).unwrap_or(i64::MAX));
    let query = sqlx::query(PRUNE).bind(before).bind(rows(most));
    query.execute(on).await.map(drop).map_err(StoreError::unavailable)
}

fn session_ids(found: Result<Vec<Vec<u8>>, sqlx::Error>) -> Result<Vec<SessionId>, StoreError> {
    sql::session_ids(&found.map_err(StoreError::unavailable)?)
}

pub(super) const SELECT: &str = "SELECT record FROM countersign_sessions WHERE id = ?1 AND expires_at > ?2";

const INSERT: &str = "INSERT INTO countersign_sessions
    (id, revision, last_seen_at, expires_at, record, user_id, device_id, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO NOTHING";

/// A change touches neither the user nor the device nor the age.
pub(super) const UPDATE: &str =
    "UPDATE countersign_sessions SET revision = ?2, last_seen_at = ?3, expires_at = ?4, record = ?5 WHERE id = ?1";

pub(super) const UPDATE_FROM: &str =
    "UPDATE countersign_sessions SET revision = ?2, last_seen_at = ?3, expires_at = ?4, record = ?5
    WHERE id = ?1 AND revision = ?6 AND expires_at > ?7";

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

pub(super) const SCAN: &str =
    "SELECT id, record FROM countersign_sessions WHERE expires_at > ?1 AND id > ?2 ORDER BY id LIMIT ?3";

pub(super) const EPOCH: &str = "SELECT epoch FROM countersign_users WHERE user_id = ?1";

const NEXT_EPOCH: &str = "INSERT INTO countersign_users (user_id, epoch, touched_at) VALUES (?1, 1, ?2)
    ON CONFLICT (user_id) DO UPDATE SET epoch = epoch + 1, touched_at = max(touched_at, excluded.touched_at)";

pub(super) const DELETE_USERS: &str = "DELETE FROM countersign_users WHERE user_id IN
    (SELECT user_id FROM countersign_users WHERE touched_at <= ?1 ORDER BY touched_at LIMIT ?2)";

const ANNOUNCE: &str = "INSERT INTO countersign_ended (id, at) VALUES (?1, ?2)";

pub(super) const NEWEST: &str = "SELECT coalesce(max(seq), 0) FROM countersign_ended";

pub(super) const ANNOUNCED: &str = "SELECT seq, id FROM countersign_ended WHERE seq >= ?1 ORDER BY seq LIMIT ?2";

pub(super) const PRUNE: &str = "DELETE FROM countersign_ended WHERE seq IN
    (SELECT seq FROM countersign_ended WHERE at < ?1
        AND seq < (SELECT max(seq) FROM countersign_ended WHERE at < ?1) ORDER BY at LIMIT ?2)";
