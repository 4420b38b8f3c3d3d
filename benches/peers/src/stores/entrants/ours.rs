//! countersign over each of its stores, as `store::open` opens it.

use std::{sync::Arc, time::Duration};

use countersign::{CachedStore, Config, KeyRing, SessionStore, Sessions, store};
use countersign_peers::{app, servers::Engine};

use crate::{
    application::Application,
    entrant::{Entrant, Role, Workload},
};

/// `RedisStore`.
pub const REDIS: Entrant = Entrant {
    name: "countersign, RedisStore",
    engine: Engine::Redis,
    role: Role::Sessions,
    open: |url| Box::pin(open(url)),
};

/// `PostgresStore`.
pub const POSTGRES: Entrant = Entrant { name: "countersign, PostgresStore", engine: Engine::Postgres, ..REDIS };

/// `MySqlStore`.
pub const MARIADB: Entrant = Entrant { name: "countersign, MySqlStore", engine: Engine::MariaDb, ..REDIS };

/// `SqliteStore`.
pub const SQLITE: Entrant = Entrant { name: "countersign, SqliteStore", engine: Engine::Sqlite, ..REDIS };

/// `CachedStore` in front, whose entries all are at hand.
pub const CACHED_REDIS: Entrant =
    Entrant { name: "countersign, CachedStore over RedisStore, warm", open: |url| Box::pin(open_cached(url)), ..REDIS };

/// The same.
pub const CACHED_POSTGRES: Entrant =
    Entrant { name: "countersign, CachedStore over PostgresStore, warm", engine: Engine::Postgres, ..CACHED_REDIS };

/// The same.
pub const CACHED_MARIADB: Entrant =
    Entrant { name: "countersign, CachedStore over MySqlStore, warm", engine: Engine::MariaDb, ..CACHED_REDIS };

async fn open(url: String) -> Arc<dyn Workload> {
    start(store::open(&url).await.expect("the server runs")).await
}

/// Answers may be older than the usual 2 s, which the others' turns take: what is measured is a
/// session that is remembered.
async fn open_cached(url: String) -> Arc<dyn Workload> {
    let store = CachedStore::new(store::open(&url).await.expect("the server runs"));
    start(store.staleness(Duration::from_mins(2))).await
}

/// The settings of production, but that no window slides within the run: a read that moves it, once
/// in a minute, is a write, and the peer's never moves its own.
async fn start(store: impl SessionStore) -> Arc<dyn Workload> {
    let mut config = Config::production();
    config.lifetime.idle = Duration::from_hours(2);
    config.refresh_interval = Duration::from_mins(10);
    // A deadline of a busy machine: nobody's requests shall be cut short.
    config.store_deadline = Duration::from_secs(10);
    let keys = KeyRing::generate().expect("the system has random bytes");
    let sessions = Sessions::builder(keys, store).config(config).build().expect("the settings agree");
    Application::start(app::router(sessions)).await
}
