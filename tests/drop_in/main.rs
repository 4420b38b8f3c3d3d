//! "Drop-in elsewhere": the layer around services that are nobody's framework. It is ready when they
//! are, fails as they fail, and takes whatever body they have.

#![allow(clippy::unwrap_used, reason = "a test unwraps what it expects")]

#[path = "../support/mod.rs"]
mod support;

mod bodies;
mod readiness;
