//! Every SQL statement, a function each. What is bound to them is made here and nowhere else.

use sqlx::{PgConnection, Postgres};

use crate::{
    clock::Timestamp,
    record::{Record, SessionId},
    store::{
        Candidate, Epoch,
        sql::{
            self, integer, rows,
            server::{Engine, Failure, user_key},
        },
    },
};

type Result<T> = std::result::Result<T, Failure>;

impl Engine for Postgres {
    fn has_lost(error: &sqlx::Error) -> bool {
        // serialization_failure, deadlock_detected
        code(error).is_some_and(|code| matches!(code.as_str(), "40001" | "40P01"))
    }

    fn is_broken(error: &sqlx::Error) -> bool {
        // A connection_exception, or the server is being stopped, has crashed or is starting.
        code(error).is_some_and(|code| code.starts_with("08") || matches!(code.as_str(), "57P01" | "57P02" | "57P03"))
    }
}

/// The live session of this id, as its column.
pub(super) async fn select(on: &mut PgConnection, id: SessionId, now: Timestamp) -> Result<Option<Vec<u8>>> {
    read(on, SELECT, id, now).await
}

/// The same as a record, and nobody else changes or ends it before this transaction has ended.
pub(super) async fn select_locked(on: &mut PgConnection, id: SessionId, now: Timestamp) -> Result<Option<Record>> {
    let found = read(on, SELECT_LOCKED, id, now).await?;
    Ok(found.map(|json| sql::record(&json)).transpose()?)
}

async fn read(on: &mut PgConnection, sql: &'static str, id: SessionId, now: Timestamp) -> Result<Option<Vec<u8>>> {
    let query = sqlx::query_scalar(sql).bind(&id.as_bytes()[..]).bind(integer(now));
    query.fetch_optional(on).await.map_err(failure)
}

/// Keeps a new record. `false` if its id is taken.
pub(super) async fn insert(on: &mut PgConnection, record: &Record) -> Result<bool> {
    let query = sqlx::query(INSERT)
        .bind(&record.id().as_bytes()[..])
        .bind(record.user().map(user_key).transpose()?)
        .bind(record.device_id().map(str::as_bytes))
        .bind(i64::from(record.revision()))
        .bind(integer(record.created_at()))
        .bind(integer(record.last_seen_at()))
        .bind(integer(record.expires_at()))
        .bind(sql::json(record)?);
    Ok(query.execute(on).await.map_err(failure)?.rows_affected() == 1)
}

/// Writes back a record that a change was applied to. `false` if it is not live or not at the revision
/// any more that the change was applied to.
pub(super) async fn update(on: &mut PgConnection, record: &Record, before: u32, now: Timestamp) -> Result<bool> {
    let query = sqlx::query(UPDATE)
        .bind(&record.id().as_bytes()[..])
        .bind(i64::from(before))
        .bind(integer(now))
        .bind(i64::from(record.revision()))
        .bind(integer(record.last_seen_at()))
        .bind(integer(record.expires_at()))
        .bind(sql::json(record)?);
    Ok(query.execute(on).await.map_err(failure)?.rows_affected() == 1)
}

/// Removes a session, and announces that. Says whether it was alive.
pub(super) async fn delete(on: &mut PgConnection, id: SessionId, now: Timestamp) -> Result<bool> {
    let query = sqlx::query_scalar(DELETE).bind(&id.as_bytes()[..]).bind(integer(now));
    // All rows, although there is one at most: the statement commits, and may still fail, after the last.
    let alive: Vec<bool> = query.fetch_all(on).await.map_err(failure)?;
    Ok(alive.contains(&true))
}

/// Removes these sessions, and announces that. Says which were there.
pub(super) async fn delete_all(on: &mut PgConnection, ids: &[SessionId]) -> Result<Vec<SessionId>> {
    let ids: Vec<&[u8]> = ids.iter().map(|id| &id.as_bytes()[..]).collect();
    session_ids(sqlx::query_scalar(DELETE_ALL).bind(ids).fetch_all(on).await)
}

/// Removes a user's live sessions, but for one, and announces that. Says which they were.
pub(super) async fn delete_user(
    on: &mut PgConnection,
    user: &str,
    except: Option<SessionId>,
    now: Timestamp,
) -> Result<Vec<SessionId>> {
    let except = except.map(|id| id.as_bytes().to_vec());
    let query = sqlx::query_scalar(DELETE_USER).bind(user.as_bytes()).bind(integer(now)).bind(except);
    session_ids(query.fetch_all(on).await)
}

/// Removes a user's live sessions on a device, and announces that. Says which they were.
pub(super) async fn delete_device(
    on: &mut PgConnection,
    user: &str,
    device: &str,
    now: Timestamp,
) -> Result<Vec<SessionId>> {
    let query = sqlx::query_scalar(DELETE_DEVICE).bind(user.as_bytes()).bind(integer(now)).bind(device.as_bytes());
    session_ids(query.fetch_all(on).await)
}

/// Removes at most `batch` expired sessions that nobody is at work on. Says how many.
pub(super) async fn delete_expired(on: &mut PgConnection, now: Timestamp, batch: usize) -> Result<usize> {
    let query = sqlx::query(DELETE_EXPIRED).bind(integer(now)).bind(rows(batch));
    let done = query.execute(on).await.map_err(failure)?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
}

/// Forgets users of whom nothing need be known any more, at most `batch` of them.
pub(super) async fn delete_users(on: &mut PgConnection, now: Timestamp, batch: usize) -> Result<()> {
    let query = sqlx::query(DELETE_USERS).bind(sql::forgotten(now)).bind(rows(batch));
    query.execute(on).await.map(drop).map_err(failure)
}

/// A user's live sessions, as far as a limit must know them.
pub(super) async fn candidates(on: &mut PgConnection, user: &str, now: Timestamp) -> Result<Vec<Candidate>> {
    let query = sqlx::query_as(CANDIDATES).bind(user.as_bytes()).bind(integer(now));
    let found: Vec<(Vec<u8>, i64, i64)> = query.fetch_all(on).await.map_err(failure)?;
    Ok(sql::candidates(&found)?)
}

/// A user's live sessions after an id, at most `size` of them, as columns.
pub(super) async fn page(
    on: &mut PgConnection,
    user: &str,
    after: Option<SessionId>,
    size: usize,
    now: Timestamp,
) -> Result<Vec<Vec<u8>>> {
    // Every id is greater than the empty one.
    let after = after.map_or(Vec::new(), |id| id.as_bytes().to_vec());
    let query = sqlx::query_scalar(PAGE).bind(user.as_bytes()).bind(integer(now)).bind(after).bind(rows(size));
    query.fetch_all(on).await.map_err(failure)
}

/// All live sessions after an id, at most `size` of them: ids and columns.
pub(super) async fn scan(
    on: &mut PgConnection,
    after: &[u8],
    size: usize,
    now: Timestamp,
) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let query = sqlx::query_as(SCAN).bind(integer(now)).bind(after).bind(rows(size));
    query.fetch_all(on).await.map_err(failure)
}

/// The epoch that a user is in.
pub(super) async fn epoch(on: &mut PgConnection, user: &str) -> Result<Epoch> {
    let found = sqlx::query_scalar(EPOCH).bind(user.as_bytes()).fetch_optional(on).await;
    Ok(sql::epoch(found.map_err(failure)?))
}

/// Until this transaction has ended, nobody else holds this user. Says the epoch that he is in.
pub(super) async fn hold_user(on: &mut PgConnection, user: &str, now: Timestamp) -> Result<Epoch> {
    let query = sqlx::query_scalar(HOLD_USER).bind(user_key(user)?).bind(integer(now));
    Ok(sql::epoch(query.fetch_optional(on).await.map_err(failure)?))
}

/// The same, and begins the next epoch.
pub(super) async fn next_epoch(on: &mut PgConnection, user: &str, now: Timestamp) -> Result<()> {
    let query = sqlx::query(NEXT_EPOCH).bind(user_key(user)?).bind(integer(now));
    query.execute(on).await.map(drop).map_err(failure)
}

/// Begins a transaction, whatever the defaults of the database are. Each of its statements sees what others have
/// committed before it began.
pub(super) async fn begin(on: &mut PgConnection) -> Result<()> {
    sqlx::raw_sql("BEGIN ISOLATION LEVEL READ COMMITTED").execute(on).await.map(drop).map_err(failure)
}

pub(super) async fn commit(on: &mut PgConnection) -> Result<()> {
    sqlx::raw_sql("COMMIT").execute(on).await.map(drop).map_err(failure)
}

fn session_ids(found: std::result::Result<Vec<Vec<u8>>, sqlx::Error>) -> Result<Vec<SessionId>> {
    Ok(sql::session_ids(&found.map_err(failure)?)?)
}

fn failure(error: sqlx::Error) -> Failure {
    Failure::of::<Postgres>(error)
}

fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(std::borrow::Cow::into_owned)
}

const SELECT: &str = "SELECT record FROM countersign_sessions WHERE id = $1 AND expires_at > $2";

const SELECT_LOCKED: &str = "SELECT record FROM countersign_sessions WHERE id = $1 AND expires_at > $2 FOR UPDATE";

const INSERT: &str = "INSERT INTO countersign_sessions
    (id, user_id, device_id, revision, created_at, last_seen_at, expires_at, record)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING";

/// A change touches neither the user nor the device nor the age.
const UPDATE: &str = "UPDATE countersign_sessions SET revision = $4, last_seen_at = $5, expires_at = $6, record = $7
    WHERE id = $1 AND revision = $2 AND expires_at > $3";

const DELETE: &str = "WITH ended AS (DELETE FROM countersign_sessions WHERE id = $1 RETURNING id, expires_at)
    SELECT expires_at > $2, pg_notify('countersign_ended', encode(id, 'hex')) FROM ended";

const DELETE_ALL: &str = "WITH ended AS (DELETE FROM countersign_sessions WHERE id = ANY($1) RETURNING id)
    SELECT id, pg_notify('countersign_ended', encode(id, 'hex')) FROM ended";

const DELETE_USER: &str = "WITH ended AS (DELETE FROM countersign_sessions
    WHERE user_id = $1 AND expires_at > $2 AND id IS DISTINCT FROM $3 RETURNING id)
    SELECT id, pg_notify('countersign_ended', encode(id, 'hex')) FROM ended";

const DELETE_DEVICE: &str = "WITH ended AS (DELETE FROM countersign_sessions
    WHERE user_id = $1 AND expires_at > $2 AND device_id = $3 RETURNING id)
    SELECT id, pg_notify('countersign_ended', encode(id, 'hex')) FROM ended";

/// An array, so that the inner query is run once.
const DELETE_EXPIRED: &str = "DELETE FROM countersign_sessions WHERE id = ANY(ARRAY(
    SELECT id FROM countersign_sessions WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))";

const DELETE_USERS: &str = "DELETE FROM countersign_users WHERE user_id = ANY(ARRAY(
    SELECT user_id FROM countersign_users WHERE touched_at <= $1 ORDER BY touched_at LIMIT $2 FOR UPDATE SKIP LOCKED))";

const CANDIDATES: &str =
    "SELECT id, created_at, last_seen_at FROM countersign_sessions WHERE user_id = $1 AND expires_at > $2";

const PAGE: &str = "SELECT record FROM countersign_sessions
    WHERE user_id = $1 AND expires_at > $2 AND id > $3 ORDER BY id LIMIT $4";

const SCAN: &str = "SELECT id, record FROM countersign_sessions WHERE expires_at > $1 AND id > $2 ORDER BY id LIMIT $3";

const EPOCH: &str = "SELECT epoch FROM countersign_users WHERE user_id = $1";

const HOLD_USER: &str = "INSERT INTO countersign_users AS known (user_id, epoch, touched_at) VALUES ($1, 0, $2)
    ON CONFLICT (user_id) DO UPDATE SET epoch = known.epoch RETURNING epoch";

const NEXT_EPOCH: &str = "INSERT INTO countersign_users AS known (user_id, epoch, touched_at) VALUES ($1, 1, $2)
    ON CONFLICT (user_id) DO UPDATE
    SET epoch = known.epoch + 1, touched_at = greatest(known.touched_at, excluded.touched_at)";
