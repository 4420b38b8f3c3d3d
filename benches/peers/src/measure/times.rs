//! How long a request takes.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use axum::{body::Body, http::Request};

use countersign_peers::median;

use super::block_on;
use crate::{
    candidate::{Candidate, send},
    plan::{BLOCK, Plan},
    scenario::Scenario,
};

/// How many requests are answered between two looks at the clock.
const STRETCH: usize = 32;

/// After how much time a block ends early.
const ENOUGH: Duration = Duration::from_millis(5);

/// For each candidate, the nanoseconds of a request in each scenario.
///
/// In short rounds each candidate has a block of requests answered in turn, another one beginning
/// each time, so that whatever else the machine does falls upon all alike. The requests are built
/// before the clock starts; dropping the response is part of the time. A candidate's time is the
/// median of many short stretches, so that those in which another program had the core do not
/// matter, and do not matter more to the slower.
pub fn times(candidates: &[Candidate], plan: &Plan) -> Vec<[f64; 4]> {
    let mut table = vec![[0.0; 4]; candidates.len()];
    for (column, scenario) in Scenario::ALL.into_iter().enumerate() {
        let mut stretches = vec![Vec::new(); candidates.len()];
        block_on(async {
            for round in 0..plan.rounds {
                for offset in 0..candidates.len() {
                    let row = (round + offset) % candidates.len();
                    stretches[row].extend(turn(&candidates[row], scenario, round).await);
                }
            }
        });
        for (row, stretches) in stretches.into_iter().enumerate() {
            table[row][column] = median(stretches);
        }
    }
    table
}

/// The nanoseconds of one request, for each stretch of a block, after a block that does not count.
///
/// The first block brings back into the caches what the other contenders have driven out. Of a
/// thousand sessions all are then near; of many more, those of the second block are still far.
async fn turn(candidate: &Candidate, scenario: Scenario, round: usize) -> Vec<f64> {
    let from = 2 * BLOCK * round;
    block(candidate, candidate.requests(scenario, from, BLOCK)).await;
    block(candidate, candidate.requests(scenario, from + BLOCK, BLOCK)).await
}

/// Has all of these requests answered, or as many as there is time for: the slowest contender would
/// otherwise take most of the run.
async fn block(candidate: &Candidate, requests: Vec<Request<Body>>) -> Vec<f64> {
    let mut router = candidate.router.clone();
    let mut requests = requests.into_iter();
    let mut stretches = Vec::with_capacity(BLOCK / STRETCH);
    let started = Instant::now();
    while requests.len() > 0 && started.elapsed() < ENOUGH {
        let stretch = Instant::now();
        for request in requests.by_ref().take(STRETCH) {
            drop(black_box(send(&mut router, request).await));
        }
        stretches.push(stretch.elapsed().as_nanos() as f64 / STRETCH as f64);
    }
    stretches
}
