//! P4 with a cache: how soon a node that serves a session from memory, at full load, refuses it after
//! another node has revoked it; and that no failure of the announcements makes that later than the
//! bound. `ROUNDS=200 scripts/bench revocation` measures; the tests do fewer rounds of the same.

#![allow(
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests unwrap what they expect, and tell what they measured"
)]

#[path = "../support/ears.rs"]
mod ears;
#[path = "../support/mod.rs"]
mod support;

use std::{
    env,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use axum::Router;
use countersign::{CachedStore, KeyRing, Reason, Sessions, store::AnyStore};
use ears::{Ears, Listening};
use http::StatusCode;
use support::{Backend, Browser, KEY, Place, app, servers::proxy::Proxy};
use tokio::{
    task::{JoinHandle, JoinSet},
    time::sleep,
};

/// Announcements come through.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p04_a_warm_cache_hears_of_a_revocation() {
    for backend in Backend::ENGINES.iter().copied() {
        let pair = Pair::new(backend, Ears::Own).await;
        tell(backend, "heard", pair.revoke_again_and_again().await);
    }
}

/// Heartbeats come through, and no announcement does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p04_announcements_that_are_lost_leave_the_bound() {
    for backend in Backend::ENGINES.iter().copied() {
        let pair = Pair::new(backend, Ears::Deaf).await;
        tell(backend, "lost", pair.revoke_again_and_again().await);
    }
}

/// The connection that the announcements come by is a black hole from a moment before the revocation, or
/// is closed: in turns.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p04_a_connection_that_is_cut_leaves_the_bound() {
    for backend in [Backend::Postgres, Backend::MariaDb, Backend::Redis] {
        let place = Place::new(backend);
        let proxy = Proxy::to(place.port());
        let ears = countersign::store::open(&place.url_at(proxy.port())).await.unwrap();
        let pair = Pair::at(place, Ears::Through(ears)).await;
        let mut times = Vec::new();
        for round in 0..rounds() {
            let fail = if round % 2 == 0 { Proxy::freeze } else { Proxy::cut };
            times.push(pair.revoke_under_load(async { fail(&proxy) }).await.await.unwrap());
            proxy.pass();
            pair.wait_until_it_caches().await;
        }
        tell(backend, "frozen or cut", times);
    }
}

/// Node A, which revokes, and node B, which serves from its cache.
struct Pair {
    a: Sessions,
    b: Router,
    cached: Arc<CachedStore<Listening<AnyStore>>>,
    _place: Place,
}

impl Pair {
    async fn new(backend: Backend, ears: Ears<AnyStore>) -> Self {
        Self::at(Place::new(backend), ears).await
    }

    async fn at(place: Place, ears: Ears<AnyStore>) -> Self {
        let keys = KeyRing::new(KEY).unwrap();
        let a = Sessions::new(keys.clone(), place.engine().await);
        let store = Listening { store: place.engine().await, ears };
        let cached = Arc::new(CachedStore::new(store).staleness(BOUND));
        let b = app(Sessions::new(keys, Arc::clone(&cached)));
        let pair = Self { a, b, cached, _place: place };
        pair.wait_until_it_caches().await;
        pair
    }

    /// Until a session is answered from memory.
    async fn wait_until_it_caches(&self) {
        let issued = self.a.log_in("warm").await.unwrap();
        let now = self.a.clock().now();
        let start = Instant::now();
        loop {
            let mut client = Browser::with_bearer(&self.b, &issued.token().reveal());
            assert_eq!(client.get("/me").await.status, StatusCode::OK);
            if countersign::SessionStore::load_now(&*self.cached, issued.session_id(), now).is_some() {
                return;
            }
            assert!(start.elapsed() < PATIENCE, "B should be listening by now");
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// So many revocations, each under load; the wait for the silence after one is the load of the next.
    async fn revoke_again_and_again(&self) -> Vec<Duration> {
        let mut watched = Vec::new();
        for _ in 0..rounds() {
            watched.push(self.revoke_under_load(async {}).await);
        }
        let mut times = Vec::new();
        for watch in watched {
            times.push(watch.await.unwrap());
        }
        times
    }

    /// Revokes a session that B serves, and answers with how long after A's answer B goes on accepting it.
    async fn revoke_under_load(&self, just_before: impl Future<Output = ()>) -> JoinHandle<Duration> {
        let issued = self.a.log_in("ada").await.unwrap();
        let token = issued.token().reveal().to_string();
        let (over, served) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let last = Arc::new(Mutex::new(Instant::now()));
        let mut clients = JoinSet::new();
        for _ in 0..2 {
            let (b, token, over, served, last) =
                (self.b.clone(), token.clone(), Arc::clone(&over), Arc::clone(&served), Arc::clone(&last));
            clients.spawn(async move {
                while !over.load(Relaxed) {
                    if Browser::with_bearer(&b, &token).get("/me").await.status == StatusCode::OK {
                        served.fetch_add(1, Relaxed);
                        *last.lock().unwrap() = Instant::now();
                    }
                    tokio::task::yield_now().await;
                }
            });
        }
        while served.load(Relaxed) < 100 {
            sleep(Duration::from_millis(1)).await;
        }
        just_before.await;
        assert!(self.a.revoke(issued.session_id(), Reason::ByOperator).await.unwrap());
        let answered = Instant::now();
        tokio::spawn(async move {
            // Silence for longer than the bound, and it has ended.
            while last.lock().unwrap().max(answered).elapsed() < BOUND * 2 {
                sleep(Duration::from_millis(5)).await;
                assert!(answered.elapsed() < PATIENCE, "B goes on accepting what was revoked");
            }
            over.store(true, Relaxed);
            clients.join_all().await;
            last.lock().unwrap().saturating_duration_since(answered)
        })
    }
}

fn tell(backend: Backend, how: &str, mut times: Vec<Duration>) {
    times.sort();
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    eprintln!("\n| {backend:?} | {how} | {} | {median:.1?} | {worst:.1?} |", times.len());
    assert!(
        worst <= BOUND + SLACK,
        "{backend:?}, {how}: accepted {worst:?} after the revocation; the bound is {BOUND:?}"
    );
}

fn rounds() -> usize {
    env::var("ROUNDS").map_or(4, |rounds| rounds.parse().unwrap())
}

/// Short, so that the bound is reached in every round.
const BOUND: Duration = Duration::from_millis(200);
/// A request that was accepted within the bound may be answered a little later: a busy machine.
const SLACK: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(20);
