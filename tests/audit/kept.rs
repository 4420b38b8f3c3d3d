//! Every sink that keeps entries, in a place of its own.

use std::sync::Arc;

use countersign::{
    Timestamp,
    audit::{
        AuditEntry, AuditError, AuditPage, AuditQuery, AuditSink, AuditTrail, MemoryAudit, MySqlAudit, PostgresAudit,
        RedisAudit, SqliteAudit,
    },
};

use crate::support::{Backend, Place};

/// Where entries are kept.
#[derive(Clone)]
pub enum Kept {
    Memory(MemoryAudit),
    Sqlite(SqliteAudit),
    Postgres(PostgresAudit),
    MariaDb(MySqlAudit),
    Redis(RedisAudit),
}

/// What entries can be kept in, but for memory.
pub const PLACES: [Backend; 5] =
    [Backend::Sqlite, Backend::Postgres, Backend::MariaDb, Backend::Redis, Backend::RedisCluster];

/// What every node can open.
pub async fn open(url: &str) -> Kept {
    match url.split_once(':').unwrap() {
        ("sqlite", path) => Kept::Sqlite(SqliteAudit::open(path).await.unwrap()),
        ("postgres", _) => Kept::Postgres(PostgresAudit::open(url).await.unwrap()),
        ("mysql", _) => Kept::MariaDb(MySqlAudit::open(url).await.unwrap()),
        _ => Kept::Redis(RedisAudit::open(url).await.unwrap().length(1_000_000)),
    }
}

/// Runs a test on everything that keeps entries.
pub async fn on_every_kept<F: Future<Output = ()>>(test: impl Fn(Kept) -> F) {
    eprintln!("in memory");
    test(Kept::Memory(MemoryAudit::new(1_000_000))).await;
    for backend in PLACES {
        eprintln!("on {backend:?}");
        let place = Place::new(backend);
        test(open(&place.url()).await).await;
    }
}

impl AuditSink for Kept {
    fn name(&self) -> &str {
        match self {
            Self::Memory(sink) => sink.name(),
            Self::Sqlite(sink) => sink.name(),
            Self::Postgres(sink) => sink.name(),
            Self::MariaDb(sink) => sink.name(),
            Self::Redis(sink) => sink.name(),
        }
    }

    async fn write(&self, batch: &[Arc<AuditEntry>]) -> Result<(), AuditError> {
        match self {
            Self::Memory(sink) => sink.write(batch).await,
            Self::Sqlite(sink) => sink.write(batch).await,
            Self::Postgres(sink) => sink.write(batch).await,
            Self::MariaDb(sink) => sink.write(batch).await,
            Self::Redis(sink) => sink.write(batch).await,
        }
    }

    async fn prune(&self, before: Timestamp, most: usize) -> Result<usize, AuditError> {
        match self {
            Self::Memory(sink) => sink.prune(before, most).await,
            Self::Sqlite(sink) => sink.prune(before, most).await,
            Self::Postgres(sink) => sink.prune(before, most).await,
            Self::MariaDb(sink) => sink.prune(before, most).await,
            Self::Redis(sink) => sink.prune(before, most).await,
        }
    }
}

impl AuditTrail for Kept {
    async fn page(&self, query: &AuditQuery) -> Result<AuditPage, AuditError> {
        match self {
            Self::Memory(trail) => trail.page(query).await,
            Self::Sqlite(trail) => trail.page(query).await,
            Self::Postgres(trail) => trail.page(query).await,
            Self::MariaDb(trail) => trail.page(query).await,
            Self::Redis(trail) => trail.page(query).await,
        }
    }
}
