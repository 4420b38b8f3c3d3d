//! What keeps attackers out beside the promises: second factor, step-up, binding, devices, cross-site requests, and the end
//! of everybody's sessions; through the public API, on every store.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

#[path = "../support/mod.rs"]
mod support;

mod binding;
mod devices;
mod everybody;
mod forms;
mod https;
mod lifecycle;
mod second_factor;
mod step_up;
mod told;
