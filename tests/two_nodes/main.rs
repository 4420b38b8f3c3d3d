//! Two processes of the quickstart on one store: what one writes, counts or ends, the other knows.

#![allow(
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "tests unwrap what they expect, and share modules of which each uses a part"
)]

#[path = "../quickstart/client.rs"]
mod client;
#[path = "../support/example.rs"]
mod example;
#[path = "../quickstart/process.rs"]
mod process;
#[path = "../support/mod.rs"]
mod support;

use client::Program;
use http::{Method, StatusCode};
use process::{Home, Running};
use serde_json::Value;
use support::{Backend, Place};
use tokio::task::JoinSet;

/// What several processes can share: every engine but memory.
fn shared() -> impl Iterator<Item = Backend> {
    Backend::ENGINES.iter().copied().filter(|backend| *backend != Backend::Memory)
}

struct Nodes {
    _home: Home,
    _place: Place,
    nodes: [Running; 2],
}

/// Two processes and a server are work enough for one machine: what is waited for has limits in time.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

impl Nodes {
    async fn start(backend: Backend) -> Self {
        let place = Place::new(backend);
        let home = Home::new(place.url());
        let command = || {
            let mut command = home.command();
            command.env("COUNTERSIGN_KEYS", KEY).env("SESSIONS_LIMIT__MAX", "3");
            // As many as log in at once here: each counts as an attempt until it has succeeded.
            command.env("SESSIONS_THROTTLE__ACCOUNT__FREE", "64");
            // Nor how fast the machine of the tests is.
            command.env("SESSIONS_STORE_DEADLINE", "60s");
            command
        };
        let nodes = [home.run(command()).await, home.run(command()).await];
        Self { _home: home, _place: place, nodes }
    }

    /// Somebody with a token at one node or the other.
    fn program(&self, number: usize, token: &str) -> Program {
        Program::with_token(self.nodes[number % 2].address, token)
    }

    async fn log_in(&self, number: usize, user: &str, password: &str) -> String {
        let reply = Program::new(self.nodes[number % 2].address).log_in(user, password).await.unwrap();
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
        let json: Value = serde_json::from_str(&reply.body).unwrap();
        json["token"].as_str().unwrap().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p06_500_increments_over_two_processes_are_500() {
    let _alone = ALONE.lock().await;
    for backend in shared() {
        let nodes = Nodes::start(backend).await;
        let token = nodes.log_in(0, "ada", "lovelace").await;
        let mut clients = JoinSet::new();
        for number in 0..500 {
            let program = nodes.program(number, &token);
            clients.spawn(async move { program.post("/counter").await.status });
        }
        while let Some(status) = clients.join_next().await {
            assert_eq!(status.unwrap(), StatusCode::OK);
        }
        let me: Value = serde_json::from_str(&nodes.program(1, &token).post("/counter").await.body).unwrap();
        eprintln!("{backend:?}: 500 increments and one more are {}", me["count"]);
        assert_eq!(me["count"], 501, "{backend:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p07_64_log_ins_at_a_limit_of_3_over_two_processes_leave_3() {
    let _alone = ALONE.lock().await;
    for backend in shared() {
        let nodes = Nodes::start(backend).await;
        let mut clients = JoinSet::new();
        for number in 0..64 {
            let program = Program::new(nodes.nodes[number % 2].address);
            clients.spawn(async move { program.log_in("grace", "hopper").await.unwrap() });
        }
        let mut live = 0;
        for reply in clients.join_all().await {
            assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
            let json: Value = serde_json::from_str(&reply.body).unwrap();
            let status = nodes.program(live, json["token"].as_str().unwrap()).get("/me").await.status;
            live += usize::from(status == StatusCode::OK);
        }
        eprintln!("{backend:?}: of 64 sessions {live} are left");
        assert_eq!(live, 3, "{backend:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p04_what_one_process_ends_the_other_refuses() {
    let _alone = ALONE.lock().await;
    for backend in shared() {
        let nodes = Nodes::start(backend).await;
        let token = nodes.log_in(0, "ada", "lovelace").await;
        assert_eq!(nodes.program(1, &token).get("/me").await.status, StatusCode::OK);
        assert!(nodes.program(0, &token).send(Method::POST, "/logout").await.status.is_success());
        assert_eq!(nodes.program(1, &token).get("/me").await.status, StatusCode::UNAUTHORIZED, "{backend:?}");
    }
}

/// 32 bytes that both processes sign by.
const KEY: &str = "dGhlIGtleSBvZiB0d28gbm9kZXM6IDMyIGJ5dGVzLi4=";
