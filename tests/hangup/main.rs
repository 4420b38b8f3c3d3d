//! "What must be shown", 7: a client that hangs up at each await point of each verb. The session is
//! whole afterwards, the client's token is as good as it should be, and a log-out works.

#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test unwraps what it expects, and says its figures")]

#[path = "../support/mod.rs"]
mod support;

mod by_poll;
mod over_tcp;
mod picture;
mod scene;
mod verb;
