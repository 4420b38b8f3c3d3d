//! The examples do what they say: each is run as its own process.

#![allow(clippy::unwrap_used, reason = "a test unwraps what it expects")]

#[path = "../support/example.rs"]
mod example;
mod hyper;
mod rotate_keys;
