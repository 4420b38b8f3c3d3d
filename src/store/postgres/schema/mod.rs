//! The tables, and how a database of any earlier version comes to have them.
//!
//! All steps of an upgrade are one transaction: nodes that find the tables half-way do not exist. A
//! step must not stop the nodes that are at work. So it waits at most for `lock_timeout`, as whoever
//! waits for a lock on a table has all others wait behind him; columns are added with a constant
//! default, which rewrites no row; and an index on a table that is there already is built by
//! `CREATE INDEX CONCURRENTLY`, on a connection of its own after the transaction.

use std::error::Error;

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::store::{StoreError, sql::NewerSchema};

/// Brings the tables up to date. Any number of nodes may do so at once: the first one works, the others
/// wait for it and find nothing left to do.
///
/// Where nothing is to be done, nothing is written or locked: an application may run as a role that
/// must not change tables.
pub(super) async fn migrate(on: &mut PgConnection) -> Result<(), StoreError> {
    run(on).await.map_err(StoreError::unavailable)
}

async fn run(on: &mut PgConnection) -> Result<(), Box<dyn Error + Send + Sync>> {
    if found(on).await? == NEWEST {
        return Ok(());
    }
    let mut transaction = on.begin().await?;
    sqlx::raw_sql(LOCK).execute(&mut *transaction).await?;
    sqlx::raw_sql(VERSIONS).execute(&mut *transaction).await?;
    let found = found(&mut transaction).await?;
    if found > NEWEST {
        return Err(NewerSchema { found, newest: NEWEST }.into());
    }
    for (version, step) in (1..).zip(MIGRATIONS).filter(|(version, _)| *version > found) {
        sqlx::raw_sql(AssertSqlSafe(step)).execute(&mut *transaction).await?;
        sqlx::query(APPLIED).bind(version).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}

/// The version that the tables have: 0 if there are none.
async fn found(on: &mut PgConnection) -> Result<i64, sqlx::Error> {
    let known: bool = sqlx::query_scalar(KNOWN).fetch_one(&mut *on).await?;
    if !known {
        return Ok(0);
    }
    sqlx::query_scalar(VERSION).fetch_one(on).await
}

/// In order; the first brings version 1. One that has been released is never edited.
const MIGRATIONS: [&str; 1] = [include_str!("0001_sessions.sql")];

const NEWEST: i64 = MIGRATIONS.len() as i64;

/// The number is `countersign` as ASCII, cut to 63 bits: an application's own locks hardly have it. Held
/// until the transaction ends.
const LOCK: &str = "SET LOCAL lock_timeout = '5s'; SELECT pg_advisory_xact_lock(7165916604736463207)";

const KNOWN: &str = "SELECT to_regclass('countersign_migrations') IS NOT NULL";

const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS countersign_migrations (
    version BIGINT PRIMARY KEY,
    applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
)";

const VERSION: &str = "SELECT coalesce(max(version), 0) FROM countersign_migrations";

const APPLIED: &str = "INSERT INTO countersign_migrations (version) VALUES ($1)";
