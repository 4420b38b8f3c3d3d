//! The servers that a run starts, has to itself, and ends.
//!
//! All of them have a write on the disk before they answer it, so that no store looks faster than
//! another by promising less:
//!
//! | server | setting |
//! |---|---|
//! | Redis | append-only file, `appendfsync always` |
//! | PostgreSQL | `fsync` and `synchronous_commit` on, as it comes |
//! | MariaDB | `innodb_flush_log_at_trx_commit = 1`, as it comes |
//! | SQLite | write-ahead log, `synchronous = FULL`, for everybody |
//!
//! The processes are run by the harness of the tests, whose own settings promise less than these.

mod databases;
mod others;
#[allow(
    dead_code,
    clippy::pedantic,
    clippy::missing_panics_doc,
    missing_docs,
    reason = "the harness of the tests, of which this uses a part"
)]
#[path = "../../../../tests/support/servers/process.rs"]
pub mod process;
#[allow(dead_code, clippy::pedantic, missing_docs, reason = "the same")]
#[path = "../../../../tests/support/servers/programs.rs"]
mod programs;

pub use others::Others;
use process::Server;
use tempfile::TempDir;

/// What a store is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// One server, without a cluster.
    Redis,
    /// A server.
    Postgres,
    /// A server, and the protocol that it shares with MySQL.
    MariaDb,
    /// A file.
    Sqlite,
}

/// All servers, running.
pub struct Servers {
    redis: Server,
    postgres: Server,
    mariadb: Server,
    files: TempDir,
}

impl Servers {
    /// Starts all of them, each on a free port and in a folder of its own.
    ///
    /// # Panics
    /// If a program is missing, or does not start; the text says which.
    #[must_use]
    pub fn start() -> Self {
        let files = TempDir::with_prefix("countersign-").expect("there is a place for temporary files");
        Self { redis: databases::redis(), postgres: databases::postgres(), mariadb: databases::mariadb(), files }
    }

    /// The port of a server; `None` for what is a file.
    #[must_use]
    pub const fn port(&self, engine: Engine) -> Option<u16> {
        match engine {
            Engine::Redis => Some(self.redis.port()),
            Engine::Postgres => Some(self.postgres.port()),
            Engine::MariaDb => Some(self.mariadb.port()),
            Engine::Sqlite => None,
        }
    }

    /// Where to connect to.
    ///
    /// `by_way_of` is the port of a proxy, if there is one; `file` names a database that is a file.
    #[must_use]
    pub fn url(&self, engine: Engine, by_way_of: Option<u16>, file: &str) -> String {
        let port = by_way_of.or(self.port(engine)).unwrap_or_default();
        match engine {
            Engine::Redis => format!("redis://127.0.0.1:{port}/0"),
            Engine::Postgres => format!("postgres://postgres@127.0.0.1:{port}/postgres"),
            Engine::MariaDb => format!("mysql://bench:bench@127.0.0.1:{port}/bench"),
            Engine::Sqlite => format!("sqlite:{}/{file}.db", self.files.path().display()),
        }
    }
}
