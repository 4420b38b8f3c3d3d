//! Two processes of the example on one file.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use crate::client::Socket;

struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    fn start(store: &str) -> Self {
        let mut command = Command::new(crate::example::example("live"));
        command.env("LISTEN", "127.0.0.1:0").env("SESSION_STORE", store).env("COUNTERSIGN_KEYS", KEY);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, address: line.trim().strip_prefix("http://").unwrap().parse().unwrap() }
    }

    async fn post(&self, path: &str, token: Option<&str>) -> serde_json::Value {
        let mut request = reqwest::Client::new().post(format!("http://{}{path}", self.address));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p04_a_log_out_in_one_process_closes_the_socket_of_another() {
    let folder = tempfile::TempDir::new().unwrap();
    let store = format!("sqlite:{}", folder.path().join("live.db").display());
    let nodes = [Process::start(&store), Process::start(&store)];
    let issued = nodes[0].post("/login/ada", None).await;
    let token = issued["token"].as_str().unwrap();
    let mut socket = Socket::open(nodes[1].address, token, "a program").await;
    assert_eq!(socket.say("hello").await.as_deref(), Some("ada: hello"));
    nodes[0].post("/logout", Some(token)).await;
    let (code, reason, _) = socket.closed().await;
    assert_eq!((code, &*reason), (1008, "the session has ended"));
}

/// 32 bytes that both processes sign by.
const KEY: &str = "dGhlIGtleSBvZiB0d28gbm9kZXM6IDMyIGJ5dGVzLi4=";
