//! schemathesis, which knows of the routes what their document says, finds no answer that it does not say.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    middleware::{Next, from_fn, map_response},
    response::Response,
    serve,
};
use countersign::{Config, KeyRing, MemoryStore, Sessions, api};
use http::{Method, Request, StatusCode};
use tokio::{net::TcpListener, process::Command, task::JoinHandle, time::timeout};

use crate::{help::routes, support::KEY};

/// All operations, for nobody and for somebody who is logged in, by token and by cookie.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_no_server_error_and_no_undocumented_answer() {
    let given = Given::default();
    let counted = given.clone();
    let count = move |request: Request<Body>, next: Next| {
        let counted = counted.clone();
        async move {
            let (method, path) = (request.method().clone(), request.uri().path().to_owned());
            let response = next.run(request).await;
            *counted.lock().unwrap().entry(named(&method, &path, response.status())).or_default() += 1;
            response
        }
    };
    let app = routes(&sessions()).layer(from_fn(count));
    let phases = "examples,coverage,fuzzing,stateful";
    let output = run(app, &["--phases", phases, "--max-examples", "100", "--checks", "all"]).await;
    let said = String::from_utf8_lossy(&output.stdout);
    let given = given.lock().unwrap();
    eprintln!("{said}\n{given:#?}");
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    // A run in which nobody got past the door would show nothing.
    for (method, path, statuses) in [
        ("POST", "/sessions", &[201, 202, 400, 401, 415, 422][..]),
        ("GET", "/sessions", &[200, 401]),
        ("DELETE", "/sessions", &[200, 401, 422]),
        ("GET", "/sessions/{id}", &[200, 401, 404]),
        ("PUT", "/sessions/{id}", &[200, 401, 404]),
        ("DELETE", "/sessions/{id}", &[204, 401, 404]),
        ("GET", "/openapi.json", &[200]),
        ("TRACE", "/sessions", &[405]),
    ] {
        for status in statuses {
            assert!(given.contains_key(&format!("{method} {path} {status}")), "{method} {path} {status}: {given:#?}");
        }
    }
}

/// The same routes, with one answer that the document does not name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_would_find_an_undocumented_answer() {
    let teapot = |mut response: Response<Body>| async move {
        if response.status() == StatusCode::NO_CONTENT {
            *response.status_mut() = StatusCode::IM_A_TEAPOT;
        }
        response
    };
    let app = routes(&sessions()).layer(map_response(teapot));
    let only = ["--phases", "fuzzing", "--max-examples", "20", "--include-operation-id", "endSession"];
    let output = run(app, &only).await;
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("Undocumented status code") && said.contains("Received: 418"), "{said}");
}

/// How often each operation has given each status.
type Given = Arc<Mutex<BTreeMap<String, usize>>>;

fn named(method: &Method, path: &str, status: StatusCode) -> String {
    let path = path.trim_start_matches("/api");
    let path = if path.starts_with("/sessions/") { "/sessions/{id}" } else { path };
    format!("{method} {path} {}", status.as_u16())
}

fn sessions() -> Sessions {
    let mut config = Config::production();
    config.throttle.answer_after = Duration::ZERO;
    // It guesses often.
    config.throttle.network.free = 0;
    config.throttle.account.free = 0;
    // And logs in for many requests in advance.
    config.limit.max = 0;
    Sessions::builder(KeyRing::new(KEY).unwrap(), MemoryStore::new()).config(config).build().unwrap()
}

/// Runs it against these routes.
async fn run(app: Router, arguments: &[&str]) -> Output {
    let (address, server) = start(app).await;
    let address = format!("http://{address}/api");
    let hooks = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/api/schemathesis_hooks.py");
    let folder = tempfile::TempDir::new().unwrap();
    // From a file, so that the operation that shows the document is one of those that are tried.
    let document = folder.path().join("openapi.json");
    std::fs::write(&document, api::openapi(&Config::production())).unwrap();
    let mut command = Command::new(program());
    command
        .current_dir(folder.path())
        .env("API", &address)
        .env("SCHEMATHESIS_HOOKS", hooks)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .args(["run", "openapi.json", "--url", &address, "--no-color", "--generation-database", "none"])
        .args(["--seed", "1", "--suppress-health-check", "all", "--request-timeout", "10", "--continue-on-failure"])
        .args(arguments)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = timeout(PATIENCE, command.output()).await.expect("it should have ended by now").unwrap();
    server.abort();
    output
}

async fn start(app: Router) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (address, tokio::spawn(async move { serve(listener, app).await.unwrap() }))
}

/// Where `scripts/install` puts it.
fn program() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let program = target.join("schemathesis/bin/schemathesis");
    assert!(program.exists(), "{} is not there: run scripts/install", program.display());
    program
}

/// For a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);
