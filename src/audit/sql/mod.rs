//! Entries in a table: one shape, three dialects.

#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
mod select;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statement;
#[cfg(test)]
#[cfg(feature = "sqlite")]
mod tests;

use std::{error::Error, fmt, future::Future, sync::Arc};

#[cfg(feature = "mysql")]
pub use mysql::MySqlAudit;
#[cfg(feature = "postgres")]
pub use postgres::PostgresAudit;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteAudit;

use super::{AuditCursor, AuditEntry, AuditError, AuditPage, AuditQuery, EntryId};
use crate::clock::Timestamp;
use select::select;
use statement::{Dialect, Statement, Value, insert, prune};

/// A database with our table.
trait Engine: Send + Sync {
    const DIALECT: Dialect;

    /// Runs a statement; says how many rows it has changed.
    fn change(&self, statement: Statement) -> impl Future<Output = Result<u64, sqlx::Error>> + Send;

    /// Asks.
    fn rows(&self, statement: Statement) -> impl Future<Output = Result<Vec<Row>, sqlx::Error>> + Send;
}

/// `at`, `id`, `entry`.
type Row = (i64, Vec<u8>, String);

/// One statement, so all of it is kept or nothing; but for what comes again, where a database can pass over that row by row alone.
async fn write<E: Engine>(engine: &E, batch: &[Arc<AuditEntry>]) -> Result<(), AuditError> {
    if batch.is_empty() {
        return Ok(());
    }
    let insert = insert(E::DIALECT, batch, USUAL.contains(&batch.len()))?;
    match engine.change(insert).await {
        Err(error) if is_kept_already(&error) => one_by_one(engine, batch).await,
        answer => answer.map(drop).map_err(failed),
    }
}

async fn one_by_one<E: Engine>(engine: &E, batch: &[Arc<AuditEntry>]) -> Result<(), AuditError> {
    for entry in batch.chunks(1) {
        match engine.change(insert(E::DIALECT, entry, true)?).await {
            Err(error) if is_kept_already(&error) => {}
            answer => answer.map(drop).map_err(failed)?,
        }
    }
    Ok(())
}

/// The only key of the table is its primary one: what is entered twice is the same entry.
fn is_kept_already(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation)
}

async fn prune_before<E: Engine>(engine: &E, before: Timestamp, most: usize) -> Result<usize, AuditError> {
    let pruned = engine.change(prune(E::DIALECT, before, most)).await.map_err(failed)?;
    Ok(usize::try_from(pruned).unwrap_or(usize::MAX))
}

async fn page<E: Engine>(engine: &E, query: &AuditQuery) -> Result<AuditPage, AuditError> {
    let mut rows = engine.rows(select(E::DIALECT, query)?).await.map_err(failed)?;
    let more = rows.len() > query.size();
    rows.truncate(query.size());
    let next = rows.last().filter(|_| more).map(place).transpose()?;
    let mut entries: Vec<AuditEntry> = rows.iter().filter_map(|(.., json)| serde_json::from_str(json).ok()).collect();
    let unreadable = rows.len() - entries.len();
    entries.retain(|entry| is_named(entry, query));
    Ok(AuditPage { entries, next, unreadable })
}

/// Whether it is the whole name that was asked for, and not another with the same beginning.
fn is_named(entry: &AuditEntry, query: &AuditQuery) -> bool {
    let same = |named: Option<&str>, asked: Option<&str>| named.is_none() || asked.is_none() || named == asked;
    same(entry.event.user(), query.by_user()) && same(entry.event.service(), query.by_service())
}

fn place((at, id, _): &Row) -> Result<AuditCursor, AuditError> {
    let id = id.as_slice().try_into().map_err(AuditError::unavailable)?;
    Ok(AuditCursor::at(Timestamp::from_millis(u64::try_from(*at).unwrap_or(0)), EntryId::from_bytes(id)))
}

/// Of one entry that violates what the table asks for, no number of tries will help.
fn failed(error: sqlx::Error) -> AuditError {
    let rejected = match &error {
        sqlx::Error::Encode(_) => true,
        sqlx::Error::Database(error) => {
            error.is_check_violation() || error.code().is_some_and(|code| code.len() == 5 && code.starts_with("22"))
        }
        _ => false,
    };
    if rejected { AuditError::rejected(error) } else { AuditError::unavailable(error) }
}

/// The table was last used by a later version of this crate.
#[derive(Debug)]
struct NewerTable {
    found: i64,
    newest: i64,
}

impl fmt::Display for NewerTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { found, newest } = self;
        write!(f, "the audit table has version {found}, this countersign knows none after {newest}: use a later one")
    }
}

impl Error for NewerTable {}

/// How many rows batches often have: one, as many as a batch has at most, and one more that tells of those lost.
const USUAL: [usize; 3] = [1, 256, 257];
