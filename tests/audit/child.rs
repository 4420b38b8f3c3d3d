//! Another process: this test binary, started again in a part of its own. It ends with the process that has started it, however
//! that ends.

use std::{
    env,
    io::{self, BufRead, BufReader, Read, Write},
    process::{self, ChildStdin, ChildStdout, Command, Stdio},
    thread,
};

/// A running child. Ended when dropped.
pub struct Child {
    process: process::Child,
    said: BufReader<ChildStdout>,
    heard: Vec<String>,
    /// Its end ends the child.
    _alive: ChildStdin,
}

impl Child {
    /// Starts one that tells entries into this place.
    pub fn start(url: &str) -> Self {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", "child::another_process", "--ignored", "--nocapture", "--test-threads=1"]);
        command.env(PLACE, url).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let said = BufReader::new(process.stdout.take().unwrap());
        let alive = process.stdin.take().unwrap();
        Self { process, said, heard: Vec::new(), _alive: alive }
    }

    /// Waits until it says something that begins so.
    pub fn wait_for(&mut self, word: &str) {
        loop {
            let mut line = String::new();
            assert!(self.said.read_line(&mut line).unwrap() > 0, "the child has ended without saying {word}");
            let Some(said) = line.trim_end().strip_prefix(MARK) else { continue };
            self.heard.push(said.to_owned());
            if said.starts_with(word) {
                return;
            }
        }
    }

    /// `kill -9`. All that it has said until then.
    pub fn kill_9(mut self) -> Vec<String> {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        let mut said = String::new();
        self.said.read_to_string(&mut said).unwrap();
        self.heard.extend(said.lines().filter_map(|line| line.strip_prefix(MARK)).map(str::to_owned));
        std::mem::take(&mut self.heard)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Said to whoever has started this process.
pub fn say(word: &str) {
    let mut out = io::stdout().lock();
    writeln!(out, "\n{MARK}{word}").unwrap();
    out.flush().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a process that another test starts"]
async fn another_process() {
    let Ok(url) = env::var(PLACE) else { return };
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        process::exit(1);
    });
    crate::killed::tell_without_end(&url).await;
}

const PLACE: &str = "COUNTERSIGN_TEST_PLACE";
const MARK: &str = "child: ";
