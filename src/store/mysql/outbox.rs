//! The statements on announcements, and how they are listened to.

use std::{sync::Arc, time::Duration};

use sqlx::{AssertSqlSafe, MySql, MySqlConnection, Row};

use super::statement::{Result, failure, literal};
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
    let now = integer(now);
    let rows: Vec<String> = ids.iter().map(|id| format!("({}, {now})", literal(*id))).collect();
    let insert = format!("INSERT INTO countersign_ended (id, at) VALUES {}", rows.join(", "));
    sqlx::raw_sql(AssertSqlSafe(insert)).execute(on).await.map(drop).map_err(failure)
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
    let missing: Vec<String> = missing.iter().map(i64::to_string).collect();
    let or_missing = if missing.is_empty() { String::new() } else { format!(" OR seq IN ({})", missing.join(", ")) };
    let most = sql::MOST;
    let select =
        format!("SELECT seq, id FROM countersign_ended WHERE seq >= {last}{or_missing} ORDER BY seq LIMIT {most}");
    let mut line = lines.line().await?;
    let found = sqlx::raw_sql(AssertSqlSafe(select)).fetch_all(&mut *line).await.map_err(failure)?;
    line.release();
    found
        .iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect::<std::result::Result<_, _>>()
        .map_err(failure)
}

/// Those among which some may be missing, of transactions that have not ended yet.
const NEWEST: &str = "SELECT seq FROM countersign_ended
    WHERE seq > (SELECT MAX(seq) FROM countersign_ended) - 512 ORDER BY seq";

const NEWEST_OLD: &str = "SELECT MAX(seq) FROM countersign_ended WHERE at < ?";

const PRUNE: &str = "DELETE FROM countersign_ended WHERE seq < ? AND at < ? ORDER BY seq LIMIT ?";

const SHORTEST: Duration = Duration::from_millis(5);
const LONGEST: Duration = Duration::from_millis(100);
