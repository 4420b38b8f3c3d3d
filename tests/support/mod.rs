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
mod backend;
mod browser;
mod forge;
mod paced;
mod probe;
pub mod servers;

pub use app::{Gate, app, app_behind, app_with};
pub use backend::{Backend, Place, STALENESS};
pub use browser::{Browser, Reply};
pub use forge::{sign, sign_as_service};
pub use paced::{Pace, Paced, Pause};
pub use probe::{Calls, Probe};

use std::{
    fs::File,
    io::Write,
    sync::Arc,
    time::{Duration, SystemTime},
};

use countersign::{
    Change, Clock, Config, KeyRing, Record, SessionId, SessionStore, Sessions,
    store::{AnyStore, Changed, Page},
};

pub const KEY: &[u8] = b"the key of the tests: 32 bytes..";
pub const OTHER_KEY: &[u8] = b"the other key of the tests, longer";

/// A store with sessions over it, a clock that can be set, and a count of the store's calls.
pub struct World {
    pub sessions: Sessions,
    pub calls: Arc<Calls>,
    pub clock: Clock,
    pub config: Config,
    backend: Backend,
    place: Place,
    /// To look into the place, past all that counts, pauses, remembers or fails.
    truth: AnyStore,
}

impl World {
    pub async fn new(backend: Backend) -> Self {
        Self::with(backend, |_| {}).await
    }

    pub async fn with(backend: Backend, edit: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::production();
        edit(&mut config);
        let place = Place::new(backend);
        let clock = Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
        let calls = Arc::new(Calls::default());
        let keys = KeyRing::new(KEY).unwrap();
        let truth = place.open_uncached(&keys).await;
        let sessions = build(keys.clone(), place.open(&keys).await, &config, &clock, &calls);
        Self { sessions, calls, clock, config, backend, place, truth }
    }

    /// Another node over the same storage.
    pub async fn node(&self) -> Sessions {
        self.node_with(KeyRing::new(KEY).unwrap()).await
    }

    /// Another node, with keys of its own.
    pub async fn node_with(&self, keys: KeyRing) -> Sessions {
        build(keys.clone(), self.place.open(&keys).await, &self.config, &self.clock, &self.calls)
    }

    /// Another node, whose store neither fails nor counts when this one's does.
    pub async fn sound_node(&self) -> Sessions {
        let keys = KeyRing::new(KEY).unwrap();
        build(keys.clone(), self.place.open(&keys).await, &self.config, &self.clock, &Arc::default())
    }

    /// Another node, whose clock is another.
    pub async fn node_at(&self, time: SystemTime) -> Sessions {
        let keys = KeyRing::new(KEY).unwrap();
        build(keys.clone(), self.place.open(&keys).await, &self.config, &Clock::manual(time), &self.calls)
    }

    pub fn pass(&self, time: Duration) {
        assert!(self.clock.advance(time));
    }

    /// Waits until every node knows what any of them has done: at once, but for those with a cache.
    pub async fn heard(&self) {
        if self.backend.is_cached() {
            tokio::time::sleep(STALENESS).await;
        }
    }

    /// Those of these sessions that the storage holds.
    pub async fn live(&self, ids: impl IntoIterator<Item = SessionId>) -> Vec<Arc<Record>> {
        let now = self.clock.now();
        let mut live = Vec::new();
        for id in ids {
            live.extend(self.truth.load(id, now).await.unwrap());
        }
        live
    }

    /// Changes a session in the storage, behind everybody's back.
    pub async fn change(&self, id: SessionId, change: Change) {
        let changed = self.truth.change(id, change, self.clock.now()).await.unwrap();
        assert!(matches!(changed, Changed::Merged(_)), "{changed:?}");
    }

    /// How many records the storage holds in this name, be they sessions or not.
    pub async fn held_by(&self, name: &str) -> usize {
        let page = Page { after: None, size: 1_000 };
        self.truth.list(name, page, self.clock.now()).await.unwrap().len()
    }

    /// Everything that the storage holds, as bytes.
    pub fn dump(&self) -> Vec<u8> {
        self.place.dump().unwrap_or_else(|| self.calls.seen())
    }
}

fn build(keys: KeyRing, store: impl SessionStore, config: &Config, clock: &Clock, calls: &Arc<Calls>) -> Sessions {
    let store = Probe::new(Paced::new(store, Arc::clone(&calls.pace)), Arc::clone(calls));
    Sessions::builder(keys, store).config(config.clone()).clock(clock.clone()).build().unwrap()
}

/// Runs a test on every store, and notes on which it has passed: the README's table is made of that.
pub async fn on_every_store<F: Future<Output = ()>>(test: impl Fn(Backend) -> F) {
    on_stores(Backend::ALL, test).await;
}

/// The same on some of them.
pub async fn on_stores<F: Future<Output = ()>>(backends: &[Backend], test: impl Fn(Backend) -> F) {
    for backend in backends {
        eprintln!("on {backend:?}");
        test(*backend).await;
        passed(*backend, std::thread::current().name().unwrap_or_default());
    }
}

/// Notes that a test has passed on a store: a line in a file of this test run.
pub fn passed(backend: Backend, test: &str) {
    let mut file = File::options().create(true).append(true).open(PASSED).unwrap();
    // One write, so that lines of several processes do not mix.
    file.write_all(format!("{backend:?}\t{test}\n").as_bytes()).unwrap();
}

/// What `scripts/quote_stores` reads.
const PASSED: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/passed_on_stores");

pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}
