//! The example as a process of its own, in a folder of its own.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    sync::OnceLock,
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::example::example;

/// The folder that the example runs in, again and again.
pub struct Home {
    folder: TempDir,
    store: String,
}

/// The example while it runs. Ends with this handle.
pub struct Running {
    child: Child,
    pub address: SocketAddr,
}

impl Home {
    pub fn new(store: impl Into<String>) -> Self {
        Self { folder: TempDir::new().unwrap(), store: store.into() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What it has said on standard error since it was started last.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }

    /// The example, not yet started: without keys, on any free port.
    pub fn command(&self) -> Command {
        let mut command = Command::new(program());
        command
            .current_dir(self.folder.path())
            .env_remove("COUNTERSIGN_KEYS")
            .env("LISTEN", "127.0.0.1:0")
            .env("SESSION_STORE", &self.store)
            .stdout(Stdio::piped())
            .stderr(File::create(self.path("log")).unwrap())
            .kill_on_drop(true);
        command
    }

    pub async fn start(&self) -> Running {
        self.run(self.command()).await
    }

    /// Waits until it listens.
    pub async fn run(&self, mut command: Command) -> Running {
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        timeout(PATIENCE, out.read_line(&mut line)).await.expect("it should listen by now").unwrap();
        let address = line.strip_prefix("listening on http://").unwrap_or_else(|| panic!("{line:?}\n{}", self.log()));
        Running { address: address.trim().parse().unwrap(), child }
    }

    /// Starts it with settings that it should refuse; answers with what it says to that.
    pub async fn refusal(&self, mut command: Command) -> String {
        let status = timeout(PATIENCE, command.status()).await.expect("it should have given up by now").unwrap();
        assert_eq!(status.code(), Some(1), "{}", self.log());
        self.log()
    }
}

impl Running {
    /// `kill -9`.
    pub async fn kill_9(mut self) {
        self.child.kill().await.unwrap();
    }

    /// What a supervisor does: SIGTERM, and wait. Answers whether it ended as it should.
    pub async fn terminate(mut self) -> bool {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().await.unwrap().success());
        timeout(PATIENCE, self.child.wait()).await.expect("it should have ended by now").unwrap().success()
    }
}

fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| example("quickstart"))
}

/// For a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);
