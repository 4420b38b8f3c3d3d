//! A database file of our own: who may read it, and how it is opened.

use std::{
    fs::OpenOptions,
    io::{self, ErrorKind},
    path::Path,
    time::Duration,
};

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::time::sleep;

use crate::store::StoreError;

/// The ways into a database file.
pub(crate) struct Pools {
    /// One connection for whoever has the turn to write.
    pub(crate) writer: SqlitePool,
    /// Connections that only read, and wait for nobody.
    pub(crate) readers: SqlitePool,
}

/// Opens a database file; makes an empty one if there is none.
pub(crate) async fn open(path: &Path) -> Result<Pools, StoreError> {
    // SQLite gives a meaning to names like `:memory:`, but not to absolute paths; and these still
    // lead to the same file when the process changes its directory.
    let path = std::path::absolute(path).map_err(StoreError::unavailable)?;
    create_private(&path).map_err(StoreError::unavailable)?;
    let file =
        SqliteConnectOptions::new().filename(path).busy_timeout(BUSY_TIMEOUT).synchronous(SqliteSynchronous::Full);
    let writer = pool(1).connect_with(file.clone()).await.map_err(StoreError::unavailable)?;
    write_ahead(&writer).await.map_err(StoreError::unavailable)?;
    let readers = pool(READERS).connect_lazy_with(file);
    Ok(Pools { writer, readers })
}

/// Makes an empty file that nobody else may read, unless it is there already: an empty file is an
/// empty database. SQLite gives the same mode to the files that it puts beside it.
fn create_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// A connection to a local file neither ages nor breaks: it is kept, and not tested before use.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(BUSY_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// Turns on the write-ahead log, in which readers and the writer do not wait for each other. For
/// this one step SQLite does not wait until the file is free, so we do.
async fn write_ahead(writer: &SqlitePool) -> Result<(), sqlx::Error> {
    let mut tries = BUSY_TRIES;
    loop {
        match sqlx::raw_sql("PRAGMA journal_mode = WAL").execute(writer).await {
            Err(error) if is_busy(&error) && tries > 0 => tries -= 1,
            result => return result.map(drop),
        }
        sleep(BUSY_PAUSE).await;
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    code.is_some_and(|code| code & PRIMARY_CODE == SQLITE_BUSY)
}

/// How long a writer waits for one in another process.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
const BUSY_PAUSE: Duration = Duration::from_millis(10);
const BUSY_TRIES: u32 = 500;
/// Each is a thread that mostly waits to be woken: more of them than cores keep the cores busy.
const READERS: u32 = 10;

/// Of an extended result code, the lowest byte is the primary one.
const PRIMARY_CODE: u32 = 0xff;
const SQLITE_BUSY: u32 = 5;
