//! The harness for tests on real servers does what it says.

#![allow(clippy::unwrap_used, reason = "a test unwraps what it expects")]

#[path = "../support/mod.rs"]
mod support;

mod proxy;
mod redis;
mod sql;
mod watchdog;

use std::process::{Command, Stdio};

/// Whether a process of this id is there, and not only waiting to be forgotten.
fn lives(id: u32) -> bool {
    let output = Command::new("ps").args(["-o", "stat=", "-p", &id.to_string()]).output().unwrap();
    let state = String::from_utf8(output.stdout).unwrap();
    !state.trim().is_empty() && !state.starts_with('Z')
}

/// Starts this binary once more, for one of its tests alone, with a variable set by which that test knows.
fn again(test: &str, variable: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"]).env(variable, "1");
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}
