//! The store contract, stated as checks that any [`SessionStore`] can be put to.
//!
//! One call in a test of your own store, and what [`SessionStore`] promises in prose is proved on
//! it: every verb and every answer, what happens to the millisecond, what many tasks do at once,
//! and what is left when a future is dropped half-way.
//!
//! ```
//! use countersign::{MemoryStore, conformance};
//!
//! #[tokio::main(flavor = "multi_thread", worker_threads = 4)]
//! async fn main() {
//!     conformance::check(|| async { MemoryStore::new() }).await;
//! }
//! ```
//!
//! The checks run one after the other, each on a store of its own from the factory. The factory
//! may hand out the same database again and again, with whatever lies in it: every check works on
//! users and ids that it has just drawn. Two conditions: nothing else sweeps that database
//! meanwhile, and it holds no sessions that ended before 1971 which somebody would miss. What the
//! suite leaves behind has expired in 2001, and goes with the next sweep.

#[macro_use]
mod check;
mod material;
mod probe;
mod together;

mod cancel;
mod change;
mod conditions;
mod create;
mod create_limits;
mod epoch;
mod increments;
mod invalidations;
mod list;
mod list_users;
mod load;
mod load_fields;
mod races;
mod races_ends;
mod races_limits;
mod races_list;
mod replace;
mod replace_limits;
mod replace_refused;
mod revoke;
mod revoke_many;
mod scan;
mod sealing;
mod secret;
mod sweep;
mod transit;

pub use check::{BrokenPromise, Check};

use std::future::Future;

use tokio::runtime::{Handle, RuntimeFlavor};

use crate::store::SessionStore;

/// Puts stores made by `make` to all [`checks`].
///
/// # Panics
/// If a promise is broken: once, at the end, with the name of every check that failed and what it
/// expected. Also outside a multi-threaded Tokio runtime, where races could not show:
/// `#[tokio::test(flavor = "multi_thread", worker_threads = 4)]`.
pub async fn check<S, F, Fut>(make: F)
where
    S: SessionStore,
    F: Fn() -> Fut,
    Fut: Future<Output = S>,
{
    assert!(
        Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread,
        "the suite races tasks against each other and wants threads for that: \
         #[tokio::test(flavor = \"multi_thread\", worker_threads = 4)]"
    );
    let checks = checks::<S>();
    let mut broken = Vec::new();
    for check in &checks {
        if let Err(promise) = check.run(make().await).await {
            broken.push(promise.to_string());
        }
    }
    assert!(
        broken.is_empty(),
        "the store breaks {} of {} promises\n\n{}\n",
        broken.len(),
        checks.len(),
        broken.join("\n\n")
    );
}

/// All checks, for a harness that runs them one by one.
#[must_use]
pub fn checks<S: SessionStore>() -> Vec<Check<S>> {
    [
        create::promises(),
        create_limits::promises(),
        load::promises(),
        load_fields::promises(),
        change::promises(),
        increments::promises(),
        secret::promises(),
        conditions::promises(),
        transit::promises(),
        sealing::promises(),
        replace::promises(),
        replace_limits::promises(),
        replace_refused::promises(),
        revoke::promises(),
        revoke_many::promises(),
        list::promises(),
        list_users::promises(),
        epoch::promises(),
        scan::promises(),
        sweep::promises(),
        races::promises(),
        races_limits::promises(),
        races_ends::promises(),
        races_list::promises(),
        cancel::promises(),
        invalidations::promises(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
