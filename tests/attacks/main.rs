//! Known attacks, carried out against an application through the public API: each has to fail, and what its user does beside it
//! has to work.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that unwraps says what it expects, and tells its figures"
)]

#[path = "../support/mod.rs"]
mod support;

mod bombs;
mod cross_site;
mod fixation;
mod guessing;
mod keys;
mod kinds;
mod origins;
mod ownership;
mod replay;
mod second_factor;
mod site;
mod smuggling;
mod timing;
mod tossing;
mod under_way;
