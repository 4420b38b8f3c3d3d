//! Sessions in MySQL or MariaDB: for many nodes, beside an application's own tables if it likes.
//!
//! What must not race happens in one statement, or in one transaction that holds the user's row first.
//! What was asked of the server is never left half-way: whoever drops a verb leaves it to a task.

mod outbox;
mod schema;
mod statement;
mod step;
mod users;

use std::{fmt, sync::Arc, time::Duration};

use sqlx::{MySql, MySqlPool, mysql::MySqlConnectOptions};

use super::{
    Changed, Created, Cursor, Epoch, Invalidations, Page, Replaced, Replacement, Scanned, SessionStore, StoreError,
    Terms,
    sql::{
        self,
        server::{Failure, Lines, run, shown_place},
    },
};
use crate::{
    clock::Timestamp,
    record::{Change, Record, SessionId},
};
use step::Step;

/// A store in a database of MySQL (8 or later) or MariaDB (10.6 or later).
///
/// ```no_run
/// # async fn start() -> Result<(), countersign::StoreError> {
/// let url = "mysql://app:secret@db.internal/app?ssl-mode=VERIFY_IDENTITY";
/// let store = countersign::MySqlStore::open(url).await?;
/// # Ok(())
/// # }
/// ```
///
/// A read-only request costs one statement, a request that writes two. How safe an answered write is,
/// is the server's `innodb_flush_log_at_trx_commit`; what a log-out ends must be read from the primary,
/// so do not point it at a replica. A binary log must be in the format `ROW` or `MIXED`.
pub struct MySqlStore {
    lines: Arc<Lines<MySql>>,
}

impl MySqlStore {
    /// A store with up to 16 connections of its own. The tables are made if
    /// they are not there; their names start with `countersign_`.
    ///
    /// A connection is waited for, and opened, within two seconds.
    ///
    /// # Errors
    /// If the address cannot be read, the database does not answer, or a later version of this crate
    /// has used it already. No error shows the password.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let options: MySqlConnectOptions =
            url.parse().map_err(|error: sqlx::Error| StoreError::unavailable(error).while_opening("in MySQL"))?;
        let place = shown_place("MySQL", options.get_host(), options.get_port(), options.get_database());
        Self::over(Lines::to(options)).await.map_err(|error| error.while_opening(place))
    }

    /// A store in a database that the application has opened, by the connections of its pool. Our
    /// tables stand beside its own; their names start with `countersign_`.
    ///
    /// How long a connection is waited for, whether it is tested before each use, and how many there
    /// are, are the pool's: `acquire_timeout`, `test_before_acquire`, `max_connections`.
    ///
    /// # Errors
    /// If the database does not answer, or if a later version of this crate has used it already.
    pub async fn with_pool(pool: MySqlPool) -> Result<Self, StoreError> {
        Self::over(Lines::Given(pool)).await
    }

    async fn over(lines: Lines<MySql>) -> Result<Self, StoreError> {
        let mut line = lines.line().await?;
        schema::migrate(&mut line).await?;
        line.release();
        Ok(Self { lines: Arc::new(lines) })
    }
}

impl SessionStore for MySqlStore {
    async fn create(&self, record: Record, terms: Terms, now: Timestamp) -> Result<Created, StoreError> {
        run(&self.lines, record, move |lines, record| async move {
            if !terms.bind(&record) {
                let mut line = lines.line().await?;
                let kept = statement::insert(&mut line, &record).await.map_err(Failure::in_doubt)?;
                line.release();
                return Ok(if kept { Created::Kept { evicted: Vec::new() } } else { Created::IdTaken });
            }
            let mut step = Step::begin(&lines).await?;
            let created = step.create(&record, terms, now).await?;
            step.commit(created).await
        })
        .await
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        run(&self.lines, (), move |lines, _| async move {
            let mut line = lines.line().await?;
            let found = statement::select(&mut line, id, now).await?;
            line.release();
            // A record that cannot be read costs nobody a connection.
            Ok(found.map(|json| sql::record(&json).map(Arc::new)).transpose()?)
        })
        .await
    }

    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
        run(&self.lines, change, move |lines, change| async move {
            if let Some((before, record)) = sql::foreseen(id, &change) {
                let mut line = lines.line().await?;
                let merged = statement::update(&mut line, &record, before, now).await.map_err(Failure::in_doubt)?;
                line.release();
                if merged {
                    return Ok(Changed::Merged(Arc::new(record)));
                }
            }
            let mut step = Step::begin(&lines).await?;
            let changed = step.change(id, &change, now).await?;
            step.commit(changed).await
        })
        .await
    }

    async fn replace(
        &self,
        old: SessionId,
        new: Replacement,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        run(&self.lines, new, move |lines, new| async move {
            let mut step = Step::begin(&lines).await?;
            let replaced = step.replace(old, &new, terms, now).await?;
            step.commit(replaced).await
        })
        .await
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        run(&self.lines, (), move |lines, _| async move {
            let mut step = Step::begin(&lines).await?;
            let alive = step.revoke(id, now).await?;
            step.commit(alive).await
        })
        .await
    }

    async fn revoke_user(
        &self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        run(&self.lines, user.to_owned(), move |lines, user| async move {
            let mut step = Step::begin(&lines).await?;
            let ended = step.revoke_user(&user, except, now).await?;
            step.commit(ended).await
        })
        .await
    }

    async fn revoke_device(&self, user: &str, device: &str, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        run(&self.lines, (user.to_owned(), device.to_owned()), move |lines, with| async move {
            let mut step = Step::begin(&lines).await?;
            let ended = step.revoke_device(&with.0, &with.1, now).await?;
            step.commit(ended).await
        })
        .await
    }

    async fn epoch(&self, user: &str, _: Timestamp) -> Result<Epoch, StoreError> {
        run(&self.lines, user.to_owned(), |lines, user| async move {
            let mut line = lines.line().await?;
            let epoch = users::epoch(&mut line, &user).await?;
            line.release();
            Ok(epoch)
        })
        .await
    }

    async fn list(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        sql::readable(page.size, |size| {
            run(&self.lines, user.to_owned(), move |lines, user| async move {
                let mut line = lines.line().await?;
                let found = statement::page(&mut line, &user, page.after, size, now).await?;
                line.release();
                Ok(found)
            })
        })
        .await
    }

    async fn sweep(&self, now: Timestamp, batch: usize) -> Result<usize, StoreError> {
        let mut swept = 0;
        loop {
            let most = (batch - swept).min(statement::MOST_AT_ONCE);
            let more = run(&self.lines, (), move |lines, _| async move {
                let mut step = Step::begin(&lines).await?;
                let more = step.sweep(now, most).await?;
                step.commit(more).await
            })
            .await?;
            swept += more;
            if more < most || swept >= batch {
                return Ok(swept);
            }
        }
    }

    async fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Result<Scanned, StoreError> {
        let (after, size) = (sql::scanned_before(from)?, size.max(1));
        run(&self.lines, after, move |lines, after| async move {
            let mut line = lines.line().await?;
            let found = statement::scan(&mut line, &after, size, now).await?;
            line.release();
            Ok(sql::scanned(&found, size))
        })
        .await
    }

    async fn invalidations(&self, heartbeat: Duration) -> Result<Invalidations, StoreError> {
        outbox::listen(&self.lines, heartbeat).await
    }
}

impl fmt::Debug for MySqlStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MySqlStore").finish_non_exhaustive()
    }
}
