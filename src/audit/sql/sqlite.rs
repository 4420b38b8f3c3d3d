//! In a SQLite file.

use std::{error::Error, fmt, path::Path, sync::Arc};

use sqlx::{AssertSqlSafe, Sqlite, SqlitePool, query::Query, sqlite::SqliteArguments};
use tokio::sync::Mutex;

use super::{Dialect, Engine, NewerTable, Row, Statement, Value, page, prune_before, write};
use crate::{
    audit::{AuditEntry, AuditError, AuditPage, AuditQuery, AuditSink, AuditTrail},
    clock::Timestamp,
    store::sqlite::{Pools, open_file},
};

/// Entries in a SQLite database. Cheap to clone; all clones are one.
///
/// ```no_run
/// # async fn start() -> Result<(), countersign::audit::AuditError> {
/// use countersign::audit::{AuditLog, SqliteAudit};
///
/// let table = SqliteAudit::open("audit.db").await?;
/// let log = AuditLog::builder().sink(table.clone()).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SqliteAudit {
    writer: SqlitePool,
    pub(super) readers: SqlitePool,
    /// SQLite has one writer at a time.
    turn: Arc<Mutex<()>>,
}

impl SqliteAudit {
    /// A table in a file, which is made if it is not there, readable by its owner alone. Give it another file than the sessions: a
    /// file has one writer at a time, and a request that ends a session should not wait for a batch.
    ///
    /// What is written survives the end of the process and the loss of power: each batch is synced to the disk.
    ///
    /// # Errors
    /// If the file cannot be opened or is not a database, or if a later version of this crate has used it already.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, AuditError> {
        let path = path.as_ref();
        let opened = async { Self::over(open_file(path).await?).await };
        opened.await.map_err(|error| error.while_opening(path.display()))
    }

    /// A table in a database that the application has opened, `countersign_audit` beside the application's own. How safe a
    /// written batch is, is the pool's `synchronous`.
    ///
    /// # Errors
    /// If the database does not answer, or if a later version of this crate has used it already.
    pub async fn with_pool(pool: SqlitePool) -> Result<Self, AuditError> {
        Self::over(Pools { writer: pool.clone(), readers: pool }).await
    }

    async fn over(pools: Pools) -> Result<Self, AuditError> {
        migrate(&pools.writer).await.map_err(AuditError::unavailable)?;
        Ok(Self { writer: pools.writer, readers: pools.readers, turn: Arc::default() })
    }
}

impl AuditSink for SqliteAudit {
    fn name(&self) -> &str {
        "sqlite"
    }

    async fn write(&self, batch: &[Arc<AuditEntry>]) -> Result<(), AuditError> {
        write(self, batch).await
    }

    async fn prune(&self, before: Timestamp, most: usize) -> Result<usize, AuditError> {
        prune_before(self, before, most).await
    }
}

impl AuditTrail for SqliteAudit {
    async fn page(&self, query: &AuditQuery) -> Result<AuditPage, AuditError> {
        page(self, query).await
    }
}

impl Engine for SqliteAudit {
    const DIALECT: Dialect = Dialect::Sqlite;

    async fn change(&self, statement: Statement) -> Result<u64, sqlx::Error> {
        let _turn = self.turn.lock().await;
        Ok(bound(statement).execute(&self.writer).await?.rows_affected())
    }

    async fn rows(&self, statement: Statement) -> Result<Vec<Row>, sqlx::Error> {
        let rows = bound(statement).fetch_all(&self.readers).await?;
        rows.iter().map(sqlx::FromRow::from_row).collect()
    }
}

impl fmt::Debug for SqliteAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteAudit").finish_non_exhaustive()
    }
}

pub(super) fn bound(statement: Statement) -> Query<'static, Sqlite, SqliteArguments> {
    let query = sqlx::query(AssertSqlSafe(statement.text)).persistent(statement.usual);
    statement.values.into_iter().fold(query, |query, value| match value {
        Value::Integer(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
        Value::Bytes(value) => query.bind(value),
        Value::Name(value) => query.bind(value),
    })
}

/// Brings the table up to date. Any number of processes may do so at once.
async fn migrate(pool: &SqlitePool) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::raw_sql(VERSIONS).execute(&mut *transaction).await?;
    let found: i64 = sqlx::query_scalar(VERSION).fetch_one(&mut *transaction).await?;
    if found > NEWEST {
        return Err(NewerTable { found, newest: NEWEST }.into());
    }
    for (version, step) in (1..).zip(MIGRATIONS).filter(|(version, _)| *version > found) {
        sqlx::raw_sql(step).execute(&mut *transaction).await?;
        sqlx::query(APPLIED).bind(version).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}

/// In order; the first brings version 1. One that has been released is never edited.
const MIGRATIONS: [&str; 1] = [include_str!("schema/sqlite_0001.sql")];

const NEWEST: i64 = MIGRATIONS.len() as i64;

const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS countersign_audit_migrations (
    version INTEGER PRIMARY KEY,
    applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) STRICT";

const VERSION: &str = "SELECT coalesce(max(version), 0) FROM countersign_audit_migrations";

const APPLIED: &str = "INSERT INTO countersign_audit_migrations (version) VALUES (?1)";
