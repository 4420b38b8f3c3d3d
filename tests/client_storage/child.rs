//! Other processes: this test binary, started again in a part of its own. They end with the process that has
//! started them, however that ends.

use std::{
    env,
    io::{self, BufRead, BufReader, Read, Write},
    path::Path,
    process::{self, ChildStdin, ChildStdout, Command, Stdio},
    thread,
};

use countersign::client::{FileStorage, Storage, StorageErrorKind};

use crate::{clear, increment, killed, save, token};

/// A running child. Ended when dropped.
pub struct Child {
    process: process::Child,
    said: BufReader<ChildStdout>,
    /// Its end ends the child.
    _alive: ChildStdin,
}

impl Child {
    /// Starts one that plays this part with this file.
    pub fn start(part: &str, file: &Path) -> Self {
        Self::start_by(&["sh", "-c", r#"exec "$@""#, "sh"], part, file)
    }

    /// The same, started by a command that is given the child's own as further arguments.
    pub fn start_by(by: &[&str], part: &str, file: &Path) -> Self {
        let mut command = Command::new(by[0]);
        command.args(&by[1..]).arg(env::current_exe().unwrap());
        command.args(["--exact", "child::another_process", "--ignored", "--nocapture", "--test-threads=1"]);
        command.env(PART, part).env(FILE, file).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let said = BufReader::new(process.stdout.take().unwrap());
        let alive = process.stdin.take().unwrap();
        Self { process, said, _alive: alive }
    }

    /// Waits until it says this.
    pub fn wait_for(&mut self, word: &str) {
        let mut line = String::new();
        while line != format!("{MARK}{word}\n") {
            line.clear();
            assert!(self.said.read_line(&mut line).unwrap() > 0, "the child has ended without saying {word}");
        }
    }

    /// `kill -9`. What it has said until then, and has not been waited for.
    pub fn kill_9(mut self) -> Vec<String> {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        let mut said = String::new();
        self.said.read_to_string(&mut said).unwrap();
        said.lines().filter_map(|line| line.strip_prefix(MARK)).map(str::to_owned).collect()
    }

    /// Waits for its end, and fails if it has failed.
    pub fn finish(mut self) {
        let mut said = String::new();
        self.said.read_to_string(&mut said).unwrap();
        let status = self.process.wait().unwrap();
        assert!(status.success() && said.contains("1 passed"), "the child has failed:\n{said}");
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Said to whoever has started this process.
pub fn say(word: impl std::fmt::Display) {
    let mut out = io::stdout().lock();
    writeln!(out, "\n{MARK}{word}").unwrap();
    out.flush().unwrap();
}

#[test]
#[ignore = "a process that other tests start"]
fn another_process() {
    let (Ok(part), Ok(file)) = (env::var(PART), env::var(FILE)) else { return };
    thread::spawn(|| {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        process::exit(1);
    });
    let storage = FileStorage::new(&file);
    match part.as_str() {
        "save" => save(&storage, "a").unwrap(),
        "save versions" => killed::save_versions(&storage),
        "increment" => (0..INCREMENTS).for_each(|_| increment(&storage.clone().lock_timeout(PATIENCE))),
        "lease" => hold_lease(&storage),
        "overfill" => overfill(&storage),
        "no home" => {
            let error = storage.load().unwrap_err();
            assert_eq!(*error.kind(), StorageErrorKind::Unavailable);
            assert!(error.to_string().contains("$HOME"), "{error}");
        }
        part => panic!("nobody plays {part}"),
    }
}

fn hold_lease(storage: &FileStorage) {
    let _lease = storage.try_lease().unwrap().expect("nobody else has it");
    say("held");
    loop {
        thread::park();
    }
}

/// More than there is room for, and then all that must go on all the same.
fn overfill(storage: &FileStorage) {
    save(storage, "a").unwrap();
    let error = save(storage, &"b".repeat(900 << 10)).unwrap_err();
    assert_eq!(*error.kind(), StorageErrorKind::Full, "{error:?}");
    assert_eq!(token(storage).as_deref(), Some("a"), "what was there before is there still");
    let file = env::var(FILE).unwrap();
    assert!(!Path::new(&format!("{file}.tmp")).exists(), "nothing is left of what did not fit");
    save(storage, "c").unwrap();
    assert_eq!(token(storage).as_deref(), Some("c"));
    clear(storage).unwrap();
    assert!(!Path::new(&file).exists());
}

pub const INCREMENTS: u64 = 100;
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);
const PART: &str = "COUNTERSIGN_TEST_PART";
const FILE: &str = "COUNTERSIGN_TEST_FILE";
const MARK: &str = "child: ";
