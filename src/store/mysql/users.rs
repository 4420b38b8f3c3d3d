//! The statements on users: who holds one is alone with the beginnings of his sessions.

use sqlx::MySqlConnection;

use super::statement::{Result, failure};
use crate::{
    clock::Timestamp,
    store::{
        Epoch,
        sql::{self, integer, rows, server::user_key},
    },
};

/// The epoch that a user is in.
pub(super) async fn epoch(on: &mut MySqlConnection, user: &str) -> Result<Epoch> {
    let found = sqlx::query_scalar(EPOCH).bind(user.as_bytes()).fetch_optional(on).await;
    Ok(sql::epoch(found.map_err(failure)?))
}

/// Until this transaction has ended, nobody else holds this user. Says the epoch that he is in.
pub(super) async fn hold_user(on: &mut MySqlConnection, user: &str, now: Timestamp) -> Result<Epoch> {
    // Nearly always he is known. A row that is not there cannot be held.
    if let Some(epoch) = held(on, user).await? {
        return Ok(sql::epoch(Some(epoch)));
    }
    let query = sqlx::query(ADD_USER).bind(user_key(user)?).bind(integer(now));
    query.execute(&mut *on).await.map_err(failure)?;
    Ok(sql::epoch(held(on, user).await?))
}

async fn held(on: &mut MySqlConnection, user: &str) -> Result<Option<i64>> {
    sqlx::query_scalar(EPOCH_LOCKED).bind(user.as_bytes()).fetch_optional(on).await.map_err(failure)
}

/// Holds a user, and begins his next epoch.
pub(super) async fn next_epoch(on: &mut MySqlConnection, user: &str, now: Timestamp) -> Result<()> {
    let query = sqlx::query(NEXT_EPOCH).bind(user_key(user)?).bind(integer(now)).bind(integer(now));
    query.execute(on).await.map(drop).map_err(failure)
}

/// Forgets users of whom nothing need be known any more, at most `most` of them. To be done in a transaction.
pub(super) async fn delete_users(on: &mut MySqlConnection, now: Timestamp, most: usize) -> Result<()> {
    let before = sql::forgotten(now);
    let query = sqlx::query_scalar(FORGOTTEN_LOCKED).bind(before).bind(rows(most));
    let found: Vec<Vec<u8>> = query.fetch_all(&mut *on).await.map_err(failure)?;
    for user in found {
        sqlx::query(DELETE_USER).bind(user).bind(before).execute(&mut *on).await.map_err(failure)?;
    }
    Ok(())
}

const EPOCH: &str = "SELECT epoch FROM countersign_users WHERE user_id = ?";

const EPOCH_LOCKED: &str = "SELECT epoch FROM countersign_users WHERE user_id = ? FOR UPDATE";

const ADD_USER: &str = "INSERT INTO countersign_users (user_id, epoch, touched_at) VALUES (?, 0, ?)
    ON DUPLICATE KEY UPDATE epoch = epoch";

const NEXT_EPOCH: &str = "INSERT INTO countersign_users (user_id, epoch, touched_at) VALUES (?, 1, ?)
    ON DUPLICATE KEY UPDATE epoch = epoch + 1, touched_at = GREATEST(touched_at, ?)";

const FORGOTTEN_LOCKED: &str = "SELECT user_id FROM countersign_users FORCE INDEX (countersign_users_by_touch)
    WHERE touched_at <= ? ORDER BY touched_at LIMIT ? FOR UPDATE SKIP LOCKED";

const DELETE_USER: &str = "DELETE FROM countersign_users WHERE user_id = ? AND touched_at <= ?";
