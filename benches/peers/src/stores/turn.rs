//! Who is measured when, and how long his requests take.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use countersign_peers::{median, quantile};
use futures_util::future::join_all;
use tokio::{spawn, time::sleep};

use super::entrant::{Kind, SESSIONS, Workload};

/// How long the parts of a run take.
#[derive(Clone, Copy)]
pub struct Plan {
    /// How often each entrant has its turn, for each kind of request and number of clients.
    pub rounds: usize,
    /// How long a turn lasts.
    pub turn: Duration,
}

/// The turns of one entrant with one kind of request and one number of clients.
#[derive(Default)]
pub struct Turns {
    /// What a request took in each turn, in nanoseconds.
    costs: Vec<f64>,
    nanoseconds: Vec<f64>,
    seconds: f64,
}

impl Turns {
    /// Half of the requests took less: nanoseconds.
    pub fn median(&self) -> f64 {
        median(self.nanoseconds.iter().copied())
    }

    /// All but one in a hundred took less: nanoseconds.
    pub fn p99(&self) -> f64 {
        quantile(self.nanoseconds.iter().copied(), 0.99)
    }

    /// Answers in a second.
    pub fn a_second(&self) -> f64 {
        self.nanoseconds.len() as f64 / self.seconds
    }

    /// How many times the cost of the floor: the median over the rounds, each within itself, so that
    /// what the machine did meanwhile falls upon both.
    pub fn over(&self, floor: &Self) -> f64 {
        median(self.costs.iter().zip(&floor.costs).map(|(own, floor)| own / floor))
    }

    /// One client waits for each answer: what that takes is its cost. Many keep the application busy,
    /// and the cost is what it does not do meanwhile: their own waiting is mostly for each other.
    fn add(&mut self, nanoseconds: Vec<f64>, clients: usize, elapsed: Duration) {
        let apart = elapsed.as_nanos() as f64 / nanoseconds.len() as f64;
        self.costs.push(if clients == 1 { median(nanoseconds.iter().copied()) } else { apart });
        self.nanoseconds.extend(nanoseconds);
        self.seconds += elapsed.as_secs_f64();
    }
}

/// Gives everybody his turns, another one beginning each time.
pub async fn take(workloads: &[Arc<dyn Workload>], kind: Kind, clients: usize, plan: Plan) -> Vec<Turns> {
    let mut turns: Vec<Turns> = workloads.iter().map(|_| Turns::default()).collect();
    for round in 0..plan.rounds {
        for offset in 0..workloads.len() {
            let index = (round + offset) % workloads.len();
            // The first few requests find the caches and the connections as the others left them.
            let warm = one(&workloads[index], kind, clients, plan.turn / 5).await;
            drop(warm);
            let started = Instant::now();
            let nanoseconds = one(&workloads[index], kind, clients, plan.turn).await;
            turns[index].add(nanoseconds, clients, started.elapsed());
            // A server that flushes or tidies up after the answers does so in nobody's time.
            sleep(PAUSE).await;
        }
    }
    turns
}

/// One turn: each client asks again as soon as it is answered.
async fn one(workload: &Arc<dyn Workload>, kind: Kind, clients: usize, length: Duration) -> Vec<f64> {
    let end = Instant::now() + length;
    let clients = (0..clients).map(|client| spawn(ask(Arc::clone(workload), kind, client, clients, end)));
    join_all(clients).await.into_iter().flat_map(|times| times.expect("no request fails")).collect()
}

async fn ask(workload: Arc<dyn Workload>, kind: Kind, client: usize, clients: usize, end: Instant) -> Vec<f64> {
    let mut times = Vec::new();
    let mut session = client;
    loop {
        let started = Instant::now();
        workload.answer(kind, session).await;
        let answered = Instant::now();
        times.push((answered - started).as_nanos() as f64);
        if answered >= end {
            return times;
        }
        session = (session + clients) % SESSIONS;
    }
}

const PAUSE: Duration = Duration::from_millis(2);
