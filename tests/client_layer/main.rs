//! The layer for outgoing requests, between real clients and real servers.

#![allow(clippy::unwrap_used, reason = "tests: each unwraps what it expects")]

mod answers;
mod carrying;
mod help;
mod many;
mod readiness;
mod redirects;
mod renewal;
mod secrecy;
mod waiting;
mod websocket;
