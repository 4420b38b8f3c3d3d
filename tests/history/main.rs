//! Histories: thousands of requests, revokes, log-ins and rotations on two nodes, with faults
//! injected, held afterwards to what no history may show (P4, P6, P7, P10; races ).

#![allow(
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests unwrap what they expect, and tell what they did"
)]

mod check;
mod faults;
mod history;
mod replication;
#[path = "../support/mod.rs"]
mod support;
mod traffic;

use std::time::Duration;

use check::{Bounds, violations};
use support::{STALENESS, World, on_every_store};
use tokio::time::sleep;
use traffic::{Nodes, Run};

/// Without faults, on every store.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p04_p06_p07_a_history_without_faults_holds() {
    on_every_store(|backend| async move {
        let world = World::with(backend, |config| config.limit.max = LIMIT).await;
        let nodes = Nodes::new(world.sessions.clone(), world.node().await);
        let staleness = if backend.is_cached() { STALENESS } else { Duration::ZERO };
        hold(&format!("{backend:?}"), nodes, staleness, sleep(RUN)).await;
    })
    .await;
}

/// Runs clients while `faults` does its worst, and holds what they did to the promises.
pub async fn hold(name: &str, nodes: Nodes, staleness: Duration, faults: impl Future<Output = ()>) {
    let (history, counters) = Run::with(nodes, staleness, faults).await;
    let ops = history.ops();
    let bounds = Bounds { staleness, limit: LIMIT as usize };
    let found = violations(&ops, bounds, &counters);
    let unknown = ops.iter().filter(|op| op.told == history::Told::Unknown).count();
    eprintln!("{name}: {} operations, {} revokes, {unknown} answered by 503", ops.len(), check::revokes(&ops));
    assert!(found.is_empty(), "{name}: {} violations\n{}", found.len(), found[..found.len().min(10)].join("\n"));
    assert!(ops.len() > LEAST_OPS && check::revokes(&ops) > LEAST_REVOKES, "{name}: too little was done to prove much");
}

const LIMIT: u32 = 3;
const RUN: Duration = Duration::from_secs(2);
/// What a history has to hold, so that it proves something.
pub const LEAST_OPS: usize = 500;
/// The same, of revocations that were acknowledged.
pub const LEAST_REVOKES: usize = 10;
