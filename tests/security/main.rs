//! What SECURITY.md says beyond the promises P1 to P14, through the public API.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

#[path = "../support/mod.rs"]
mod support;

mod clients;
mod cookie;
mod refusals;
mod tokens;
mod traffic;
