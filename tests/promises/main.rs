//! The promises P1 to P14, each kept on every store, through the public API.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

#[path = "../support/mod.rs"]
mod support;

mod answers;
mod ends;
mod limits;
mod merging;
mod nodes;
mod outage;
mod rotation;
#[allow(unreachable_pub, reason = "other tests share it")]
#[path = "../support/said.rs"]
mod said;
mod secrecy;
mod sliding;
mod tokens;
