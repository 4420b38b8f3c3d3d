//! How often, and how much, a request allocates.

use super::block_on;
use crate::{
    candidate::{Candidate, send},
    heap::tally,
    scenario::Scenario,
};

/// Over how many requests the average is taken.
const REQUESTS: usize = 1024;

/// What one request asks of the heap, on average.
#[derive(Clone, Copy, Default)]
pub struct Allocations {
    /// How often it asks.
    pub count: f64,
    /// For how many bytes in all.
    pub bytes: f64,
}

/// For each candidate, what one request allocates in each scenario.
pub fn allocations(candidates: &[Candidate]) -> Vec<[Allocations; 4]> {
    let of = |candidate| Scenario::ALL.map(|scenario| block_on(average(candidate, scenario)));
    candidates.iter().map(of).collect()
}

async fn average(candidate: &Candidate, scenario: Scenario) -> Allocations {
    let requests = candidate.requests(scenario, 0, REQUESTS);
    let mut router = candidate.router.clone();
    let answering = async {
        for request in requests {
            drop(send(&mut router, request).await);
        }
    };
    let ((), tally) = tally(answering).await;
    Allocations { count: tally.allocations as f64 / REQUESTS as f64, bytes: tally.bytes as f64 / REQUESTS as f64 }
}
