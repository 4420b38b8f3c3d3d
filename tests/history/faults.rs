//! What goes wrong while the clients work: servers that die, hang, fail over; connections that are
//! cut or slow.

use std::time::Duration;

use countersign::{CachedStore, KeyRing, RedisStore, SessionStore, Sessions, store};
use tokio::{task::spawn_blocking, time::sleep};

use crate::{
    LIMIT, hold,
    support::{
        KEY, STALENESS,
        servers::{Server, mariadb::MariaDb, postgres::Postgres, proxy::Proxy, redis},
    },
    traffic::Nodes,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p04_p06_p07_a_history_with_faults_holds_on_redis() {
    let server = leaked(redis::Standalone::start());
    with_faults("Redis", &server.url(), server.node().server(), Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p04_p06_p07_a_history_with_faults_holds_on_postgres() {
    let server = leaked(Postgres::start());
    with_faults("Postgres", &server.fresh_database(), server.server(), Duration::ZERO).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p04_p06_p07_a_history_with_faults_holds_on_mariadb() {
    let server = leaked(MariaDb::start());
    with_faults("MariaDb", &server.fresh_database(), server.server(), Duration::ZERO).await;
}

/// The same with a cache on each node, whose bound is all that a revocation may take longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p04_p06_p07_a_history_with_faults_holds_on_cached_stores() {
    let redis = leaked(redis::Standalone::start());
    with_faults("Redis, cached", &redis.url(), redis.server(), STALENESS).await;
    let postgres = leaked(Postgres::start());
    with_faults("Postgres, cached", &postgres.fresh_database(), postgres.server(), STALENESS).await;
}

/// The master dies, and a replica that has all it acknowledged takes its place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p04_p06_p07_a_history_with_a_fail_over_holds_with_wait_on_sentinel() {
    let servers = leaked(redis::Sentinel::start());
    let url = format!("redis+sentinel://{}/mymaster", authorities(&servers.urls()));
    let nodes = Nodes::new(waiting_for_a_replica(&url).await, waiting_for_a_replica(&url).await);
    hold("Redis through Sentinel, fail-over, WAIT 1", nodes, Duration::ZERO, async {
        sleep(QUIET).await;
        let old = servers.master().unwrap();
        let port = old.port();
        old.server().kill_9();
        within(FAIL_OVER, "another master", || servers.master().is_some_and(|master| master.port() != port)).await;
        sleep(QUIET).await;
        blocking(|| old.server().restart()).await;
        sleep(QUIET).await;
    })
    .await;
}

/// One of three masters dies.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p04_p06_p07_a_history_with_a_lost_master_holds_with_wait_on_a_cluster() {
    let servers = leaked(redis::Cluster::start());
    let url = format!("redis+cluster://{}", authorities(&servers.urls()));
    let nodes = Nodes::new(waiting_for_a_replica(&url).await, waiting_for_a_replica(&url).await);
    hold("Redis Cluster, a master lost, WAIT 1", nodes, Duration::ZERO, async {
        sleep(QUIET).await;
        let lost = servers.master(HERE).unwrap();
        let port = lost.port();
        lost.server().kill_9();
        within(FAIL_OVER, "another master", || servers.master(HERE).is_some_and(|master| master.port() != port)).await;
        sleep(QUIET).await;
        blocking(|| lost.server().restart()).await;
        sleep(QUIET).await;
    })
    .await;
}

/// Everything that can happen to one server, and to the way to it from one of two nodes.
async fn with_faults(name: &str, url: &str, server: &'static Server, staleness: Duration) {
    let proxy = Proxy::to(server.port());
    let through = url.replacen(&format!(":{}", server.port()), &format!(":{}", proxy.port()), 1);
    let (a, b) = (store::open(url).await.unwrap(), store::open(&through).await.unwrap());
    let nodes = if staleness.is_zero() {
        Nodes::new(node(a), node(b))
    } else {
        Nodes::new(node(CachedStore::new(a).staleness(staleness)), node(CachedStore::new(b).staleness(staleness)))
    };
    hold(name, nodes, staleness, async {
        sleep(QUIET).await;
        blocking(|| server.kill_9()).await;
        sleep(QUIET).await;
        blocking(|| server.restart()).await;
        sleep(QUIET).await;
        blocking(|| server.stop_cont(true)).await;
        sleep(HANG).await;
        blocking(|| server.stop_cont(false)).await;
        sleep(QUIET).await;
        proxy.cut();
        sleep(QUIET).await;
        proxy.freeze();
        sleep(HANG).await;
        proxy.slow(Duration::from_millis(10));
        sleep(QUIET).await;
        proxy.pass();
        sleep(QUIET).await;
    })
    .await;
}

fn node(store: impl SessionStore) -> Sessions {
    let mut config = countersign::Config::production();
    config.limit.max = LIMIT;
    Sessions::builder(KeyRing::new(KEY).unwrap(), store).config(config).build().unwrap()
}

async fn waiting_for_a_replica(url: &str) -> Sessions {
    let store = RedisStore::builder().wait_for_replicas(1, Duration::from_millis(500)).open(url).await.unwrap();
    node(store)
}

async fn within(patience: Duration, what: &str, mut is_so: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !tokio::task::block_in_place(&mut is_so) {
        assert!(start.elapsed() < patience, "there should be {what} by now");
        sleep(Duration::from_millis(100)).await;
    }
}

async fn blocking(work: impl FnOnce() + Send + 'static) {
    spawn_blocking(work).await.unwrap();
}

/// For work on another thread. The watchdog ends the server with the process.
fn leaked<T>(server: T) -> &'static T {
    Box::leak(Box::new(server))
}

fn authorities(urls: &[String]) -> String {
    let authority = |url: &String| url.trim_start_matches("redis://").trim_end_matches('/').to_owned();
    urls.iter().map(authority).collect::<Vec<_>>().join(",")
}

/// Some key: its master is the one that is lost.
const HERE: &str = "{0000}";
const QUIET: Duration = Duration::from_millis(700);
/// Longer than a store command may take.
const HANG: Duration = Duration::from_millis(1_500);
const FAIL_OVER: Duration = Duration::from_secs(20);
