//! The examples do what they say: each is run as its own process.

#![allow(clippy::unwrap_used, reason = "a test unwraps what it expects")]

mod hyper;
mod rotate_keys;

use std::{env, path::PathBuf, process::Command};

/// An example's program. `cargo test` builds them all, and puts them beside the tests.
fn example(name: &str) -> Command {
    let deps = env::current_exe().unwrap();
    let profile = deps.parent().and_then(|deps| deps.parent()).unwrap();
    let program: PathBuf = profile.join("examples").join(name).with_extension(env::consts::EXE_EXTENSION);
    assert!(program.exists(), "{} is not there: `cargo build --examples` makes it", program.display());
    Command::new(program)
}
