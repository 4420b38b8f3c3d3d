//! The statements on announcements, and how they are listened to.

use std::{sync::Arc, time::Duration};

use sqlx::{MySql, MySqlConnection, QueryBuilder};

use super::statement::{Result, failure};
use crate::{
    clock::Timestamp,
    record::SessionId,
    store::{
        Invalidations, StoreError,
        sql::{
            self, Announced, Window, integer, rows,
            server::{Lines, run},
        },
    },
};

/// Announces that these have ended, if this transaction is committed.
pub(super) async fn announce(on: &mut MySqlConnection, ids: &[SessionId], now: Timestamp) -> Result<()> {
    let mut insert = QueryBuilder::<MySql>::new("INSERT INTO countersign_ended (id, at) ");
    insert.push_values(ids, |mut row, id| {
        row.push_bind(id.as_bytes().to_vec()).push_bind(integer(now));
    });
    // One is usual, and worth to be prepared.
    let query = insert.build().persistent(ids.len() == 1);
    query.execute(on).await.map(drop).map_err(failure)
}

/// Removes old announcements, at most `most` of them, but for the newest of the old.
pub(super) async fn prune(on: &mut MySqlConnection, now: Timestamp, most: usize) -> Result<()> {
    let before = integer(now).saturating_sub(i64::try_from(sql::KEPT.as_millis()).unwrap_or(i64::MAX));
    let newest = sqlx::query_scalar(NEWEST_OLD).bind(before).fetch_one(&mut *on).await.map_err(failure)?;
    let newest: i64 = Option::unwrap_or_default(newest);
    let query = sqlx::query(PRUNE).bind(newest).bind(before).bind(rows(most));
    query.execute(on).await.map(drop).map_err(failure)
}

/// Listens, from now on.
pub(super) async fn listen(
    lines: &Arc<Lines<MySql>>,
    heartbeat: Duration,
) -> std::result::Result<Invalidations, StoreError> {
    let newest = run(lines, (), |lines, _| async move {
        let mut line = lines.line().await?;
        let newest: Vec<i64> = sqlx::query_scalar(NEWEST).fetch_all(&mut *line).await.map_err(failure)?;
        line.release();
        Ok(newest)
    })
    .await?;
    let pause = (heartbeat / 2).clamp(SHORTEST, LONGEST);
    let lines = Arc::clone(lines);
    Ok(sql::follow(Window::after(&newest, pause), heartbeat, pause, move |last, missing| {
        let lines = Arc::clone(&lines);
        async move { run(&lines, (last, missing), |lines, from| async move { poll(&lines, from.0, &from.1).await }).await }
    }))
}

async fn poll(lines: &Lines<MySql>, last: i64, missing: &[i64]) -> Result<Vec<Announced>> {
    let mut select = QueryBuilder::<MySql>::new("SELECT seq, id FROM countersign_ended WHERE seq >= ");
    select.push_bind(last);
    if !missing.is_empty() {
        select.push(" OR seq IN (");
        let mut numbers = select.separated(", ");
        for number in missing {
            // A number of ours, and far too many to bind each.
            numbers.push(number);
        }
        select.push(")");
    }
    select.push(" ORDER BY seq LIMIT ").push(sql::MOST);
    let mut line = lines.line().await?;
    let query = select.build_query_as().persistent(missing.is_empty());
    let found = query.fetch_all(&mut *line).await.map_err(failure)?;
    line.release();
    Ok(found)
}

/// Those among which some may be missing, of transactions that have not ended yet.
const NEWEST: &str = "SELECT seq FROM countersign_ended
    WHERE seq > (SELECT MAX(seq) FROM countersign_ended) - 512 ORDER BY seq";

const NEWEST_OLD: &str = "SELECT MAX(seq) FROM countersign_ended WHERE at < ?";

const PRUNE: &str = "DELETE FROM countersign_ended WHERE seq < ? AND at < ? ORDER BY seq LIMIT ?";

const SHORTEST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_millis(100);
