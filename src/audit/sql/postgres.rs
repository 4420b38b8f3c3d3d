//! In PostgreSQL.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use sqlx::{
    AssertSqlSafe, Connection, PgConnection, PgPool, Postgres,
    postgres::{PgArguments, PgConnectOptions, PgPoolOptions},
    query::Query,
};

use super::{Dialect, Engine, NewerTable, Row, Statement, Value, page, prune_before, write};
use crate::{
    audit::{AuditEntry, AuditError, AuditPage, AuditQuery, AuditSink, AuditTrail},
    clock::Timestamp,
    store::shown_place,
};

/// Entries in a PostgreSQL database (12 or later), for any number of nodes. Cheap to clone; all clones are one.
///
/// ```no_run
/// # async fn start() -> Result<(), countersign::audit::AuditError> {
/// use countersign::audit::{AuditLog, PostgresAudit};
///
/// let table = PostgresAudit::open("postgres://app:secret@db.internal/app?sslmode=verify-full").await?;
/// let log = AuditLog::builder().sink(table.clone()).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PostgresAudit {
    pool: PgPool,
}

impl PostgresAudit {
    /// A table with up to four connections of its own. It is made if it is not there: `countersign_audit`.
    ///
    /// # Errors
    /// If the address cannot be read, the database does not answer, or a later version of this crate has used it already. No error
    /// shows the password.
    pub async fn open(url: &str) -> Result<Self, AuditError> {
        let options: PgConnectOptions =
            url.parse().map_err(|error: sqlx::Error| AuditError::unavailable(error).while_opening("in PostgreSQL"))?;
        let place = shown_place("PostgreSQL", options.get_host(), options.get_port(), options.get_database());
        let made = async {
            // Not by the pool, which would try for long, and not say why it fails.
            let mut connection = PgConnection::connect_with(&options).await?;
            migrate(&mut connection).await?;
            Ok(connection.close().await?)
        };
        let made: Result<(), Box<dyn Error + Send + Sync>> = made.await;
        made.map_err(|error| AuditError::unavailable(error).while_opening(place))?;
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
        Ok(Self { pool: pool.connect_lazy_with(options) })
    }

    /// A table in a database that the application has opened, by the connections of its pool: `countersign_audit` beside the
    /// application's own.
    ///
    /// # Errors
    /// If the database does not answer, or if a later version of this crate has used it already.
    pub async fn with_pool(pool: PgPool) -> Result<Self, AuditError> {
        let mut connection = pool.acquire().await.map_err(AuditError::unavailable)?;
        migrate(&mut connection).await.map_err(AuditError::unavailable)?;
        drop(connection);
        Ok(Self { pool })
    }
}

impl AuditSink for PostgresAudit {
    fn name(&self) -> &str {
        "postgres"
    }

    async fn write(&self, batch: &[Arc<AuditEntry>]) -> Result<(), AuditError> {
        write(self, batch).await
    }

    async fn prune(&self, before: Timestamp, most: usize) -> Result<usize, AuditError> {
        prune_before(self, before, most).await
    }
}

impl AuditTrail for PostgresAudit {
    async fn page(&self, query: &AuditQuery) -> Result<AuditPage, AuditError> {
        page(self, query).await
    }
}

impl Engine for PostgresAudit {
    const DIALECT: Dialect = Dialect::Postgres;

    async fn change(&self, statement: Statement) -> Result<u64, sqlx::Error> {
        Ok(bound(statement).execute(&self.pool).await?.rows_affected())
    }

    async fn rows(&self, statement: Statement) -> Result<Vec<Row>, sqlx::Error> {
        let rows = bound(statement).fetch_all(&self.pool).await?;
        rows.iter().map(sqlx::FromRow::from_row).collect()
    }
}

impl fmt::Debug for PostgresAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresAudit").finish_non_exhaustive()
    }
}

fn bound(statement: Statement) -> Query<'static, Postgres, PgArguments> {
    let query = sqlx::query(AssertSqlSafe(statement.text)).persistent(statement.usual);
    statement.values.into_iter().fold(query, |query, value| match value {
        Value::Integer(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
        Value::Bytes(value) => query.bind(value),
        Value::Name(value) => query.bind(value.map(String::into_bytes)),
    })
}

/// Brings the table up to date. Any number of nodes may do so at once. Where nothing is to be done, nothing is written or
/// locked: an application may run as a role that must not change tables.
async fn migrate(on: &mut PgConnection) -> Result<(), Box<dyn Error + Send + Sync>> {
    if found(on).await? == NEWEST {
        return Ok(());
    }
    let mut transaction = on.begin().await?;
    sqlx::raw_sql(LOCK).execute(&mut *transaction).await?;
    sqlx::raw_sql(VERSIONS).execute(&mut *transaction).await?;
    let found = found(&mut transaction).await?;
    if found > NEWEST {
        return Err(NewerTable { found, newest: NEWEST }.into());
    }
    for (version, step) in (1..).zip(MIGRATIONS).filter(|(version, _)| *version > found) {
        sqlx::raw_sql(step).execute(&mut *transaction).await?;
        sqlx::query(APPLIED).bind(version).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}

/// The version that the table has: 0 if there is none.
async fn found(on: &mut PgConnection) -> Result<i64, sqlx::Error> {
    let known: bool = sqlx::query_scalar(KNOWN).fetch_one(&mut *on).await?;
    if !known {
        return Ok(0);
    }
    sqlx::query_scalar(VERSION).fetch_one(on).await
}

/// In order; the first brings version 1. One that has been released is never edited.
const MIGRATIONS: [&str; 1] = [include_str!("schema/postgres_0001.sql")];

const NEWEST: i64 = MIGRATIONS.len() as i64;

/// The number is that of the stores' own migrations: they follow each other. Held until the transaction ends.
const LOCK: &str = "SET LOCAL lock_timeout = '5s'; SELECT pg_advisory_xact_lock(7165916604736463207)";

const KNOWN: &str = "SELECT to_regclass('countersign_audit_migrations') IS NOT NULL";

const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS countersign_audit_migrations (
    version BIGINT PRIMARY KEY,
    applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
)";

const VERSION: &str = "SELECT coalesce(max(version), 0) FROM countersign_audit_migrations";

const APPLIED: &str = "INSERT INTO countersign_audit_migrations (version) VALUES ($1)";

const CONNECTIONS: u32 = 4;

/// How long a connection is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
