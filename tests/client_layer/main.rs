//! The layer for outgoing requests, between real clients and real servers.

#![allow(clippy::unwrap_used, reason = "tests: each unwraps what it expects")]

mod answers;
mod carrying;
mod help;
#[allow(unreachable_pub, reason = "other tests share it")]
#[path = "../support/http_server.rs"]
mod http_server;
mod many;
mod readiness;
mod redirects;
mod renewal;
#[allow(dead_code, unreachable_pub, reason = "other tests share it")]
#[path = "../support/said.rs"]
mod said;
mod secrecy;
mod waiting;
mod websocket;
