//! The REST routes: each operation's pass and each refusal, for clients with cookies and with Bearer tokens; and that the document
//! says all of it and nothing else.

#![allow(
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests unwrap what they expect, and tell what they measured"
)]

#[path = "../support/mod.rs"]
mod support;

mod conformance;
mod document;
mod help;
mod log_in;
mod outages;
mod own;
mod refusals;
mod schemathesis;
mod second_factor;
mod users;
