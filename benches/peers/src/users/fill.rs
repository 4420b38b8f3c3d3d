//! Keeping many sessions at once.

use countersign::{
    Clock, Limit, Record, SessionStore, WhenFull,
    store::{AnyStore, Terms},
};
use countersign_peers::servers::Engine;
use redis::{AsyncCommands, AsyncConnectionConfig, aio::MultiplexedConnection};
use sqlx::{AssertSqlSafe, MySqlPool, PgPool, SqlitePool};

use super::rows;

/// A way into a store beside its own.
pub enum Filler {
    /// There is none, and none is needed.
    Memory(AnyStore),
    /// By its tables.
    Postgres(PgPool),
    /// By its tables.
    MariaDb(MySqlPool),
    /// By its tables.
    Sqlite(SqlitePool),
    /// By its keys.
    Redis(MultiplexedConnection, AnyStore),
}

impl Filler {
    /// Connects to where `store` is connected.
    pub async fn open(engine: Option<Engine>, url: &str, store: AnyStore) -> Self {
        let connected = "the server runs";
        match engine {
            None => Self::Memory(store),
            Some(Engine::Postgres) => Self::Postgres(PgPool::connect(url).await.expect(connected)),
            Some(Engine::MariaDb) => Self::MariaDb(MySqlPool::connect(url).await.expect(connected)),
            Some(Engine::Sqlite) => Self::Sqlite(SqlitePool::connect(url).await.expect(connected)),
            Some(Engine::Redis) => {
                // Thousands of commands at once may take longer than one should.
                let patient = AsyncConnectionConfig::new().set_response_timeout(None);
                let client = redis::Client::open(url).expect("a URL of ours");
                Self::Redis(
                    client.get_multiplexed_async_connection_with_config(&patient).await.expect(connected),
                    store,
                )
            }
        }
    }

    /// Keeps these sessions.
    pub async fn keep(&self, records: Vec<Record>) {
        match self {
            Self::Memory(store) => {
                for record in records {
                    create(store, record).await;
                }
            }
            Self::Redis(connection, store) => copy(&mut connection.clone(), store, records).await,
            tables => {
                for part in records.chunks(ROWS) {
                    tables.run(|engine| rows::insert(engine, part)).await;
                }
            }
        }
    }

    /// Lets the database look at what it has, as it does by itself sooner or later. Not between two
    /// measurements: each plan would be made anew, and that is what would be measured.
    pub async fn settle(&self) {
        self.run(|engine| match engine {
            Engine::Postgres => "ANALYZE countersign_sessions".to_owned(),
            Engine::MariaDb => "ANALYZE TABLE countersign_sessions".to_owned(),
            // It never does.
            Engine::Sqlite | Engine::Redis => "SELECT 1".to_owned(),
        })
        .await;
    }

    async fn run(&self, sql: impl Fn(Engine) -> String) {
        let done = match self {
            Self::Memory(_) | Self::Redis(..) => Ok(()),
            Self::Postgres(pool) => sqlx::raw_sql(AssertSqlSafe(sql(Engine::Postgres))).execute(pool).await.map(drop),
            Self::MariaDb(pool) => sqlx::raw_sql(AssertSqlSafe(sql(Engine::MariaDb))).execute(pool).await.map(drop),
            Self::Sqlite(pool) => sqlx::raw_sql(AssertSqlSafe(sql(Engine::Sqlite))).execute(pool).await.map(drop),
        };
        done.expect("the tables are as `rows` takes them to be");
    }
}

async fn create(store: &AnyStore, record: Record) {
    let terms = Terms::from(Limit { max: 0, when_full: WhenFull::Reject });
    store.create(record, terms, Clock::system().now()).await.expect("the server runs");
}

/// Has the store keep one session, and keeps the others in the same way: under another id, for
/// another user.
async fn copy(connection: &mut MultiplexedConnection, store: &AnyStore, records: Vec<Record>) {
    let mut records = records.into_iter();
    let Some(first) = records.next() else { return };
    let (key, index) = keys(&first);
    let member = first.id().as_bytes().to_vec();
    create(store, first).await;
    let fields: Vec<(Vec<u8>, Vec<u8>)> = connection.hgetall(&key).await.expect("the server runs");
    let ends: f64 = connection.zscore(&index, member).await.expect("the session is in the index");
    let life: i64 = connection.pttl(&key).await.expect("the server runs");

    let records: Vec<Record> = records.collect();
    for part in records.chunks(ROWS) {
        let mut pipe = redis::pipe();
        for record in part {
            let (key, index) = keys(record);
            let user = record.user().unwrap_or_default().as_bytes();
            let fields: Vec<(&[u8], &[u8])> =
                fields.iter().map(|(name, value)| (&name[..], if name == b"u" { user } else { &value[..] })).collect();
            pipe.hset_multiple(&key, &fields).ignore().pexpire(&key, life).ignore();
            pipe.zadd(&index, &record.id().as_bytes()[..], ends).ignore().pexpire(&index, life).ignore();
        }
        let () = pipe.query_async(connection).await.expect("the server runs");
    }
}

/// The keys of a session, and of its user's.
fn keys(record: &Record) -> (String, String) {
    let prefix = format!("countersign:{{{:04x}}}", record.id().shard_tag());
    (format!("{prefix}:s:{}", record.id()), format!("{prefix}:u:{}", record.user().unwrap_or_default()))
}

/// How many rows one statement inserts, or commands a pipeline holds by the dozen.
const ROWS: usize = 2_000;
