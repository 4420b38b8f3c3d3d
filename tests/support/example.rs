//! The programs of the examples, for tests that run them as processes of their own.

use std::{
    env,
    path::PathBuf,
    process::{Command, Stdio},
};

/// An example's program, built if it is not up to date: Cargo does that before it runs all tests,
/// but not before it runs one alone.
pub fn example(name: &str) -> PathBuf {
    let this = env::current_exe().unwrap();
    let target = this.ancestors().nth(3).expect("a test lies in target/profile/deps");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--all-features", "--example", name, "--message-format", "json", "--target-dir"]);
    cargo.arg(target).current_dir(env!("CARGO_MANIFEST_DIR"));
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    // Set for this test by the outer Cargo; to build scripts they would look like a change.
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            cargo.env_remove(name);
        }
    }
    let output = cargo.stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "cargo cannot build the example {name}");
    let messages = String::from_utf8(output.stdout).unwrap();
    let mut programs = messages.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).unwrap();
        Some(PathBuf::from(message["executable"].as_str()?))
    });
    programs.next().expect("cargo says where the example lies")
}
