//! What a session costs behind a server, beside a bare command to that server: our stores and their
//! peers, all in one run.
//!
//! Every [`Entrant`] is asked the same, in turn, over real connections to servers that the run starts
//! and ends. `README.md` says how to read the result.

mod application;
mod counted;
mod entrant;
mod entrants;
mod proxy;
mod report;
mod turn;
mod wire;

use std::{
    env,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use countersign_peers::servers::{Others, Servers};
use tokio::runtime::Builder;

use entrant::{Kind, Workload};
use entrants::ENTRANTS;
use turn::{Plan, Turns};

/// Everything that was measured of one kind of request, an element an entrant.
struct Measured {
    kind: Kind,
    /// In the order of [`CLIENTS`].
    turns: [Vec<Turns>; 2],
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let plan = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Plan { rounds: 20, turn: Duration::from_millis(80) },
        ["--quick"] => Plan { rounds: 3, turn: Duration::from_millis(20) },
        _ => {
            eprintln!("usage: stores [--quick]");
            return ExitCode::from(2);
        }
    };
    let runtime = Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build();
    runtime.expect("a runtime needs nothing").block_on(run(plan));
    ExitCode::SUCCESS
}

async fn run(plan: Plan) {
    let started = Instant::now();
    let others = Others::watch();
    let servers = Servers::start();
    let mut workloads = Vec::new();
    for (index, entrant) in ENTRANTS.iter().enumerate() {
        eprintln!("{:?}: {}", entrant.engine, entrant.name);
        workloads.push((entrant.open)(servers.url(entrant.engine, None, &index.to_string())).await);
    }
    let read = measure(&workloads, Kind::Read, plan).await;
    let write = measure(&workloads, Kind::Write, plan).await;
    drop(workloads);
    let traffic = counted::traffic(&servers).await;
    report::stores(&[read, write], &traffic, &others);
    eprintln!("done in {} s", started.elapsed().as_secs());
}

/// An engine after the other: those that are compared take turns with each other.
async fn measure(workloads: &[Arc<dyn Workload>], kind: Kind, plan: Plan) -> Measured {
    let mut turns = [Vec::new(), Vec::new()];
    let mut from = 0;
    for group in ENTRANTS.chunk_by(|one, next| one.engine == next.engine) {
        let of_this_engine = &workloads[from..from + group.len()];
        for (clients, turns) in CLIENTS.into_iter().zip(&mut turns) {
            eprintln!("{:?}, {kind:?}, {clients} at once", group[0].engine);
            turns.extend(turn::take(of_this_engine, kind, clients, plan).await);
        }
        from += group.len();
    }
    Measured { kind, turns }
}

/// How many requests are under way at once.
const CLIENTS: [usize; 2] = [1, 64];

/// As many threads as the machine that the recorded run was made on has cores.
const WORKERS: usize = 1;
