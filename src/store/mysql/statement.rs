//! Every SQL statement on sessions, a function each. What is bound to them is made here and nowhere else.

use std::fmt::Write;

use sqlx::{AssertSqlSafe, MySql, MySqlConnection, mysql::MySqlDatabaseError};

use crate::{
    clock::Timestamp,
    record::{Record, SessionId},
    store::{
        Candidate,
        sql::{
            self, integer, rows,
            server::{Engine, Failure, user_key},
        },
    },
};

pub(super) type Result<T> = std::result::Result<T, Failure>;

impl Engine for MySql {
    fn has_lost(error: &sqlx::Error) -> bool {
        matches!(number(error), Some(LOCK_WAIT_TIMEOUT | LOCK_DEADLOCK))
    }

    fn is_broken(error: &sqlx::Error) -> bool {
        matches!(number(error), Some(SERVER_SHUTDOWN | CONNECTION_KILLED | CLIENT_INTERACTION_TIMEOUT))
    }
}

/// The live session of this id, as its column.
pub(super) async fn select(on: &mut MySqlConnection, id: SessionId, now: Timestamp) -> Result<Option<Vec<u8>>> {
    read(on, SELECT, id, now).await
}

/// The same as a record, and nobody else changes or ends it before this transaction has ended.
pub(super) async fn select_locked(on: &mut MySqlConnection, id: SessionId, now: Timestamp) -> Result<Option<Record>> {
    let found = read(on, SELECT_LOCKED, id, now).await?;
    Ok(found.map(|json| sql::record(&json)).transpose()?)
}

async fn read(on: &mut MySqlConnection, sql: &'static str, id: SessionId, now: Timestamp) -> Result<Option<Vec<u8>>> {
    let query = sqlx::query_scalar(sql).bind(&id.as_bytes()[..]).bind(integer(now));
    query.fetch_optional(on).await.map_err(failure)
}

/// Whether the session of this id is alive, if it is there; nobody else ends it before this transaction has ended.
pub(super) async fn is_alive_locked(on: &mut MySqlConnection, id: SessionId, now: Timestamp) -> Result<Option<bool>> {
    let query = sqlx::query_scalar(EXPIRY_LOCKED).bind(&id.as_bytes()[..]);
    let expires_at: Option<i64> = query.fetch_optional(on).await.map_err(failure)?;
    Ok(expires_at.map(|expires_at| expires_at > integer(now)))
}

/// Keeps a new record. `false` if its id is taken.
pub(super) async fn insert(on: &mut MySqlConnection, record: &Record) -> Result<bool> {
    let query = sqlx::query(INSERT)
        .bind(&record.id().as_bytes()[..])
        .bind(record.user().map(user_key).transpose()?)
        .bind(record.device_id().map(str::as_bytes))
        .bind(i64::from(record.revision()))
        .bind(integer(record.created_at()))
        .bind(integer(record.last_seen_at()))
        .bind(integer(record.expires_at()))
        .bind(sql::json(record)?);
    match query.execute(on).await {
        Ok(_) => Ok(true),
        Err(error) if number(&error) == Some(DUPLICATE_KEY) => Ok(false),
        Err(error) => Err(failure(error)),
    }
}

/// Writes back a record that a change was applied to. `false` if it is not live or not at the revision
/// any more that the change was applied to.
pub(super) async fn update(on: &mut MySqlConnection, record: &Record, before: u32, now: Timestamp) -> Result<bool> {
    let query = sqlx::query(UPDATE)
        .bind(i64::from(record.revision()))
        .bind(integer(record.last_seen_at()))
        .bind(integer(record.expires_at()))
        .bind(sql::json(record)?)
        .bind(&record.id().as_bytes()[..])
        .bind(i64::from(before))
        .bind(integer(now));
    Ok(query.execute(on).await.map_err(failure)?.rows_affected() == 1)
}

/// Removes a session. Says whether it was there.
pub(super) async fn delete(on: &mut MySqlConnection, id: SessionId) -> Result<bool> {
    let done = sqlx::query(DELETE).bind(&id.as_bytes()[..]).execute(on).await;
    Ok(done.map_err(failure)?.rows_affected() == 1)
}

/// A user's live sessions, but for one. Nobody else ends them before this transaction has ended.
pub(super) async fn ids_of_user(
    on: &mut MySqlConnection,
    user: &str,
    except: Option<SessionId>,
    now: Timestamp,
) -> Result<Vec<SessionId>> {
    let query = sqlx::query_scalar(IDS_OF_USER).bind(user.as_bytes()).bind(integer(now));
    let found: Vec<Vec<u8>> = query.fetch_all(on).await.map_err(failure)?;
    let mut ids = sql::session_ids(&found)?;
    ids.retain(|id| Some(*id) != except);
    Ok(ids)
}

/// A user's live sessions on a device. Nobody else ends them before this transaction has ended.
pub(super) async fn ids_on_device(
    on: &mut MySqlConnection,
    user: &str,
    device: &str,
    now: Timestamp,
) -> Result<Vec<SessionId>> {
    let query = sqlx::query_scalar(IDS_ON_DEVICE).bind(user.as_bytes()).bind(integer(now)).bind(device.as_bytes());
    let found: Vec<Vec<u8>> = query.fetch_all(on).await.map_err(failure)?;
    Ok(sql::session_ids(&found)?)
}

/// Removes at most so many expired sessions that nobody is at work on. Says how many. To be done in a
/// transaction.
pub(super) async fn delete_expired(on: &mut MySqlConnection, now: Timestamp, most: usize) -> Result<usize> {
    let query = sqlx::query_scalar(EXPIRED_LOCKED).bind(integer(now)).bind(rows(most));
    let found: Vec<Vec<u8>> = query.fetch_all(&mut *on).await.map_err(failure)?;
    if found.is_empty() {
        return Ok(0);
    }
    // Many statements, but one message. Of a list of ids, a server may think that it were best to look
    // through the whole table, and then it waits for rows that are not on the list.
    let ids = sql::session_ids(&found)?.into_iter().map(literal);
    let deletes: Vec<String> = ids.map(|id| format!("DELETE FROM countersign_sessions WHERE id = {id}")).collect();
    let done = sqlx::raw_sql(AssertSqlSafe(deletes.join("; "))).execute(on).await.map_err(failure)?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
}

/// An id as part of a statement: digits alone. A list of any length is no statement to prepare: that
/// would take three messages in the place of one.
pub(super) fn literal(id: SessionId) -> String {
    let mut literal = String::from("X'");
    for byte in id.as_bytes() {
        // Writing to a string does not fail.
        let _ = write!(literal, "{byte:02x}");
    }
    literal + "'"
}

/// A user's live sessions, as far as a limit must know them.
pub(super) async fn candidates(on: &mut MySqlConnection, user: &str, now: Timestamp) -> Result<Vec<Candidate>> {
    let query = sqlx::query_as(CANDIDATES).bind(user.as_bytes()).bind(integer(now));
    let found: Vec<(Vec<u8>, i64, i64)> = query.fetch_all(on).await.map_err(failure)?;
    Ok(sql::candidates(&found)?)
}

/// A user's live sessions after an id, at most `size` of them, as columns.
pub(super) async fn page(
    on: &mut MySqlConnection,
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
    on: &mut MySqlConnection,
    after: &[u8],
    size: usize,
    now: Timestamp,
) -> Result<Vec<(Vec<u8>, Vec<u8>)>> {
    let query = sqlx::query_as(SCAN).bind(integer(now)).bind(after).bind(rows(size));
    query.fetch_all(on).await.map_err(failure)
}

/// Begins a transaction. Each of its statements sees what others have committed before it began, which is
/// not the default here.
pub(super) async fn begin(on: &mut MySqlConnection) -> Result<()> {
    sqlx::raw_sql(BEGIN).execute(on).await.map(drop).map_err(failure)
}

pub(super) async fn commit(on: &mut MySqlConnection) -> Result<()> {
    sqlx::raw_sql("COMMIT").execute(on).await.map(drop).map_err(failure)
}

pub(super) fn failure(error: sqlx::Error) -> Failure {
    Failure::of::<MySql>(error)
}

fn number(error: &sqlx::Error) -> Option<u16> {
    Some(error.as_database_error()?.try_downcast_ref::<MySqlDatabaseError>()?.number())
}

/// How many rows one statement names.
pub(super) const MOST_AT_ONCE: usize = 500;

const SERVER_SHUTDOWN: u16 = 1053;
const DUPLICATE_KEY: u16 = 1062;
const LOCK_WAIT_TIMEOUT: u16 = 1205;
const LOCK_DEADLOCK: u16 = 1213;
const CONNECTION_KILLED: u16 = 1927;
const CLIENT_INTERACTION_TIMEOUT: u16 = 4031;

const BEGIN: &str = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION";

// The indexes are named, as the optimizer would now and then go by the expiry: then it would lock sessions that
// are nobody's business, in an order in which two statements on one session can lock each other out.

const SELECT: &str = "SELECT record FROM countersign_sessions FORCE INDEX (PRIMARY) WHERE id = ? AND expires_at > ?";

const SELECT_LOCKED: &str =
    "SELECT record FROM countersign_sessions FORCE INDEX (PRIMARY) WHERE id = ? AND expires_at > ? FOR UPDATE";

const EXPIRY_LOCKED: &str = "SELECT expires_at FROM countersign_sessions WHERE id = ? FOR UPDATE";

const INSERT: &str = "INSERT INTO countersign_sessions
    (id, user_id, device_id, revision, created_at, last_seen_at, expires_at, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

/// A change touches neither the user nor the device nor the age.
const UPDATE: &str = "UPDATE countersign_sessions FORCE INDEX (PRIMARY)
    SET revision = ?, last_seen_at = ?, expires_at = ?, record = ?
    WHERE id = ? AND revision = ? AND expires_at > ?";

const DELETE: &str = "DELETE FROM countersign_sessions WHERE id = ?";

/// The index is named, here and below: a server that guesses that a table is small would look through
/// all of it, and wait for whoever holds a row of another user.
const IDS_OF_USER: &str = "SELECT id FROM countersign_sessions FORCE INDEX (countersign_sessions_by_user)
    WHERE user_id = ? AND expires_at > ? FOR UPDATE";

const IDS_ON_DEVICE: &str = "SELECT id FROM countersign_sessions FORCE INDEX (countersign_sessions_by_user)
    WHERE user_id = ? AND expires_at > ? AND device_id = ? FOR UPDATE";

const EXPIRED_LOCKED: &str = "SELECT id FROM countersign_sessions FORCE INDEX (countersign_sessions_by_expiry)
    WHERE expires_at <= ? ORDER BY expires_at LIMIT ? FOR UPDATE SKIP LOCKED";

const CANDIDATES: &str =
    "SELECT id, created_at, last_seen_at FROM countersign_sessions FORCE INDEX (countersign_sessions_by_user)
    WHERE user_id = ? AND expires_at > ?";

const PAGE: &str = "SELECT record FROM countersign_sessions FORCE INDEX (countersign_sessions_by_user)
    WHERE user_id = ? AND expires_at > ? AND id > ? ORDER BY id LIMIT ?";

const SCAN: &str = "SELECT id, record FROM countersign_sessions FORCE INDEX (PRIMARY)
    WHERE expires_at > ? AND id > ? ORDER BY id LIMIT ?";
