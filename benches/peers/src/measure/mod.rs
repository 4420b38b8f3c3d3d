//! The measurements.

mod allocations;
mod cores;
mod scaling;
mod times;

use tokio::{runtime::Builder, task::coop::unconstrained};

pub use self::{
    allocations::{Allocations, allocations},
    scaling::{Throughput, scaling},
    times::times,
};

/// Runs something to its end on a runtime of this thread alone.
///
/// Tokio's budget for cooperation is lifted: all requests of a measurement are one task here, and
/// would otherwise be charged for a yield that none of them meets as a task of its own.
pub fn block_on<F: Future>(work: F) -> F::Output {
    let runtime = Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime needs nothing").block_on(unconstrained(work))
}
