//! The tokens of a program, through the public API: renewed once between all tasks and processes, and never
//! brought back after a log-out.

#![cfg(unix)]
#![allow(clippy::unwrap_used, unreachable_pub, reason = "a test, in several files")]

mod ahead;
mod cancelled;
mod failing;
#[path = "../support/http_server.rs"]
mod http_server;
mod kept;
mod log_out;
mod once;
mod processes;
mod races;
mod refused;
#[allow(dead_code, reason = "other tests share it")]
#[path = "../support/said.rs"]
mod said;
mod scripted;
mod secrets;
mod server;
mod verbs;

use std::{
    fmt,
    future::Future,
    time::{Duration, SystemTime},
};

use countersign::{
    Clock, Timestamp,
    client::{Storage, TokenManager, TokenSet, Update},
};
use scripted::Refreshes;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
/// The life of a token here.
const LIFE: Duration = Duration::from_secs(60 * 60);

/// A clock that all processes of a test start at the same instant.
fn clock() -> Clock {
    Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000))
}

/// The tokens of generation `n`, received at `now`.
fn tokens(n: usize, now: Timestamp) -> TokenSet {
    let tokens = TokenSet::new(format!("access-{n}")).unwrap().with_refresh_token(format!("refresh-{n}")).unwrap();
    tokens.with_lifetime(LIFE, now)
}

/// A manager over this storage that holds generation 0, and what it asks.
async fn manager(storage: impl Storage) -> (TokenManager, Refreshes) {
    let refreshes = Refreshes::new();
    let manager = refreshes.manager(storage);
    manager.set(tokens(0, refreshes.clock.now())).await.unwrap();
    (manager, refreshes)
}

fn access(tokens: &TokenSet) -> String {
    tokens.access_token().reveal().to_owned()
}

/// The access token that the manager holds.
fn held(manager: &TokenManager) -> Option<String> {
    manager.tokens().map(|tokens| access(&tokens))
}

/// The access token that the storage keeps.
fn stored(storage: &impl Storage) -> Option<String> {
    storage.load().unwrap().tokens().map(access)
}

/// What another process does to the storage.
fn elsewhere(storage: &impl Storage, tokens: Option<TokenSet>) {
    storage
        .update(&mut |document| {
            document.set_tokens(tokens.clone());
            Update::Changed
        })
        .unwrap();
}

/// Waits for something that will come about, and fails if it does not.
async fn eventually<T: fmt::Debug + PartialEq>(expected: T, look: impl Fn() -> T) {
    let come = async {
        while look() != expected {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    in_time(come).await;
    assert_eq!(look(), expected);
}

async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(60), what).await.expect("it comes in time")
}
