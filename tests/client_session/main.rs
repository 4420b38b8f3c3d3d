//! The session as a whole: what it says of itself, how it is kept by several processes, and how it ends.

#![allow(unreachable_pub, clippy::unwrap_used, reason = "tests unwrap what they expect")]

mod calls;
mod ending;
mod keeping;
mod merging;
#[cfg(unix)]
mod processes;
mod races;
#[allow(dead_code, reason = "other tests share it")]
#[path = "../support/said.rs"]
mod said;
mod secrecy;
mod several;
mod support;
mod validity;
