//! The pages that come with the crate, as a server answers them: who gets in, what they end, what they show. What a browser makes of them is
//! in `tests/browser`.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

#[path = "../support/mod.rs"]
mod support;

mod account;
mod app;
mod ending;
mod guard;
mod live;
mod shown;
