//! chromedriver as a process of its own, and the little of the WebDriver protocol (W3C) that the tests need.

use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Child, Command, Stdio},
    time::Duration,
};

use http::{Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper::{body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{net::TcpStream, time::timeout};

/// One browser with one window, that nobody has used before. Ends with this handle.
pub(crate) struct Driver {
    process: Child,
    port: u16,
    session: String,
    _profile: TempDir,
}

impl Driver {
    pub(crate) async fn start() -> Self {
        let mut command = Command::new("chromedriver");
        // In a group of its own, so that the browser ends with it even if a test does not come to its end.
        command.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        let mut process = command.spawn().expect("chromedriver is installed: run scripts/install");
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.find_map(|line| {
            let line = line.unwrap();
            line.split("successfully on port ").nth(1)?.trim_end_matches('.').parse().ok()
        });
        let profile = TempDir::new().unwrap();
        let mut driver = Self { process, port: port.unwrap(), session: String::new(), _profile: profile };
        let capabilities = driver.capabilities();
        let started = driver.send(Method::POST, "/session", Some(capabilities)).await.unwrap();
        driver.session = started["sessionId"].as_str().unwrap().to_owned();
        driver
    }

    /// A command of this session.
    pub(crate) async fn command(&self, path: &str, body: Value) -> Value {
        self.send(Method::POST, &format!("/session/{}{path}", self.session), Some(body)).await.unwrap()
    }

    /// A question to this session.
    pub(crate) async fn ask(&self, path: &str) -> Value {
        self.try_to_ask(path).await.unwrap()
    }

    /// The same, where it may be that the page has changed meanwhile.
    pub(crate) async fn try_to_ask(&self, path: &str) -> Result<Value, String> {
        self.send(Method::GET, &format!("/session/{}{path}", self.session), None).await
    }

    /// A command of the DevTools protocol.
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.command("/goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    fn capabilities(&self) -> Value {
        let profile = format!("--user-data-dir={}", self._profile.path().display());
        let mut arguments = ARGUMENTS.to_vec();
        arguments.push(&profile);
        json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL" },
        } } })
    }

    async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, String> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, format!("127.0.0.1:{}", self.port))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::<Bytes>::from(body.map(|body| body.to_string()).unwrap_or_default()))
            .unwrap();
        let answer = timeout(PATIENCE, async {
            let stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
            let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
            tokio::spawn(connection);
            sender.send_request(request).await.unwrap().into_body().collect().await.unwrap().to_bytes()
        });
        let answer = answer.await.unwrap_or_else(|_| panic!("no answer to {path}"));
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let value = answer["value"].clone();
        if value["error"].is_null() { Ok(value) } else { Err(format!("{path}: {}", value["message"])) }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // The group: chromedriver, and every process of its browser.
        let _ = Command::new("kill").args(["-KILL", "--", &format!("-{}", self.process.id())]).status();
        let _ = self.process.wait();
    }
}

/// As root there is no sandbox; and nothing but the tests' own servers is to be asked for anything.
const ARGUMENTS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-scrollbars",
    "--window-size=1280,900",
];
/// For a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
