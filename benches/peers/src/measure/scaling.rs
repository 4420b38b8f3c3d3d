//! How much more two workers do than one.

use std::{
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use futures_util::future::join_all;

use countersign_peers::median;

use super::{block_on, cores::Watch};
use crate::{
    candidate::{Candidate, send},
    plan::{BLOCK, Plan},
    scenario::Scenario,
};

/// How many requests a worker has in flight, if they have to wait for anything.
const CLIENTS: usize = 16;

/// How many requests a client makes between two looks at the clock.
const FEW: usize = 32;

/// Valid reads that a candidate answers each second, and how two workers fare.
#[derive(Clone, Copy)]
pub struct Throughput {
    /// With one worker.
    pub one: f64,
    /// With two, together.
    pub two: f64,
    /// What two do, over what one did just before.
    pub ratio: f64,
    /// In how many slices the machine was ours. Only they count.
    pub slices: usize,
}

/// For each candidate, its throughput with one worker and with two: medians over short slices, in
/// which the candidates take turns; `None` where the machine was always busy.
///
/// A worker is a thread with a runtime of its own; all share the application's store. Requests are
/// built by the workers as they go, unlike in the other measurements. Half a slice warms up. The
/// best slice would need no watch over the machine, but would flatter a lock that is quick by luck
/// and slow as a rule.
pub fn scaling(candidates: &[Candidate], plan: &Plan) -> Vec<Option<Throughput>> {
    let mut slices = vec![Vec::with_capacity(plan.slices); candidates.len()];
    // On a busy machine, as many slices again may be tried.
    for _ in 0..2 * plan.slices {
        if slices.iter().all(|slices| slices.len() >= plan.slices) {
            break;
        }
        for (candidate, slices) in candidates.iter().zip(&mut slices) {
            let watch = Watch::start();
            let one = throughput(candidate, 1, plan.slice);
            let two = throughput(candidate, 2, plan.slice);
            if watch.machine_was_ours() {
                slices.push((one, two));
            }
        }
    }
    slices.iter().map(|slices| summary(slices)).collect()
}

fn summary(slices: &[(f64, f64)]) -> Option<Throughput> {
    (!slices.is_empty()).then(|| Throughput {
        one: median(slices.iter().map(|&(one, _)| one)),
        two: median(slices.iter().map(|&(_, two)| two)),
        ratio: median(slices.iter().map(|&(one, two)| two / one)),
        slices: slices.len(),
    })
}

fn throughput(candidate: &Candidate, workers: usize, slice: Duration) -> f64 {
    let start = &Barrier::new(workers);
    thread::scope(|scope| {
        let work = |worker| {
            move || {
                block_on(answers_a_second(candidate, worker * 1_000, slice / 2));
                start.wait();
                block_on(answers_a_second(candidate, worker * 1_000, slice))
            }
        };
        let threads: Vec<_> = (0..workers).map(|worker| scope.spawn(work(worker))).collect();
        threads.into_iter().map(|thread| thread.join().expect("no worker panics")).sum()
    })
}

/// Works for the length of a slice. `from` keeps two workers from asking for the same sessions in
/// the same order.
async fn answers_a_second(candidate: &Candidate, from: usize, slice: Duration) -> f64 {
    let started = Instant::now();
    let clients = (0..CLIENTS).map(|client| answers(candidate, from + client * BLOCK, started + slice));
    let answers: usize = join_all(clients).await.iter().sum();
    answers as f64 / started.elapsed().as_secs_f64()
}

/// How many answers one client gets until the end.
async fn answers(candidate: &Candidate, mut from: usize, end: Instant) -> usize {
    let mut router = candidate.router.clone();
    let mut answers = 0;
    while Instant::now() < end {
        for request in candidate.requests(Scenario::ValidRead, from, FEW) {
            drop(send(&mut router, request).await);
        }
        from += FEW;
        answers += FEW;
    }
    answers
}
