//! What a route demands of a session: who passes, what everybody else is told, and the way back after a log-in.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

#[path = "../support/mod.rs"]
mod support;

mod browsers;
#[cfg(feature = "client")]
mod client_half;
mod demands;
mod help;
mod over_http;
mod owed;
mod readiness;
mod return_to;
#[cfg(feature = "cache")]
mod stale;
