//! What must hold of whatever comes in, one function a target. Two use it: the fuzzer, which is guided by what it has not
//! reached yet, and a plain test, which replays what the fuzzer has found and changes it a little.
//!
//! Each function panics if something does not hold, and goes through the public API alone. What the crate does is held against
//! a model of it: slow, obvious, and of other code.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a library to the fuzzer, a module to the test; what does not hold panics"
)]

pub mod authorization;
pub mod config;
pub mod cookie;
pub mod forwarded;
mod setting;
pub mod token;
