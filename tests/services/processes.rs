//! Three services as processes of their own, over one Redis: the example, seen from outside.

use std::{
    process::Stdio,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use http::{Method, StatusCode};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    task::JoinSet,
    time::timeout,
};

use crate::{
    example::example,
    support::{Backend, Place},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_log_in_counts_at_three_services_and_each_does_what_it_was_permitted() {
    let shop = Shop::new();
    let portal = shop.start("portal", &[]).await;
    let orders_token = shop.operator(&["register", "orders", "session.read", "session.write"]).await;
    let statistics_token = shop.operator(&["register", "statistics", "session.read"]).await;
    let orders = shop.start("orders", &[("PORTAL", &portal.url), ("SERVICE_TOKEN", &orders_token)]).await;
    let statistics = shop.start("statistics", &[("PORTAL", &portal.url), ("SERVICE_TOKEN", &statistics_token)]).await;

    // Logged in at one, known at all.
    let (token, id) = portal.log_in().await;
    for service in [&orders, &statistics] {
        assert_eq!(service.ask(Method::GET, "/me", &token, "").await.1, "ada");
        assert_eq!(service.ask(Method::GET, "/me", &orders_token, "").await.0, StatusCode::UNAUTHORIZED);
    }
    // What one has written the others read.
    assert_eq!(orders.ask(Method::PUT, "/last", &token, "4711").await.0, StatusCode::NO_CONTENT);
    for service in [&orders, &statistics] {
        assert_eq!(service.ask(Method::GET, "/last", &token, "").await, (StatusCode::OK, "\"4711\"".to_owned()));
    }
    // The third may not write, and is told what it would need.
    let (status, body) = statistics.ask(Method::PUT, "/last", &token, "0").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let body: Value = serde_json::from_str(&body).unwrap();
    eprintln!("403: {body}");
    assert_eq!(body["error"], "not_permitted");
    assert!(body["message"].as_str().unwrap().contains("`session.write`"), "{body}");
    assert_eq!(orders.ask(Method::GET, "/last", &token, "").await.1, "\"4711\"");
    // Nor may either end it; nor is a user's token a service's.
    let session = format!("/internal/sessions/{id}");
    assert_eq!(portal.ask(Method::DELETE, &session, &orders_token, "").await.0, StatusCode::FORBIDDEN);
    assert_eq!(portal.ask(Method::DELETE, &session, &token, "").await.0, StatusCode::UNAUTHORIZED);

    // Permitted later, without a new token.
    shop.operator(&["permit", "statistics", "session.read", "session.write", "session.revoke"]).await;
    assert_eq!(statistics.ask(Method::PUT, "/last", &token, "0").await.0, StatusCode::NO_CONTENT);
    let list = shop.operator(&["list"]).await;
    assert!(list.lines().count() == 2 && list.contains("orders  session.read session.write  last used: 2"), "{list}");

    // Logged out at one, out at all.
    assert_eq!(portal.ask(Method::DELETE, &session, &statistics_token, "").await.0, StatusCode::NO_CONTENT);
    for service in [&portal, &orders, &statistics] {
        assert_eq!(service.ask(Method::GET, "/me", &token, "").await.0, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(portal.ask(Method::GET, &format!("{session}/last_order"), &orders_token, "").await.0, 404);
}

/// Calls in flight all the time at two nodes, by old and new tokens, over three rotations; then a revocation.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_a_rotation_costs_no_request_and_a_revocation_counts_at_once() {
    let shop = Shop::new();
    let nodes = [shop.start("portal", &[]).await, shop.start("portal", &[]).await];
    let mut token = shop.operator(&["register", "orders", "session.read", "session.write"]).await;
    let (_, id) = nodes[0].log_in().await;
    let path = format!("/internal/sessions/{id}/last_order");

    let newest = Arc::new(Mutex::new(token.clone()));
    let over = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        let (node, path) = (nodes[number % 2].clone_address(), path.clone());
        let (newest, over, mut token) = (Arc::clone(&newest), Arc::clone(&over), token.clone());
        clients.spawn(async move {
            let (mut calls, mut by_old) = (0, 0);
            while !over.load(SeqCst) {
                // Each instance is given the new token at another moment.
                if calls % (3 + number) == 0 {
                    token.clone_from(&newest.lock().unwrap());
                }
                by_old += usize::from(token != *newest.lock().unwrap());
                let method = if calls % 4 == 0 { Method::PUT } else { Method::GET };
                let (status, body) = node.ask(method, &path, &token, "4711").await;
                assert!(status.is_success(), "{status} {body}");
                calls += 1;
            }
            (calls, by_old)
        });
    }
    let began = Instant::now();
    for _ in 0..ROTATIONS {
        token = shop.operator(&["rotate", "orders", "60"]).await;
        newest.lock().unwrap().clone_from(&token);
        while shop.operator(&["list"]).await.contains("rotating") {}
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    over.store(true, SeqCst);
    let took = began.elapsed();
    let done = clients.join_all().await;
    let (calls, by_old) = done.into_iter().fold((0, 0), |(all, old), (calls, by_old)| (all + calls, old + by_old));
    eprintln!(
        "{ROTATIONS} rotations: {calls} calls at 2 nodes in {took:?}, {by_old} of them by an old token; 0 failed"
    );
    assert!(by_old > 0 && calls > by_old, "old and new ones were in flight together");

    // From the answer of the operator's process to the first refusal, with calls in flight all the time.
    let over = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for number in 0..8 {
        let (node, path, token) = (nodes[number % 2].clone_address(), path.clone(), token.clone());
        let over = Arc::clone(&over);
        clients.spawn(async move {
            loop {
                let revoked = over.load(SeqCst).then(Instant::now);
                let (status, _) = node.ask(Method::GET, &path, &token, "").await;
                match revoked {
                    Some(asked) => return (status, asked.elapsed()),
                    None => assert!([StatusCode::OK, StatusCode::UNAUTHORIZED].contains(&status), "{status}"),
                }
            }
        });
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(shop.operator(&["revoke", "orders"]).await, "revoked");
    over.store(true, SeqCst);
    let mut taken: Vec<Duration> = Vec::new();
    for (status, took) in clients.join_all().await {
        assert_eq!(status, StatusCode::UNAUTHORIZED, "asked after the revoke was answered");
        taken.push(took);
    }
    taken.sort();
    eprintln!(
        "revoked: all of the first 8 calls after the answer refused; answers took {:?} to {:?}",
        taken[0], taken[7]
    );
}

/// One store and one key for all.
struct Shop {
    place: Place,
}

/// A service while it runs. Ends with this handle.
struct Running {
    _child: Option<Child>,
    url: String,
    client: reqwest::Client,
}

impl Shop {
    fn new() -> Self {
        Self { place: Place::new(Backend::Redis) }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        static PROGRAM: OnceLock<std::path::PathBuf> = OnceLock::new();
        let mut command = Command::new(PROGRAM.get_or_init(|| example("services")));
        command.args(arguments).env("SESSION_STORE", self.place.url()).env("COUNTERSIGN_KEYS", KEY);
        command.env("LISTEN", "127.0.0.1:0").stdout(Stdio::piped()).kill_on_drop(true);
        command
    }

    async fn start(&self, role: &str, variables: &[(&str, &str)]) -> Running {
        let mut child = self.command(&[role]).envs(variables.iter().copied()).spawn().unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        timeout(PATIENCE, out.read_line(&mut line)).await.expect("it should listen by now").unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("{role}: {line:?}")).to_owned();
        Running { _child: Some(child), url, client: reqwest::Client::new() }
    }

    /// What it prints.
    async fn operator(&self, arguments: &[&str]) -> String {
        let output = timeout(PATIENCE, self.command(arguments).output()).await.expect("it should be done").unwrap();
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

impl Running {
    /// The same, without the process.
    fn clone_address(&self) -> Self {
        Self { _child: None, url: self.url.clone(), client: self.client.clone() }
    }

    async fn ask(&self, method: Method, path: &str, token: &str, body: &str) -> (StatusCode, String) {
        let request = self.client.request(method, format!("{}{path}", self.url)).bearer_auth(token);
        let answer = request.body(body.to_owned()).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    /// Token and id of a new session.
    async fn log_in(&self) -> (String, String) {
        let login = r#"{"username":"ada","password":"lovelace"}"#;
        let request = self.client.post(format!("{}/login", self.url)).header("content-type", "application/json");
        let answer = request.body(login).send().await.unwrap().text().await.unwrap();
        let issued: Value = serde_json::from_str(&answer).unwrap();
        let text = |name: &str| issued[name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        (text("token"), text("session_id"))
    }
}

const CLIENTS: usize = 32;
const ROTATIONS: usize = 4;

/// For a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// 32 bytes that all of them sign by.
const KEY: &str = "dGhlIGtleSBvZiB0d28gbm9kZXM6IDMyIGJ5dGVzLi4=";
