//! The tables, and how a database of any earlier version comes to have them.
//!
//! The version is kept in a table of our own: `PRAGMA user_version` belongs to the application,
//! which may share its database with us.

use std::error::Error;

use sqlx::SqlitePool;

use crate::store::{StoreError, sql::NewerSchema};

/// Brings the tables up to date. Any number of processes may do so at once: the first one works,
/// the others wait for it and find nothing left to do.
pub(super) async fn migrate(pool: &SqlitePool) -> Result<(), StoreError> {
    run(pool).await.map_err(StoreError::unavailable)
}

async fn run(pool: &SqlitePool) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    sqlx::raw_sql(VERSIONS).execute(&mut *transaction).await?;
    let found: i64 = sqlx::query_scalar(VERSION).fetch_one(&mut *transaction).await?;
    if found > NEWEST {
        return Err(NewerSchema { found, newest: NEWEST }.into());
    }
    for (version, step) in (1..).zip(MIGRATIONS).filter(|(version, _)| *version > found) {
        sqlx::raw_sql(step).execute(&mut *transaction).await?;
        sqlx::query(APPLIED).bind(version).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}

/// In order; the first brings version 1. One that has been released is never edited.
const MIGRATIONS: [&str; 2] = [include_str!("0001_sessions.sql"), include_str!("0002_nodes.sql")];

const NEWEST: i64 = MIGRATIONS.len() as i64;

const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS countersign_migrations (
    version INTEGER PRIMARY KEY,
    applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) STRICT";

const VERSION: &str = "SELECT coalesce(max(version), 0) FROM countersign_migrations";

const APPLIED: &str = "INSERT INTO countersign_migrations (version) VALUES (?1)";
