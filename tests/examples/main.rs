//! The examples do what they say: each is run as its own process.

#![allow(clippy::unwrap_used, reason = "a test unwraps what it expects")]

#[allow(unreachable_pub, reason = "other tests share it")]
#[path = "../support/example.rs"]
mod example;
mod hyper;
mod metrics;
mod migrate;
mod rotate_keys;
#[allow(unreachable_pub, reason = "it is in several files")]
mod second_factor;
#[allow(dead_code, unreachable_pub, reason = "other tests share it")]
#[path = "../metrics/text_format.rs"]
mod text_format;

use std::process::Command;

fn example(name: &str) -> Command {
    Command::new(example::example(name))
}

#[test]
fn a_store_of_ones_own_keeps_the_contract() {
    let output = example("custom_store").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let promises = countersign::conformance::checks::<countersign::MemoryStore>().len();
    assert!(said.contains(&format!("keeps all {promises} promises")), "{said}");
}
