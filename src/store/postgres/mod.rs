//! Sessions in PostgreSQL: for many nodes, beside an application's own tables if it likes.
//!
//! What must not race happens in one statement, or in one transaction that holds the user's row first.
//! What was asked of the server is never left half-way: whoever drops a verb leaves it to a task.

mod listen;
mod schema;
mod statement;
mod step;

use std::{fmt, sync::Arc, time::Duration};

use sqlx::{PgPool, Postgres, postgres::PgConnectOptions};

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

/// A store in a PostgreSQL database (12 or later).
///
/// ```no_run
/// # async fn start() -> Result<(), countersign::StoreError> {
/// let url = "postgres://app:secret@db.internal/app?sslmode=verify-full";
/// let store = countersign::PostgresStore::open(url).await?;
/// # Ok(())
/// # }
/// ```
///
/// A read-only request costs one statement, a request that writes two. How safe an answered write is,
/// is the database's `synchronous_commit`; what a log-out ends must be read from the primary, so do not
/// point it at a replica. Prepared statements and `LISTEN` need connections of their own: PgBouncer in
/// the mode `session`, not `transaction`.
pub struct PostgresStore {
    lines: Arc<Lines<Postgres>>,
}

impl PostgresStore {
    /// A store with up to 16 connections of its own, and one more for each listener. The tables are
    /// made if they are not there; their names start with `countersign_`.
    ///
    /// A connection is waited for, and opened, within two seconds.
    ///
    /// # Errors
    /// If the address cannot be read, the database does not answer, or a later version of this crate
    /// has used it already. No error shows the password.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let options: PgConnectOptions =
            url.parse().map_err(|error: sqlx::Error| StoreError::unavailable(error).while_opening("in PostgreSQL"))?;
        let place = shown_place("PostgreSQL", options.get_host(), options.get_port(), options.get_database());
        Self::over(Lines::to(options)).await.map_err(|error| error.while_opening(place))
    }

    /// A store in a database that the application has opened, by the connections of its pool. Our
    /// tables stand beside its own; their names start with `countersign_`.
    ///
    /// How long a connection is waited for, whether it is tested before each use, and how many there
    /// are, are the pool's: `acquire_timeout`, `test_before_acquire`, `max_connections`. Listeners
    /// open one more each.
    ///
    /// # Errors
    /// If the database does not answer, or if a later version of this crate has used it already.
    pub async fn with_pool(pool: PgPool) -> Result<Self, StoreError> {
        Self::over(Lines::Given(pool)).await
    }

    async fn over(lines: Lines<Postgres>) -> Result<Self, StoreError> {
        let mut line = lines.line().await?;
        schema::migrate(&mut line).await?;
        line.release();
        Ok(Self { lines: Arc::new(lines) })
    }
}

impl SessionStore for PostgresStore {
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
            let mut line = lines.line().await?;
            let alive = statement::delete(&mut line, id, now).await.map_err(Failure::in_doubt)?;
            line.release();
            Ok(alive)
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
            let epoch = statement::epoch(&mut line, &user).await?;
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
        run(&self.lines, (), move |lines, _| async move {
            let mut line = lines.line().await?;
            let swept = statement::delete_expired(&mut line, now, batch).await.map_err(Failure::in_doubt)?;
            if swept < batch {
                statement::delete_users(&mut line, now, batch.min(MOST_USERS)).await.map_err(Failure::in_doubt)?;
            }
            line.release();
            Ok(swept)
        })
        .await
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
        listen::listen(&self.lines, heartbeat).await
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

/// How many users a sweep forgets at most.
const MOST_USERS: usize = 1_000;
