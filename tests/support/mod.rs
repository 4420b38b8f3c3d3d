//! What the tests share: every store, a store that counts and fails on demand, a browser with a
//! cookie jar; real servers.

#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a module of tests: each binary uses a part of it, and unwraps what it expects"
)]

mod app;
mod browser;
mod paced;
mod probe;
pub mod servers;

pub use app::{Gate, app, app_with};
pub use browser::{Browser, Reply};
pub use paced::{Pace, Paced, Pause};
pub use probe::{Calls, Probe};

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use countersign::{Clock, Config, KeyRing, MemoryStore, Record, SessionId, SessionStore, Sessions, SqliteStore};
use tempfile::TempDir;

pub const KEY: &[u8] = b"the key of the tests: 32 bytes..";
pub const OTHER_KEY: &[u8] = b"the other key of the tests, longer";

/// Where sessions are kept.
#[derive(Clone, Copy, Debug)]
pub enum Backend {
    Memory,
    Sqlite,
}

impl Backend {
    pub const ALL: [Self; 2] = [Self::Memory, Self::Sqlite];
}

/// A store with sessions over it, a clock that can be set, and a count of the store's calls.
pub struct World {
    pub sessions: Sessions,
    pub calls: Arc<Calls>,
    pub clock: Clock,
    pub config: Config,
    storage: Storage,
}

enum Storage {
    Memory(Arc<MemoryStore>),
    /// A folder with the database in it, and a store of our own to look into it.
    Sqlite(TempDir, SqliteStore),
}

impl World {
    pub async fn new(backend: Backend) -> Self {
        Self::with(backend, |_| {}).await
    }

    pub async fn with(backend: Backend, edit: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::production();
        edit(&mut config);
        let storage = match backend {
            Backend::Memory => Storage::Memory(Arc::new(MemoryStore::new())),
            Backend::Sqlite => {
                let dir = TempDir::new().unwrap();
                let store = SqliteStore::open(dir.path().join("sessions.db")).await.unwrap();
                Storage::Sqlite(dir, store)
            }
        };
        let clock = Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
        let calls = Arc::new(Calls::default());
        let keys = KeyRing::new(KEY).unwrap();
        let sessions = node(&storage, keys, &config, &clock, &calls).await;
        Self { sessions, calls, clock, config, storage }
    }

    /// Another node over the same storage.
    pub async fn node(&self) -> Sessions {
        self.node_with(KeyRing::new(KEY).unwrap()).await
    }

    /// Another node, with keys of its own.
    pub async fn node_with(&self, keys: KeyRing) -> Sessions {
        node(&self.storage, keys, &self.config, &self.clock, &self.calls).await
    }

    /// Another node, whose clock is another.
    pub async fn node_at(&self, time: SystemTime) -> Sessions {
        node(&self.storage, KeyRing::new(KEY).unwrap(), &self.config, &Clock::manual(time), &self.calls).await
    }

    /// Waits until every node knows what any of them has done.
    pub async fn heard(&self) {}

    pub fn pass(&self, time: Duration) {
        assert!(self.clock.advance(time));
    }

    /// Those of these sessions that the storage holds, past all that counts, pauses or fails.
    pub async fn live(&self, ids: impl IntoIterator<Item = SessionId>) -> Vec<Arc<Record>> {
        let now = self.clock.now();
        let mut live = Vec::new();
        for id in ids {
            live.extend(match &self.storage {
                Storage::Memory(store) => store.load(id, now).await.unwrap(),
                Storage::Sqlite(_, store) => store.load(id, now).await.unwrap(),
            });
        }
        live
    }

    /// Everything that the storage holds, as bytes.
    pub async fn dump(&self) -> Vec<u8> {
        match &self.storage {
            Storage::Memory(_) => self.calls.seen(),
            Storage::Sqlite(dir, _) => {
                let files = std::fs::read_dir(dir.path()).unwrap();
                files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
            }
        }
    }
}

async fn node(storage: &Storage, keys: KeyRing, config: &Config, clock: &Clock, calls: &Arc<Calls>) -> Sessions {
    match storage {
        Storage::Memory(store) => build(keys, Arc::clone(store), config, clock, calls),
        Storage::Sqlite(dir, _) => {
            let store = SqliteStore::open(dir.path().join("sessions.db")).await.unwrap();
            build(keys, store, config, clock, calls)
        }
    }
}

fn build(keys: KeyRing, store: impl SessionStore, config: &Config, clock: &Clock, calls: &Arc<Calls>) -> Sessions {
    let store = Probe::new(Paced::new(store, Arc::clone(&calls.pace)), Arc::clone(calls));
    Sessions::builder(keys, store).config(config.clone()).clock(clock.clone()).build().unwrap()
}

/// Runs a test on every store.
pub async fn on_every_store<F: Future<Output = ()>>(test: impl Fn(Backend) -> F) {
    for backend in Backend::ALL {
        eprintln!("on {backend:?}");
        test(backend).await;
    }
}

pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}
