//! What a session middleware costs over a bare Axum router.
//!
//! Every [`Contender`] is the same small application with another way to keep a session. All run in
//! turn, in one process, on the same requests; the bare router's cost is subtracted from each, and
//! what remains is put beside a hand-written minimum. `README.md` says how to read the result.

mod arguments;
mod candidate;
mod contender;
mod contenders;
mod heap;
mod measure;
mod plan;
mod report;
mod scenario;

use std::time::Instant;

use arguments::Arguments;
use candidate::Candidate;
use contender::Contender;
use contenders::{axum_login, axum_session, bare, countersign, floor, jwt, tower_sessions};
use plan::Plan;

/// Who is measured, in the order of the rows. **To add a contender, add it here**; [`Contender`] says
/// what its module has to provide.
const CONTENDERS: &[Contender] = &[
    bare::ROUTER,
    floor::FLOOR,
    countersign::MEMORY,
    bare::NOISE,
    jwt::HS256,
    tower_sessions::UNSIGNED,
    tower_sessions::SIGNED,
    tower_sessions::ALWAYS_SAVED,
    axum_login::UNSIGNED,
    axum_session::UNSIGNED,
    axum_session::KEYED,
];

/// The row that is subtracted from all others.
const BASELINE: usize = 0;

/// The row that divides all others.
const FLOOR: usize = 1;

#[global_allocator]
static HEAP: heap::CountingHeap = heap::CountingHeap;

fn main() {
    let arguments = Arguments::from_command_line();
    let plan = Plan::new(arguments.quick);
    let started = Instant::now();

    let Some((largest, smaller)) = arguments.counts.split_last() else {
        unreachable!("the command line gives at least one count");
    };
    for &count in smaller {
        let candidates = fill(count);
        report::times(count, &measure::times(&candidates, &plan));
    }
    let candidates = fill(*largest);
    report::times(*largest, &measure::times(&candidates, &plan));
    report::allocations(&measure::allocations(&candidates));
    report::memory(*largest, &candidates);
    report::scaling(*largest, &measure::scaling(&candidates, &plan));

    eprintln!("done in {} s", started.elapsed().as_secs());
}

/// Builds every contender, logs `count` users in at each, and checks that it does what it should.
fn fill(count: usize) -> Vec<Candidate> {
    CONTENDERS
        .iter()
        .map(|contender| {
            eprintln!("{count} sessions: {}", contender.name);
            measure::block_on(Candidate::prepare(contender, count))
        })
        .collect()
}
