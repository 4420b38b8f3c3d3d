//! Connections that outlive their request: they end with their session, whoever ends it and wherever, and not before.

#![allow(
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests unwrap what they expect, and share modules of which each uses a part"
)]

#[path = "../support/example.rs"]
mod example;
#[path = "../support/mod.rs"]
mod support;

mod client;
#[path = "../../examples/live/routes.rs"]
mod routes;

mod ends;
mod healing;
mod leaving;
mod processes;
mod sliding;
mod warning;
