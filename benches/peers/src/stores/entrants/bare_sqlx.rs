//! One row by its primary key, through sqlx. This file is compiled once with each version of sqlx:
//! `super::sqlx` is the version, and `super::NAME` the name of its rows.

use std::{str::FromStr, sync::Arc};

use countersign_peers::servers::Engine;
use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, MutexGuard};

use super::{
    NAME, TABLE,
    sqlx::{
        self, Connection, MySqlConnection, PgConnection, SqliteConnection, SqlitePool,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    },
};
use crate::entrant::{Entrant, Kind, PAYLOAD, Role, SESSIONS, Workload};

/// In PostgreSQL.
pub const POSTGRES: Entrant =
    Entrant { name: NAME, engine: Engine::Postgres, role: Role::Floor, open: |url| Box::pin(postgres(url)) };

/// In MariaDB.
pub const MARIADB: Entrant = Entrant { engine: Engine::MariaDb, open: |url| Box::pin(mariadb(url)), ..POSTGRES };

/// In a file.
pub const SQLITE: Entrant = Entrant { engine: Engine::Sqlite, open: |url| Box::pin(sqlite(url)), ..POSTGRES };

/// A database in a file, as safe and as fast as our store opens its own: the default would be
/// neither.
#[allow(dead_code, reason = "only one of the versions has a peer whose store is given a pool")]
pub async fn file(url: &str) -> SqlitePool {
    SqlitePool::connect_with(options(url)).await.expect("a folder of ours")
}

fn options(url: &str) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::from_str(url).expect("a URL of ours");
    options.create_if_missing(true).journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full)
}

/// Connections of its own for each few clients: no pool that tests them before and after use.
enum Rows {
    Postgres(Vec<Mutex<PgConnection>>),
    MariaDb(Vec<Mutex<MySqlConnection>>),
    /// One for each core to read with. The first writes: another one would only be in its way.
    Sqlite(Vec<Mutex<SqliteConnection>>),
}

async fn postgres(url: String) -> Arc<dyn Workload> {
    let mut lines = Vec::with_capacity(LINES);
    for _ in 0..LINES {
        lines.push(Mutex::new(PgConnection::connect(&url).await.expect("the server runs")));
    }
    sqlx::query(TABLE).execute(lines[0].get_mut()).await.expect("a valid statement");
    filled(Rows::Postgres(lines)).await
}

async fn mariadb(url: String) -> Arc<dyn Workload> {
    let mut lines = Vec::with_capacity(LINES);
    for _ in 0..LINES {
        lines.push(Mutex::new(MySqlConnection::connect(&url).await.expect("the server runs")));
    }
    sqlx::query(TABLE).execute(lines[0].get_mut()).await.expect("a valid statement");
    filled(Rows::MariaDb(lines)).await
}

async fn sqlite(url: String) -> Arc<dyn Workload> {
    let mut lines = Vec::with_capacity(2);
    for _ in 0..2 {
        lines.push(Mutex::new(SqliteConnection::connect_with(&options(&url)).await.expect("a folder of ours")));
    }
    sqlx::query(TABLE).execute(lines[0].get_mut()).await.expect("a valid statement");
    filled(Rows::Sqlite(lines)).await
}

async fn filled(rows: Rows) -> Arc<dyn Workload> {
    for session in 0..SESSIONS {
        rows.insert(session).await.expect("a valid statement");
    }
    Arc::new(rows)
}

impl Rows {
    async fn insert(&self, session: usize) -> Result<(), sqlx::Error> {
        let (id, payload) = (id(session), payload());
        match self {
            Self::Postgres(lines) => {
                let statement = "INSERT INTO bare VALUES ($1, $2) ON CONFLICT DO NOTHING";
                sqlx::query(statement).bind(id).bind(payload).execute(&mut *line(lines, session).await).await.map(drop)
            }
            Self::MariaDb(lines) => {
                let statement = "INSERT IGNORE INTO bare VALUES (?, ?)";
                sqlx::query(statement).bind(id).bind(payload).execute(&mut *line(lines, session).await).await.map(drop)
            }
            Self::Sqlite(lines) => {
                let statement = "INSERT OR IGNORE INTO bare VALUES (?, ?)";
                sqlx::query(statement).bind(id).bind(payload).execute(&mut *line(lines, 0).await).await.map(drop)
            }
        }
    }

    async fn read(&self, session: usize) -> Result<String, sqlx::Error> {
        let id = id(session);
        match self {
            Self::Postgres(lines) => {
                sqlx::query_scalar(NUMBERED_SELECT).bind(id).fetch_one(&mut *line(lines, session).await).await
            }
            Self::MariaDb(lines) => {
                sqlx::query_scalar(SELECT).bind(id).fetch_one(&mut *line(lines, session).await).await
            }
            Self::Sqlite(lines) => {
                sqlx::query_scalar(SELECT).bind(id).fetch_one(&mut *line(lines, session).await).await
            }
        }
    }

    async fn write(&self, session: usize) -> Result<(), sqlx::Error> {
        let (id, payload) = (id(session), payload());
        match self {
            Self::Postgres(lines) => {
                let query = sqlx::query(NUMBERED_UPDATE).bind(payload).bind(id);
                query.execute(&mut *line(lines, session).await).await.map(drop)
            }
            Self::MariaDb(lines) => {
                let query = sqlx::query(UPDATE).bind(payload).bind(id);
                query.execute(&mut *line(lines, session).await).await.map(drop)
            }
            Self::Sqlite(lines) => {
                let query = sqlx::query(UPDATE).bind(payload).bind(id);
                query.execute(&mut *line(lines, 0).await).await.map(drop)
            }
        }
    }
}

/// The connection for this session.
async fn line<C>(lines: &[Mutex<C>], session: usize) -> MutexGuard<'_, C> {
    lines[session % lines.len()].lock().await
}

impl Workload for Rows {
    fn answer(&self, kind: Kind, session: usize) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            match kind {
                Kind::Read => assert_eq!(self.read(session).await.expect("the row is there").len(), PAYLOAD),
                Kind::Write => self.write(session).await.expect("the row is there"),
            }
        })
    }
}

fn id(session: usize) -> String {
    format!("{session:024}")
}

/// Never the same twice: a database may see that nothing changes, and write nothing.
fn payload() -> String {
    format!("{:0PAYLOAD$}", fastrand::u64(..))
}

const SELECT: &str = "SELECT payload FROM bare WHERE id = ?";
const UPDATE: &str = "UPDATE bare SET payload = ? WHERE id = ?";
const NUMBERED_SELECT: &str = "SELECT payload FROM bare WHERE id = $1";
const NUMBERED_UPDATE: &str = "UPDATE bare SET payload = $1 WHERE id = $2";

/// As many as our stores open.
const LINES: usize = 16;
