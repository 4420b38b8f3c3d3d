//! From the answer to a revocation on node A to the close frame at a client of node B, by each engine. `ROUNDS=200 cargo test
//! --all-features --test live_latency -- --nocapture` measures; without, it is a few rounds of the same.

#![allow(
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests unwrap what they expect, and tell what they measured"
)]

#[path = "../live/client.rs"]
mod client;
#[path = "../../examples/live/routes.rs"]
mod routes;
#[path = "../support/mod.rs"]
mod support;

use std::{
    env,
    time::{Duration, Instant},
};

use client::Node;
use countersign::{KeyRing, Reason, Sessions};
use support::{Backend, KEY, Place};
use tokio::time::sleep;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p04_a_socket_on_another_node_closes_within_the_time_that_the_news_takes() {
    for backend in Backend::ENGINES.iter().copied() {
        let (place, keys) = (Place::new(backend), KeyRing::new(KEY).unwrap());
        let a = Sessions::new(keys.clone(), place.engine().await);
        let node = Node::start(Sessions::new(keys, place.engine().await)).await;
        let mut times = Vec::new();
        for round in 0..rounds() {
            let issued = a.log_in("ada").await.unwrap();
            let mut socket = node.socket(&issued.token().reveal()).await;
            assert!(socket.say("hello").await.is_some());
            // Where a store is asked every now and then, at any time of that.
            sleep(Duration::from_millis(20 + u64::try_from(round).unwrap() * 7 % 110)).await;
            assert!(a.revoke(issued.session_id(), Reason::ByOperator).await.unwrap());
            let answered = Instant::now();
            let (code, _, at) = socket.closed().await;
            assert_eq!(code, 1008);
            times.push(at.saturating_duration_since(answered));
        }
        times.sort();
        let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
        eprintln!("| {backend:?} | {} | {median:.1?} | {worst:.1?} |", times.len());
        assert!(worst < LOOSELY, "{backend:?}: {worst:?}");
    }
}

fn rounds() -> usize {
    env::var("ROUNDS").map_or(10, |rounds| rounds.parse().unwrap())
}

/// For a busy machine.
const LOOSELY: Duration = Duration::from_secs(5);
