//! What the metrics say is so: every one in the table moves, the page is what Prometheus reads, and the snapshot agrees with
//! the store.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that unwraps says what it expects, and figures are told"
)]

#[path = "../support/mod.rs"]
mod support;

mod agreement;
mod counts;
mod history;
mod moving;
mod page;
mod quiet;
#[allow(dead_code, unreachable_pub, reason = "other tests share it")]
#[path = "../support/said.rs"]
mod said;
mod spans;
mod text_format;
