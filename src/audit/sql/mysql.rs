//! In MySQL or MariaDB.

use std::{error::Error, fmt, sync::Arc, time::Duration};

use sqlx::{
    AssertSqlSafe, Connection, MySql, MySqlConnection, MySqlPool,
    mysql::{MySqlArguments, MySqlConnectOptions, MySqlPoolOptions},
    query::Query,
};

use super::{Dialect, Engine, NewerTable, Row, Statement, Value, page, prune_before, write};
use crate::{
    audit::{AuditEntry, AuditError, AuditPage, AuditQuery, AuditSink, AuditTrail},
    clock::Timestamp,
    store::shown_place,
};

/// Entries in a database of MySQL (8 or later) or MariaDB (10.6 or later), for any number of nodes. Cheap to clone; all clones are one.
///
/// ```no_run
/// # async fn start() -> Result<(), countersign::audit::AuditError> {
/// use countersign::audit::{AuditLog, MySqlAudit};
///
/// let table = MySqlAudit::open("mysql://app:secret@db.internal/app?ssl-mode=VERIFY_IDENTITY").await?;
/// let log = AuditLog::builder().sink(table.clone()).build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct MySqlAudit {
    pool: MySqlPool,
}

impl MySqlAudit {
    /// A table with up to four connections of its own. It is made if it is not there: `countersign_audit`.
    ///
    /// # Errors
    /// If the address cannot be read, the database does not answer, or a later version of this crate has used it already. No error
    /// shows the password.
    pub async fn open(url: &str) -> Result<Self, AuditError> {
        let options: MySqlConnectOptions =
            url.parse().map_err(|error: sqlx::Error| AuditError::unavailable(error).while_opening("in MySQL"))?;
        let place = shown_place("MySQL", options.get_host(), options.get_port(), options.get_database());
        let made = async {
            // Not by the pool, which would try for long, and not say why it fails.
            let mut connection = MySqlConnection::connect_with(&options).await?;
            migrate(&mut connection).await?;
            Ok(connection.close().await?)
        };
        let made: Result<(), Box<dyn Error + Send + Sync>> = made.await;
        made.map_err(|error| AuditError::unavailable(error).while_opening(place))?;
        let pool = MySqlPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(PATIENCE);
        Ok(Self { pool: pool.connect_lazy_with(options) })
    }

    /// A table in a database that the application has opened, by the connections of its pool: `countersign_audit` beside the
    /// application's own.
    ///
    /// # Errors
    /// If the database does not answer, or if a later version of this crate has used it already.
    pub async fn with_pool(pool: MySqlPool) -> Result<Self, AuditError> {
        let mut connection = pool.acquire().await.map_err(AuditError::unavailable)?;
        migrate(&mut connection).await.map_err(AuditError::unavailable)?;
        drop(connection);
        Ok(Self { pool })
    }
}

impl AuditSink for MySqlAudit {
    fn name(&self) -> &str {
        "mysql"
    }

    async fn write(&self, batch: &[Arc<AuditEntry>]) -> Result<(), AuditError> {
        write(self, batch).await
    }

    async fn prune(&self, before: Timestamp, most: usize) -> Result<usize, AuditError> {
        prune_before(self, before, most).await
    }
}

impl AuditTrail for MySqlAudit {
    async fn page(&self, query: &AuditQuery) -> Result<AuditPage, AuditError> {
        page(self, query).await
    }
}

impl Engine for MySqlAudit {
    const DIALECT: Dialect = Dialect::MySql;

    async fn change(&self, statement: Statement) -> Result<u64, sqlx::Error> {
        Ok(bound(statement).execute(&self.pool).await?.rows_affected())
    }

    async fn rows(&self, statement: Statement) -> Result<Vec<Row>, sqlx::Error> {
        let rows = bound(statement).fetch_all(&self.pool).await?;
        rows.iter().map(sqlx::FromRow::from_row).collect()
    }
}

impl fmt::Debug for MySqlAudit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MySqlAudit").finish_non_exhaustive()
    }
}

fn bound(statement: Statement) -> Query<'static, MySql, MySqlArguments> {
    let query = sqlx::query(AssertSqlSafe(statement.text)).persistent(statement.usual);
    statement.values.into_iter().fold(query, |query, value| match value {
        Value::Integer(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
        Value::Bytes(value) => query.bind(value),
        Value::Name(value) => query.bind(value.map(String::into_bytes)),
    })
}

/// Brings the table up to date. Any number of nodes may do so at once. Each change commits by itself here, so each step can be run
/// again. Where nothing is to be done, nothing is written or locked.
async fn migrate(on: &mut MySqlConnection) -> Result<(), Box<dyn Error + Send + Sync>> {
    if found(on).await? == NEWEST {
        return Ok(());
    }
    let ours: Option<i64> = sqlx::query_scalar(LOCK).fetch_one(&mut *on).await?;
    if ours != Some(1) {
        return Err("another node is bringing the audit table up to date: try again when it is done".into());
    }
    let result = under_lock(on).await;
    // Where this fails, the connection has gone, and the lock with it.
    let _: Option<i64> = sqlx::query_scalar(UNLOCK).fetch_one(on).await?;
    result
}

async fn under_lock(on: &mut MySqlConnection) -> Result<(), Box<dyn Error + Send + Sync>> {
    sqlx::raw_sql(VERSIONS).execute(&mut *on).await?;
    let found = found(on).await?;
    if found > NEWEST {
        return Err(NewerTable { found, newest: NEWEST }.into());
    }
    for (version, step) in (1..).zip(MIGRATIONS).filter(|(version, _)| *version > found) {
        sqlx::raw_sql(step).execute(&mut *on).await?;
        sqlx::query(APPLIED).bind(version).execute(&mut *on).await?;
    }
    Ok(())
}

/// The version that the table has: 0 if there is none.
async fn found(on: &mut MySqlConnection) -> Result<i64, sqlx::Error> {
    let known: i64 = sqlx::query_scalar(KNOWN).fetch_one(&mut *on).await?;
    if known == 0 {
        return Ok(0);
    }
    sqlx::query_scalar(VERSION).fetch_one(on).await
}

/// In order; the first brings version 1. One that has been released is never edited.
const MIGRATIONS: [&str; 1] = [include_str!("schema/mysql_0001.sql")];

const NEWEST: i64 = MIGRATIONS.len() as i64;

/// The name is that of the stores' own migrations: they follow each other.
const LOCK: &str = "SELECT GET_LOCK(CONCAT('countersign.', MD5(DATABASE())), 30)";

const UNLOCK: &str = "SELECT RELEASE_LOCK(CONCAT('countersign.', MD5(DATABASE())))";

const KNOWN: &str = "SELECT COUNT(*) FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name = 'countersign_audit_migrations'";

const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS countersign_audit_migrations (
    version BIGINT NOT NULL PRIMARY KEY,
    applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
) ENGINE = InnoDB";

const VERSION: &str = "SELECT COALESCE(MAX(version), 0) FROM countersign_audit_migrations";

const APPLIED: &str = "INSERT IGNORE INTO countersign_audit_migrations (version) VALUES (?)";

const CONNECTIONS: u32 = 4;

/// How long a connection is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
