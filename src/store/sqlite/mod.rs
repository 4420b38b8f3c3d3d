//! Sessions in one SQLite file: they outlive the process, and several processes of one machine may
//! share them.
//!
//! SQLite has one writer at a time. Verbs that write wait for their turn in this process, first
//! come, first served, so none of them keeps a connection busy with waiting; those of other
//! processes are waited for by SQLite itself. Reading waits for nobody.

mod file;
mod schema;
mod statement;
mod step;
#[cfg(test)]
mod tests;

use std::{fmt, path::Path, sync::Arc, time::Duration};

use sqlx::SqlitePool;
use tokio::sync::Mutex;

use super::{
    Changed, Created, Cursor, Epoch, Invalidations, Page, Replaced, Replacement, Scanned, SessionStore, StoreError,
    Terms,
    sql::{self, Window},
};
use crate::{
    clock::Timestamp,
    record::{Change, Record, SessionId},
};
pub(crate) use file::Pools;
#[cfg(feature = "audit")]
pub(crate) use file::open as open_file;
use step::Step;

/// A store in a SQLite database.
///
/// ```no_run
/// # async fn start() -> Result<(), countersign::StoreError> {
/// let store = countersign::SqliteStore::open("sessions.db").await?;
/// # Ok(())
/// # }
/// ```
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    turn: Mutex<()>,
}

impl SqliteStore {
    /// A store in a file of its own, which is made if it is not there, readable by its owner alone;
    /// the mode of a file that is there is left as it is. For sessions without a file there is
    /// [`MemoryStore`](super::memory::MemoryStore).
    ///
    /// What a verb has answered survives the end of the process and the loss of power: each write
    /// is synced to the disk (write-ahead log, `synchronous = FULL`).
    ///
    /// # Errors
    /// If the file cannot be opened or is not a database, or if a later version of this crate has
    /// used it already.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let opened = async { Self::over(file::open(path).await?).await };
        opened.await.map_err(|error| error.while_opening(path.display()))
    }

    /// A store in a database that the application has opened, beside the application's own tables.
    /// Ours have names that start with `countersign_`.
    ///
    /// Of this pool, at most one connection writes at a time; it waits for the application's
    /// writers as long as the pool's `busy_timeout` says. How safe an answered write is, and whether
    /// readers wait, are the pool's `synchronous` and `journal_mode`: `FULL` and `WAL` are what
    /// [`open`](Self::open) uses.
    ///
    /// A database in memory ends with its last connection, and connections to it get in each
    /// other's way. Give it exactly one, and let the pool never close it: not for its age, and not
    /// because a future was dropped while its connection was being tested.
    ///
    /// ```
    /// use sqlx::sqlite::SqlitePoolOptions;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let one = SqlitePoolOptions::new().min_connections(1).max_connections(1);
    /// let kept = one.idle_timeout(None).max_lifetime(None).test_before_acquire(false);
    /// let store = countersign::SqliteStore::with_pool(kept.connect("sqlite::memory:").await?).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the database does not answer, or if a later version of this crate has used it already.
    pub async fn with_pool(pool: SqlitePool) -> Result<Self, StoreError> {
        Self::over(Pools { writer: pool.clone(), readers: pool }).await
    }

    async fn over(pools: Pools) -> Result<Self, StoreError> {
        schema::migrate(&pools.writer).await?;
        Ok(Self { writer: pools.writer, readers: pools.readers, turn: Mutex::new(()) })
    }
}

impl SessionStore for SqliteStore {
    async fn create(&self, record: Record, terms: Terms, now: Timestamp) -> Result<Created, StoreError> {
        if !terms.bind(&record) {
            let _turn = self.turn.lock().await;
            let kept = statement::insert(&self.writer, &record).await?;
            return Ok(if kept { Created::Kept { evicted: Vec::new() } } else { Created::IdTaken });
        }
        let mut step = Step::begin(&self.writer, &self.turn).await?;
        let created = step.create(&record, terms, now).await?;
        step.commit().await?;
        Ok(created)
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        Ok(statement::select(&self.readers, id, now).await?.map(Arc::new))
    }

    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
        if let Some((before, record)) = sql::foreseen(id, &change) {
            let _turn = self.turn.lock().await;
            if statement::update_from(&self.writer, &record, before, now).await? {
                return Ok(Changed::Merged(Arc::new(record)));
            }
        }
        let mut step = Step::begin(&self.writer, &self.turn).await?;
        let changed = step.change(id, &change, now).await?;
        step.commit().await?;
        Ok(changed)
    }

    async fn replace(
        &self,
        old: SessionId,
        new: Replacement,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let mut step = Step::begin(&self.writer, &self.turn).await?;
        let replaced = step.replace(old, new, terms, now).await?;
        step.commit().await?;
        Ok(replaced)
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        let mut step = Step::begin(&self.writer, &self.turn).await?;
        let alive = step.revoke(id, now).await?;
        step.commit().await?;
        Ok(alive)
    }

    async fn revoke_user(
        &self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        let mut step = Step::begin(&self.writer, &self.turn).await?;
        let ended = step.revoke_user(user, except, now).await?;
        step.commit().await?;
        Ok(ended)
    }

    async fn revoke_device(&self, user: &str, device: &str, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        let mut step = Step::begin(&self.writer, &self.turn).await?;
        let ended = step.revoke_device(user, device, now).await?;
        step.commit().await?;
        Ok(ended)
    }

    async fn epoch(&self, user: &str, _: Timestamp) -> Result<Epoch, StoreError> {
        statement::epoch(&self.readers, user).await
    }

    async fn list(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        sql::readable(page.size, |size| statement::page(&self.readers, user, page.after, size, now)).await
    }

    async fn sweep(&self, now: Timestamp, batch: usize) -> Result<usize, StoreError> {
        let mut step = Step::begin(&self.writer, &self.turn).await?;
        let swept = step.sweep(now, batch).await?;
        step.commit().await?;
        Ok(swept)
    }

    async fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Result<Scanned, StoreError> {
        let (after, size) = (sql::scanned_before(from)?, size.max(1));
        Ok(sql::scanned(&statement::scan(&self.readers, &after, size, now).await?, size))
    }

    /// SQLite calls nobody, so each listener asks, every 50 ms or more often.
    async fn invalidations(&self, heartbeat: Duration) -> Result<Invalidations, StoreError> {
        let pause = (heartbeat / 2).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        // There is one writer at a time: what is numbered later is committed later, and nothing is missing.
        let window = Window::after(&[statement::newest(&self.readers).await?], pause);
        let readers = self.readers.clone();
        Ok(sql::follow(window, heartbeat, pause, move |last, _| {
            let readers = readers.clone();
            async move { statement::announced(&readers, last).await }
        }))
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

const SHORTEST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);
