//! One row by its primary key, through sqlx. This file is compiled once with each version of sqlx:
//! `super::sqlx` is the version, and `super::NAME` the name of its rows.

use std::{str::FromStr, sync::Arc};

use countersign_peers::servers::Engine;
use futures_util::future::BoxFuture;

use super::{
    NAME, TABLE,
    sqlx::{
        self, MySqlPool, PgPool, SqlitePool,
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
pub async fn file(url: &str) -> SqlitePool {
    let options = SqliteConnectOptions::from_str(url).expect("a URL of ours");
    let options = options.create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
    SqlitePool::connect_with(options.synchronous(SqliteSynchronous::Full)).await.expect("a folder of ours")
}

/// A pool with the settings of sqlx.
enum Rows {
    Postgres(PgPool),
    MariaDb(MySqlPool),
    Sqlite(SqlitePool),
}

async fn postgres(url: String) -> Arc<dyn Workload> {
    let pool = PgPool::connect(&url).await.expect("the server runs");
    sqlx::raw_sql(TABLE).execute(&pool).await.expect("a valid statement");
    filled(Rows::Postgres(pool)).await
}

async fn mariadb(url: String) -> Arc<dyn Workload> {
    let pool = MySqlPool::connect(&url).await.expect("the server runs");
    sqlx::raw_sql(TABLE).execute(&pool).await.expect("a valid statement");
    filled(Rows::MariaDb(pool)).await
}

async fn sqlite(url: String) -> Arc<dyn Workload> {
    let pool = file(&url).await;
    sqlx::raw_sql(TABLE).execute(&pool).await.expect("a valid statement");
    filled(Rows::Sqlite(pool)).await
}

async fn filled(rows: Rows) -> Arc<dyn Workload> {
    for session in 0..SESSIONS {
        let (id, payload) = (id(session), payload());
        let inserted = match &rows {
            Rows::Postgres(pool) => {
                let statement = "INSERT INTO bare VALUES ($1, $2) ON CONFLICT DO NOTHING";
                sqlx::query(statement).bind(id).bind(payload).execute(pool).await.map(drop)
            }
            Rows::MariaDb(pool) => sqlx::query("INSERT IGNORE INTO bare VALUES (?, ?)")
                .bind(id)
                .bind(payload)
                .execute(pool)
                .await
                .map(drop),
            Rows::Sqlite(pool) => {
                sqlx::query("INSERT INTO bare VALUES (?, ?)").bind(id).bind(payload).execute(pool).await.map(drop)
            }
        };
        inserted.expect("a valid statement");
    }
    Arc::new(rows)
}

impl Rows {
    async fn read(&self, id: String) -> Result<String, sqlx::Error> {
        match self {
            Self::Postgres(pool) => sqlx::query_scalar(NUMBERED_SELECT).bind(id).fetch_one(pool).await,
            Self::MariaDb(pool) => sqlx::query_scalar(SELECT).bind(id).fetch_one(pool).await,
            Self::Sqlite(pool) => sqlx::query_scalar(SELECT).bind(id).fetch_one(pool).await,
        }
    }

    async fn write(&self, id: String) -> Result<(), sqlx::Error> {
        match self {
            Self::Postgres(pool) => sqlx::query(NUMBERED_UPDATE).bind(payload()).bind(id).execute(pool).await.map(drop),
            Self::MariaDb(pool) => sqlx::query(UPDATE).bind(payload()).bind(id).execute(pool).await.map(drop),
            Self::Sqlite(pool) => sqlx::query(UPDATE).bind(payload()).bind(id).execute(pool).await.map(drop),
        }
    }
}

impl Workload for Rows {
    fn answer(&self, kind: Kind, session: usize) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            match kind {
                Kind::Read => assert_eq!(self.read(id(session)).await.expect("the row is there").len(), PAYLOAD),
                Kind::Write => self.write(id(session)).await.expect("the row is there"),
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
