//! The layer for outgoing requests, between real clients and real servers.

#![allow(clippy::unwrap_used, reason = "tests: each unwraps what it expects")]

mod answers;
mod carrying;
#[cfg(feature = "axum")]
mod countersign_server;
mod counting;
mod help;
mod many;
mod readiness;
mod redirects;
mod renewal;
mod secrecy;
mod switching;
mod waiting;
mod websocket;
