//! The client half against the quickstart: two programs, real sockets.

#![cfg(unix)]
#![allow(clippy::print_stdout, clippy::unwrap_used, unreachable_pub, reason = "a test, in several files")]

mod command_line;
#[allow(unreachable_pub, reason = "other tests share it")]
#[path = "../support/example.rs"]
mod example;
mod holder;
#[allow(dead_code, reason = "other tests use the rest of it")]
#[path = "../quickstart/process.rs"]
mod process;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use countersign::client::{Advice, CallError, ErrorKind};
use http::{Method, StatusCode};
use tokio::task::JoinSet;

use holder::Holder;
use process::Home;

const STORES: [&str; 2] = ["memory:", "sqlite:sessions.db"];

#[tokio::test]
async fn a_client_logs_in_calls_and_logs_out() {
    for store in STORES {
        let home = Home::new(store);
        let app = home.start().await;
        let ada = Holder::new(app.address);
        assert_eq!(ada.get("/me").await.unwrap().status, StatusCode::UNAUTHORIZED, "nobody is logged in");

        ada.log_in("ada", "lovelace").await;
        assert_eq!(ada.get("/me").await.unwrap().json()["user"], "ada");
        let token = ada.tokens().tokens().unwrap().access_token().clone();

        ada.log_out().await;
        assert!(ada.tokens().tokens().is_none());
        assert_eq!(ada.get("/me").await.unwrap().status, StatusCode::UNAUTHORIZED);
        let thief = Holder::with_token(app.address, &token);
        assert_eq!(
            thief.get("/me").await.unwrap_err().kind,
            Some(ErrorKind::RefreshRefused),
            "it has ended at the server too"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_is_lost_while_tokens_rotate() {
    for store in STORES {
        let home = Home::new(store);
        let app = home.start().await;
        let ada = Holder::new(app.address);
        ada.log_in("ada", "lovelace").await;
        let first = ada.tokens().tokens().unwrap();

        let rotated = Arc::new(AtomicBool::new(false));
        let mut callers = JoinSet::new();
        for _ in 0..CALLERS {
            let (ada, rotated) = (ada.clone(), Arc::clone(&rotated));
            callers.spawn(async move {
                let mut calls = 0;
                while !rotated.load(Ordering::Acquire) {
                    assert_eq!(ada.post("/counter").await.unwrap().status, StatusCode::OK);
                    calls += 1;
                }
                calls
            });
        }
        for _ in 0..ROTATIONS {
            ada.tokens().refresh().await.unwrap();
            assert_eq!(ada.get("/me").await.unwrap().status, StatusCode::OK, "which makes the rotation final");
        }
        rotated.store(true, Ordering::Release);
        let calls: u64 = callers.join_all().await.into_iter().sum();
        println!("{store} {calls} calls during {} refreshes", ada.refreshes());
        assert!(calls > 0 && ada.refreshes() >= ROTATIONS);
        assert_eq!(ada.post("/counter").await.unwrap().json()["count"], calls + 1, "each counted once");
        assert_ne!(ada.tokens().tokens().unwrap().access_token(), first.access_token());
    }
}

#[tokio::test]
async fn a_restart_of_the_server_is_no_log_out() {
    let home = Home::new("sqlite:sessions.db");
    let app = home.start().await;
    let address = app.address;
    let ada = Holder::new(address);
    ada.log_in("ada", "lovelace").await;
    assert_eq!(ada.post("/counter").await.unwrap().json()["count"], 1);

    app.kill_9().await;
    let down = ada.post("/counter").await.unwrap_err();
    assert_eq!(down.kind, None, "the call has failed, not the session: {down:?}");
    let refresh = ada.tokens().refresh().await.unwrap_err();
    assert_eq!(refresh.kind(), ErrorKind::Network);
    assert!(matches!(refresh.advice(), Advice::TryAgain(_)));
    assert!(ada.tokens().tokens().is_some(), "the token is kept: it may be good still");

    let mut command = home.command();
    command.env("LISTEN", address.to_string());
    let _app = home.run(command).await;
    assert_eq!(ada.post("/counter").await.unwrap().json()["count"], 2);
}

#[tokio::test]
async fn what_is_revoked_at_the_server_has_to_log_in_again() {
    for store in STORES {
        let home = Home::new(store);
        let app = home.start().await;
        let (ada, elsewhere) = (Holder::new(app.address), Holder::new(app.address));
        ada.log_in("ada", "lovelace").await;
        elsewhere.log_in("ada", "lovelace").await;
        assert_eq!(
            elsewhere.send(Method::DELETE, "/sessions?except=current").await.unwrap().status,
            StatusCode::NO_CONTENT
        );

        for _ in 0..2 {
            let failed = ada.get("/me").await.unwrap_err();
            assert_eq!(failed.kind, Some(ErrorKind::RefreshRefused), "{failed:?}");
            assert!(failed.text.contains("log in again"), "{failed:?}");
        }
        assert_eq!(ada.refreshes(), 1, "the answer is remembered");
        assert_eq!(elsewhere.get("/me").await.unwrap().status, StatusCode::OK);

        ada.log_in("ada", "lovelace").await;
        assert_eq!(ada.get("/me").await.unwrap().status, StatusCode::OK);
    }
}

/// What a call came to, if there was no answer.
#[derive(Debug)]
pub struct Failed {
    /// The session's own error; `None` if the call itself failed.
    pub kind: Option<ErrorKind>,
    /// What it says.
    pub text: String,
}

impl<E: std::error::Error> From<CallError<E>> for Failed {
    fn from(error: CallError<E>) -> Self {
        let kind = match &error {
            CallError::Session(error) => Some(error.kind()),
            CallError::Call(_) => None,
        };
        Self { kind, text: error.to_string() }
    }
}

const CALLERS: usize = 16;
const ROTATIONS: usize = 5;
