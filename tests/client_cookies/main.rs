//! The client's cookies against RFC 6265bis, rule by rule: the tests carry the numbers of its sections.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

mod dates;
mod help;
mod hostile;
mod parsing;
mod prefixes;
mod properties;
mod room;
#[allow(dead_code, unreachable_pub, reason = "other tests share it")]
#[path = "../support/said.rs"]
mod said;
mod second_opinion;
mod secrecy;
mod sending;
mod storing;
mod written;
