//! "What must be shown", 8: what holds for whatever comes in. Of tokens and ids, of lifetimes, of
//! changes that are merged, of `Cookie` headers.

#![allow(clippy::unwrap_used, reason = "a test unwraps what it expects")]

mod cookies;
mod handle;
mod lifetimes;
mod merging;
mod model;
mod spelling;

use std::{cell::LazyCell, future::Future};

use proptest::test_runner::Config;
use tokio::runtime::{Builder, Runtime};

/// So many cases. One that fails is printed, and kept in no file.
fn cases(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

/// Waits for a future, on this thread.
fn wait<T>(future: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: LazyCell<Runtime> = const { LazyCell::new(|| Builder::new_current_thread().enable_all().build().unwrap()) };
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}
