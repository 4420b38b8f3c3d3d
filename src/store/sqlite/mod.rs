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
};
use crate::{
    clock::Timestamp,
    record::{Change, Record, SessionId},
};
use file::Pools;
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
        let mut step = Step::begin(&self.writer, &self.turn).await?;
        let created = step.create(&record, terms.limit, now).await?;
        step.commit().await?;
        Ok(created)
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        Ok(statement::select(&self.readers, id, now).await?.map(Arc::new))
    }

    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
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
        let replaced = step.replace(old, new, terms.limit, now).await?;
        step.commit().await?;
        Ok(replaced)
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        let _turn = self.turn.lock().await;
        statement::delete(&self.writer, id, now).await
    }

    async fn revoke_user(
        &self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        let _turn = self.turn.lock().await;
        statement::delete_user(&self.writer, user, except, now).await
    }

    async fn revoke_device(&self, user: &str, device: &str, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        let _turn = self.turn.lock().await;
        statement::delete_device(&self.writer, user, device, now).await
    }

    async fn list(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        let mut asked = page.size;
        loop {
            let found = statement::page(&self.readers, user, page.after, asked, now).await?;
            let exhausted = found.len() < asked;
            let mut readable: Vec<_> = found.into_iter().filter_map(Result::ok).map(Arc::new).collect();
            if exhausted || readable.len() >= page.size {
                readable.truncate(page.size);
                return Ok(readable);
            }
            // Some cannot be read. The page is still filled, and still by one statement.
            asked += page.size - readable.len();
        }
    }

    async fn sweep(&self, now: Timestamp, batch: usize) -> Result<usize, StoreError> {
        let _turn = self.turn.lock().await;
        statement::delete_expired(&self.writer, now, batch).await
    }

    async fn epoch(&self, _: &str, _: Timestamp) -> Result<Epoch, StoreError> {
        Ok(Epoch::default())
    }

    async fn scan(&self, _: Option<Cursor>, _: usize, _: Timestamp) -> Result<Scanned, StoreError> {
        Err(StoreError::unavailable("not yet"))
    }

    async fn invalidations(&self, _: Duration) -> Result<Invalidations, StoreError> {
        Err(StoreError::unavailable("not yet"))
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}
