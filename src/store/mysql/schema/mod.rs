//! The tables, and how a database of any earlier version comes to have them.
//!
//! Here every change to a table commits by itself, so a node may die between a step and the note that it
//! was done. Each step can therefore be run again, and leaves alone what it finds done.
//!
//! A step must not stop the nodes that are at work. So columns are added at the end with a constant
//! default and `ALGORITHM = INSTANT`, indexes with `ALGORITHM = INPLACE, LOCK = NONE`: where the server
//! cannot do that, the step fails instead of locking the table. `lock_wait_timeout` bounds the moment for
//! which a table must be free, as whoever waits for that has all others wait behind him.

use std::{error::Error, fmt};

use sqlx::MySqlConnection;

use crate::store::{StoreError, sql::NewerSchema};

/// Brings the tables up to date. Any number of nodes may do so at once: the first one works, the others
/// wait for it and find nothing left to do.
///
/// Where nothing is to be done, nothing is written or locked: an application may run as an account that
/// must not change tables.
pub(super) async fn migrate(on: &mut MySqlConnection) -> Result<(), StoreError> {
    run(on).await.map_err(StoreError::unavailable)
}

async fn run(on: &mut MySqlConnection) -> Result<(), Box<dyn Error + Send + Sync>> {
    if found(on).await? == NEWEST {
        return Ok(());
    }
    let ours: Option<i64> = sqlx::query_scalar(LOCK).fetch_one(&mut *on).await?;
    if ours != Some(1) {
        return Err(Locked.into());
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
        return Err(NewerSchema { found, newest: NEWEST }.into());
    }
    for (version, step) in (1..).zip(MIGRATIONS).filter(|(version, _)| *version > found) {
        sqlx::raw_sql(step).execute(&mut *on).await?;
        sqlx::query(APPLIED).bind(version).execute(&mut *on).await?;
    }
    Ok(())
}

/// The version that the tables have: 0 if there are none.
async fn found(on: &mut MySqlConnection) -> Result<i64, sqlx::Error> {
    let known: i64 = sqlx::query_scalar(KNOWN).fetch_one(&mut *on).await?;
    if known == 0 {
        return Ok(0);
    }
    sqlx::query_scalar(VERSION).fetch_one(on).await
}

/// Another node has been at it for too long.
#[derive(Debug)]
struct Locked;

impl fmt::Display for Locked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("another node is bringing the session tables up to date: try again when it is done")
    }
}

impl Error for Locked {}

/// In order; the first brings version 1. One that has been released is never edited.
const MIGRATIONS: [&str; 1] = [include_str!("0001_sessions.sql")];

const NEWEST: i64 = MIGRATIONS.len() as i64;

/// Names of locks belong to the server, and have at most 64 characters.
const LOCK: &str = "SELECT GET_LOCK(CONCAT('countersign.', MD5(DATABASE())), 30)";

const UNLOCK: &str = "SELECT RELEASE_LOCK(CONCAT('countersign.', MD5(DATABASE())))";

const KNOWN: &str = "SELECT COUNT(*) FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name = 'countersign_migrations'";

const VERSIONS: &str = "SET SESSION lock_wait_timeout = 5;
CREATE TABLE IF NOT EXISTS countersign_migrations (
    version BIGINT NOT NULL PRIMARY KEY,
    applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
) ENGINE = InnoDB";

const VERSION: &str = "SELECT COALESCE(MAX(version), 0) FROM countersign_migrations";

/// Noted already, if a node died after that, or if `GET_LOCK` is each node's own (Galera).
const APPLIED: &str = "INSERT IGNORE INTO countersign_migrations (version) VALUES (?)";
