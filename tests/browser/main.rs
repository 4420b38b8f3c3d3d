//! The pages in a real browser: headless Chromium, by chromedriver. Screenshots are kept in `target/screenshots`.

#![cfg(target_os = "linux")]
#![allow(
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests unwrap what they expect, and share modules of which each uses a part"
)]

mod axe;
mod driver;
#[path = "../support/example.rs"]
mod example;
mod gallery;
mod journeys;
mod pages;
#[path = "../quickstart/process.rs"]
mod process;
#[path = "../examples/second_factor/server.rs"]
mod server;
#[path = "../examples/second_factor/visitor.rs"]
mod visitor;
mod window;
