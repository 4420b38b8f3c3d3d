//! Identities of services, through the public API, on every store: what they prove themselves by, and what they may do with the
//! sessions of users.

#![allow(
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests unwrap what they expect, print their figures, and share modules of which each uses a part"
)]

#[cfg(feature = "cache")]
#[path = "../support/ears.rs"]
mod ears;
#[cfg(feature = "redis")]
#[path = "../support/example.rs"]
mod example;
#[path = "../support/mod.rs"]
mod support;

#[cfg(feature = "cache")]
mod deaf;
mod help;
mod kinds;
mod latency;
mod on_behalf;
mod over_http;
#[cfg(feature = "redis")]
mod processes;
mod registry;
mod rotation;
mod told;
