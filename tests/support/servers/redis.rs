//! Redis: one node, a cluster, a master under sentinels.

mod cluster;
mod resp;
mod sentinel;

use std::{io, thread};

pub use cluster::Cluster;
pub use resp::Reply;
pub use sentinel::Sentinel;

use super::{
    process::{Kind, Server},
    programs::find,
};

/// A server on its own, which loses no write that it has answered to `kill -9`.
pub struct Standalone(Node);

/// One process of Redis.
pub struct Node {
    server: Server,
}

impl Standalone {
    pub fn start() -> Self {
        Self(Node::start(|_| Vec::new()))
    }

    pub const fn node(&self) -> &Node {
        &self.0
    }

    pub const fn server(&self) -> &Server {
        &self.0.server
    }

    pub fn url(&self) -> String {
        self.0.url()
    }

    /// Says a command to it.
    pub fn say(&self, words: &[&str]) -> io::Result<Reply> {
        self.0.say(words)
    }
}

impl Node {
    /// Starts one that keeps everything in its folder, with these options besides.
    fn start(more: impl Fn(u16) -> Vec<String>) -> Self {
        let server = Server::start(&KIND, |folder, port| {
            let mut command = vec![program(), "--port".to_owned(), port.to_string(), "--dir".to_owned()];
            command.push(folder.display().to_string());
            command.extend(SETTINGS.map(str::to_owned));
            command.extend(more(port));
            command
        });
        Self { server }
    }

    /// All that lies under keys that start so, as bytes.
    pub fn dump(&self, prefix: &str) -> Vec<u8> {
        let mut all = Vec::new();
        for key in self.say(&["KEYS", &format!("{prefix}*")]).unwrap().list() {
            let key = key.text();
            let read: &[&str] = match self.say(&["TYPE", &key]).unwrap().text().as_str() {
                "hash" => &["HGETALL", &key],
                "zset" => &["ZRANGE", &key, "0", "-1"],
                _ => &["GET", &key],
            };
            all.extend(format!("{key} {:?}", self.say(read).unwrap()).into_bytes());
        }
        all
    }

    /// Starts many at once: each takes a while to wait for, and little to do.
    fn start_all(count: usize, start: impl Fn(usize) -> Self + Sync) -> Vec<Self> {
        thread::scope(|scope| {
            let start = &start;
            let started: Vec<_> = (0..count).map(|index| scope.spawn(move || start(index))).collect();
            started.into_iter().map(|node| node.join().unwrap()).collect()
        })
    }

    pub const fn server(&self) -> &Server {
        &self.server
    }

    pub const fn port(&self) -> u16 {
        self.server.port()
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port())
    }

    /// Says a command to this very node, whatever others there are.
    pub fn say(&self, words: &[&str]) -> io::Result<Reply> {
        resp::say(self.port(), words)
    }

    /// A line of INFO: what stands after `name:`. `None` too if the node does not answer.
    pub fn info(&self, name: &str) -> Option<String> {
        field(&self.say(&["INFO"]).ok()?.text(), name)
    }

    fn is(&self, name: &str, value: &str) -> bool {
        self.info(name).is_some_and(|found| found == value)
    }
}

fn program() -> String {
    find("redis-server", "redis-server").display().to_string()
}

/// What stands after `name:` in an answer of lines.
fn field(answer: &str, name: &str) -> Option<String> {
    answer.lines().find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim().to_owned()))
}

const KIND: Kind = Kind { end: "TERM", ready: "Ready to accept connections", accounts: &[] };

/// No snapshots, but a log that is on the disk before an answer is sent.
/// A replica is served at once, and not after the five seconds in which more of them might ask.
const SETTINGS: [&str; 12] = [
    "--bind",
    "127.0.0.1",
    "--protected-mode",
    "no",
    "--save",
    "",
    "--appendonly",
    "yes",
    "--appendfsync",
    "always",
    "--repl-diskless-sync-delay",
    "0",
];
