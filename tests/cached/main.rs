//! The cache: what it remembers, for how long, and what it must never show.

#![cfg(feature = "cache")]
#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

#[path = "../support/mod.rs"]
mod support;

mod line;

mod bound;
mod fills;
mod outage;
mod remembered;
mod requests;
mod silence;
