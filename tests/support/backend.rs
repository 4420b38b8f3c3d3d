//! Every place where sessions can be kept: the engines, and what can be put before them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use countersign::{KeyRing, MemoryStore, Sealed, SessionStore, store::AnyStore};
use tempfile::TempDir;

use super::servers;

/// Where sessions are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backend {
    Memory,
    Sqlite,
    Postgres,
    MariaDb,
    Redis,
    RedisCluster,
    RedisSentinel,
    SealedSqlite,
    SealedRedis,
    CachedPostgres,
    CachedRedis,
    /// Sealed, before a cache, before a Redis cluster.
    SealedCachedCluster,
}

impl Backend {
    /// Those whose features are compiled in.
    pub const ALL: &[Self] = &[
        Self::Memory,
        #[cfg(feature = "sqlite")]
        Self::Sqlite,
        #[cfg(feature = "postgres")]
        Self::Postgres,
        #[cfg(feature = "mysql")]
        Self::MariaDb,
        #[cfg(feature = "redis")]
        Self::Redis,
        #[cfg(feature = "redis")]
        Self::RedisCluster,
        #[cfg(feature = "redis")]
        Self::RedisSentinel,
        #[cfg(feature = "sqlite")]
        Self::SealedSqlite,
        #[cfg(feature = "redis")]
        Self::SealedRedis,
        #[cfg(all(feature = "cache", feature = "postgres"))]
        Self::CachedPostgres,
        #[cfg(all(feature = "cache", feature = "redis"))]
        Self::CachedRedis,
        #[cfg(all(feature = "cache", feature = "redis"))]
        Self::SealedCachedCluster,
    ];

    /// Those that the tests of the engines' own can tell apart: without what is put before them.
    pub const ENGINES: &[Self] = &[
        Self::Memory,
        #[cfg(feature = "sqlite")]
        Self::Sqlite,
        #[cfg(feature = "postgres")]
        Self::Postgres,
        #[cfg(feature = "mysql")]
        Self::MariaDb,
        #[cfg(feature = "redis")]
        Self::Redis,
        #[cfg(feature = "redis")]
        Self::RedisCluster,
        #[cfg(feature = "redis")]
        Self::RedisSentinel,
    ];

    const fn engine(self) -> Engine {
        match self {
            Self::Memory => Engine::Memory,
            Self::Sqlite | Self::SealedSqlite => Engine::Sqlite,
            Self::Postgres | Self::CachedPostgres => Engine::Postgres,
            Self::MariaDb => Engine::MariaDb,
            Self::Redis | Self::SealedRedis | Self::CachedRedis => Engine::Redis,
            Self::RedisCluster | Self::SealedCachedCluster => Engine::RedisCluster,
            Self::RedisSentinel => Engine::RedisSentinel,
        }
    }

    /// Whether the engine deletes by itself what has expired, so that nothing is left to sweep.
    pub const fn expires_by_itself(self) -> bool {
        matches!(self.engine(), Engine::Redis | Engine::RedisCluster | Engine::RedisSentinel)
    }

    /// Whether a server keeps the sessions, which goes on when its client does not.
    pub const fn is_a_server(self) -> bool {
        !matches!(self.engine(), Engine::Memory | Engine::Sqlite)
    }

    pub const fn is_cached(self) -> bool {
        matches!(self, Self::CachedPostgres | Self::CachedRedis | Self::SealedCachedCluster)
    }

    pub const fn is_sealed(self) -> bool {
        matches!(self, Self::SealedSqlite | Self::SealedRedis | Self::SealedCachedCluster)
    }
}

enum Engine {
    Memory,
    Sqlite,
    Postgres,
    MariaDb,
    Redis,
    RedisCluster,
    RedisSentinel,
}

/// A place for sessions that nobody else uses, which every node can open.
pub struct Place {
    backend: Backend,
    at: At,
}

enum At {
    Memory(Arc<MemoryStore>),
    Sqlite(TempDir),
    Postgres(String),
    MariaDb(String),
    Redis { url: String, prefix: String },
}

impl Place {
    pub fn new(backend: Backend) -> Self {
        let redis = |url: String| At::Redis { url, prefix: fresh_prefix() };
        let at = match backend.engine() {
            Engine::Memory => At::Memory(Arc::new(MemoryStore::new())),
            Engine::Sqlite => At::Sqlite(TempDir::new().unwrap()),
            Engine::Postgres => At::Postgres(servers::postgres().fresh_database()),
            Engine::MariaDb => At::MariaDb(servers::mariadb().fresh_database()),
            Engine::Redis => redis(servers::redis().url()),
            Engine::RedisCluster => redis(cluster_url()),
            Engine::RedisSentinel => redis(sentinel_url()),
        };
        Self { backend, at }
    }

    /// As `store::open` takes it.
    ///
    /// # Panics
    /// For memory, which has no place.
    pub fn url(&self) -> String {
        match &self.at {
            At::Memory(_) => panic!("memory is of one process"),
            At::Sqlite(folder) => format!("sqlite:{}", folder.path().join("sessions.db").display()),
            At::Postgres(url) | At::MariaDb(url) => url.clone(),
            At::Redis { url, prefix } => format!("{url}?prefix={prefix}"),
        }
    }

    /// The port of its only server.
    pub fn port(&self) -> u16 {
        let url = self.url();
        let authority = url.split("//").nth(1).unwrap().split('/').next().unwrap();
        authority.rsplit_once(':').unwrap().1.parse().unwrap()
    }

    /// The same place, reached by another port.
    pub fn url_at(&self, port: u16) -> String {
        self.url().replacen(&format!(":{}", self.port()), &format!(":{port}"), 1)
    }

    /// The store of a node with these keys.
    pub async fn open(&self, keys: &KeyRing) -> AnyStore {
        let engine = self.engine().await;
        match (self.backend.is_cached(), self.backend.is_sealed()) {
            (false, false) => engine,
            (false, true) => AnyStore::new(Sealed::new(engine, keys)),
            (true, false) => AnyStore::new(cached(engine)),
            (true, true) => AnyStore::new(Sealed::new(cached(engine), keys)),
        }
    }

    /// The same, without a cache: the truth.
    pub async fn open_uncached(&self, keys: &KeyRing) -> AnyStore {
        let engine = self.engine().await;
        if self.backend.is_sealed() { AnyStore::new(Sealed::new(engine, keys)) } else { engine }
    }

    /// What is kept, as it lies there.
    pub async fn engine(&self) -> AnyStore {
        match &self.at {
            At::Memory(store) => AnyStore::new(Arc::clone(store)),
            _ => countersign::store::open(&self.url()).await.unwrap(),
        }
    }

    /// Everything that is kept, as bytes; `None` where it lies nowhere but in this process.
    pub fn dump(&self) -> Option<Vec<u8>> {
        match &self.at {
            At::Memory(_) => None,
            At::Sqlite(folder) => {
                let files = std::fs::read_dir(folder.path()).unwrap();
                Some(files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect())
            }
            At::Postgres(url) => {
                let rows = "SELECT s::text || encode(s.record::text::bytea, 'escape') FROM countersign_sessions s";
                Some(servers::postgres().sql(database_of(url), rows).into_bytes())
            }
            At::MariaDb(url) => {
                let rows = "SELECT * FROM countersign_sessions";
                Some(servers::mariadb().sql(database_of(url), rows).into_bytes())
            }
            At::Redis { prefix, .. } => {
                let nodes = self.redis_nodes();
                // A replica holds what its master does, and refers to that.
                let masters = nodes.into_iter().filter(|node| node.info("role").as_deref() == Some("master"));
                Some(masters.flat_map(|node| node.dump(prefix)).collect())
            }
        }
    }

    fn redis_nodes(&self) -> Vec<&'static servers::redis::Node> {
        match self.backend.engine() {
            Engine::RedisCluster => servers::cluster().nodes().iter().collect(),
            Engine::RedisSentinel => servers::sentinel().nodes().iter().collect(),
            _ => vec![servers::redis().node()],
        }
    }
}

#[cfg(feature = "cache")]
fn cached(engine: AnyStore) -> impl SessionStore {
    countersign::CachedStore::new(engine).staleness(STALENESS)
}

#[cfg(not(feature = "cache"))]
fn cached(engine: AnyStore) -> AnyStore {
    engine
}

/// As `redis+cluster:` takes it.
fn cluster_url() -> String {
    let nodes = servers::cluster().urls();
    format!("redis+cluster://{}", authorities(&nodes))
}

fn sentinel_url() -> String {
    let sentinels = servers::sentinel().urls();
    format!("redis+sentinel://{}/mymaster", authorities(&sentinels))
}

fn authorities(urls: &[String]) -> String {
    let authority = |url: &String| url.trim_start_matches("redis://").trim_end_matches('/').to_owned();
    urls.iter().map(authority).collect::<Vec<_>>().join(",")
}

fn database_of(url: &str) -> &str {
    url.rsplit_once('/').unwrap().1
}

fn fresh_prefix() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    format!("test-{}-{}", std::process::id(), NEXT.fetch_add(1, Relaxed))
}

/// The bound of the tests' caches: short, so that waiting for it costs little.
pub const STALENESS: Duration = Duration::from_millis(300);
