//! How guessing is slowed down, on every store, through the public API.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    reason = "a test that unwraps says what it expects, and shares what helps it"
)]

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod devices;
mod factors;
mod guesses;
mod help;
mod keeping;
mod networks;
mod parallel;
