//! The keyring of a system: a real Secret Service, which two processes use one after the other.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test unwraps what it expects")]

#[path = "../support/servers/mod.rs"]
mod servers;

use std::{
    env,
    process::{Command, Stdio},
};

use countersign::client::{KeyringStorage, NoRefresh, TokenManager, TokenSet};
use servers::secret_service::SecretService;

#[test]
fn tokens_outlive_the_program_in_the_systems_keyring_until_it_logs_out() {
    let service = SecretService::start();
    for part in ["log in", "use", "log out", "nobody"] {
        // The address of the bus is read from the environment, once a process.
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", "another_program", "--ignored", "--nocapture", "--test-threads=1"])
            .env("DBUS_SESSION_BUS_ADDRESS", service.address())
            .env(PART, part)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let why = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.contains("1 passed"), "{part}: {said}\n{why}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a process that another test starts"]
async fn another_program() {
    let Ok(part) = env::var(PART) else { return };
    let storage = KeyringStorage::new("countersign-test", "ada");
    let tokens = TokenManager::builder(NoRefresh).storage(storage).build().unwrap();
    let held = tokens.tokens().map(|tokens| tokens.access_token().reveal().to_owned());
    match part.as_str() {
        "log in" => {
            assert_eq!(held, None);
            tokens.set(TokenSet::new("an.access.token").unwrap()).await.unwrap();
        }
        "use" => assert_eq!(held.as_deref(), Some("an.access.token")),
        "log out" => tokens.clear().await.unwrap(),
        "nobody" => assert_eq!(held, None),
        part => panic!("nobody plays {part}"),
    }
}

const PART: &str = "COUNTERSIGN_TEST_PART";
