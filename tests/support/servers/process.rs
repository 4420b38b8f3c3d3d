//! A server as a process of its own, in a folder of its own, that ends with the test process.
//!
//! A handle's drop does not run when a test process is killed, aborts, or keeps the handle in a
//! static. So the server is the child of a small shell script, `watchdog.sh`, which holds the other
//! end of a pipe: the system closes that pipe with the test process, whatever ended it.

use std::{
    collections::HashSet,
    fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, PoisonError},
    thread::sleep,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use super::programs::{Account, find};

/// What all servers of one kind have in common.
pub struct Kind {
    /// The signal that ends it at once, but in order.
    pub end: &'static str,
    /// What its log says when it serves.
    pub ready: &'static str,
    /// Who it runs as, if the tests are run by root; the first of them that exists.
    pub accounts: &'static [&'static str],
}

/// A running server. Ends with this handle or with the process, and its folder with it.
///
/// All methods block; they take milliseconds, but for `restart`, which waits until the server serves.
pub struct Server {
    folder: PathBuf,
    port: u16,
    ready: &'static str,
    watchdog: Mutex<Watchdog>,
}

struct Watchdog {
    process: Child,
    /// `None` while the handle is being dropped.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// A server that ended instead of serving; what it has said to that.
struct Refusal(String);

impl Server {
    /// Starts a server on a free port and waits until it serves.
    ///
    /// `prepare` is given the folder and the port, makes what has to be there before the start, and
    /// answers with the command line. It is called again, with others, if the port is taken after all.
    pub fn start(kind: &Kind, prepare: impl Fn(&Path, u16) -> Vec<String>) -> Self {
        find("ps", "procps");
        for _ in 0..PORTS {
            let server = Self::idle(kind, free_port());
            server.write_run(kind, &prepare(&server.folder, server.port));
            match server.launch() {
                Ok(()) => return server,
                Err(Refusal(log)) => assert!(log.contains("already in use"), "the server does not start:\n{log}"),
            }
        }
        panic!("{PORTS} ports that were free were taken a moment later");
    }

    /// The process id of the server itself.
    pub fn pid(&self) -> u32 {
        fs::read_to_string(self.folder.join("pid")).unwrap().trim().parse().unwrap()
    }

    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Where it keeps its data, and its log in `log`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All that it has said since it was started first.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.join("log")).unwrap_or_default()).into_owned()
    }

    /// `kill -9` of the server and of its children: what a crash does. It is gone when this returns.
    pub fn kill_9(&self) {
        self.order("kill");
    }

    /// Stops it (SIGSTOP), or has it go on (SIGCONT): connections stay open, and nothing answers.
    pub fn stop_cont(&self, stop: bool) {
        self.order(if stop { "stop" } else { "continue" });
    }

    /// Starts it again, on its port and with its data; ends it first if it still runs.
    pub fn restart(&self) {
        self.order("end");
        let deadline = Instant::now() + PATIENCE;
        // The port, or what a killed server left in the system, may take a moment to be free.
        while let Err(Refusal(log)) = self.launch() {
            assert!(Instant::now() < deadline, "the server does not start again:\n{log}");
            sleep(Duration::from_millis(100));
        }
    }

    /// A watchdog over an empty folder.
    fn idle(kind: &Kind, port: u16) -> Self {
        let folder = TempDir::with_prefix("countersign-").unwrap();
        if let Some(account) = Account::of_server(kind.accounts) {
            account.take(folder.path());
        }
        let mut process = Command::new("sh")
            .args(["-c", WATCHDOG, "watchdog"])
            .arg(folder.path())
            .arg(kind.end)
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // So that Ctrl-C reaches the test process alone.
            .process_group(0)
            .spawn()
            .unwrap();
        let orders = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().unwrap());
        let watchdog = Mutex::new(Watchdog { process, orders, answers });
        Self { folder: folder.keep(), port, ready: kind.ready, watchdog }
    }

    fn write_run(&self, kind: &Kind, command: &[String]) {
        let account = Account::of_server(kind.accounts);
        let words = account.iter().flat_map(Account::prefix).chain(command.iter().cloned());
        let quoted = words.map(|word| format!("'{}'", word.replace('\'', r"'\''")));
        let line = quoted.collect::<Vec<_>>().join(" ");
        fs::write(self.folder.join("run"), format!("echo $$ >pid\nexec {line}\n")).unwrap();
    }

    /// Starts what `run` says, and waits until the log says that it serves.
    ///
    /// The log and not a connection: another process could have got the port, and would answer.
    fn launch(&self) -> Result<(), Refusal> {
        let said = self.log().len();
        self.order("start");
        let deadline = Instant::now() + PATIENCE;
        loop {
            let exited = self.folder.join("exit").exists();
            let log = self.log();
            let news = log.get(said..).unwrap_or(&log);
            if exited {
                return Err(Refusal(news.to_owned()));
            }
            if news.contains(self.ready) {
                return Ok(());
            }
            assert!(Instant::now() < deadline, "the server should serve by now:\n{news}");
            sleep(Duration::from_millis(5));
        }
    }

    fn order(&self, order: &str) {
        let mut watchdog = self.watchdog.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(watchdog.orders.as_mut().unwrap(), "{order}").unwrap();
        let mut answer = String::new();
        watchdog.answers.read_line(&mut answer).unwrap();
        assert_eq!(answer, "done\n", "the watchdog over {} has ended", self.folder.display());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let watchdog = self.watchdog.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(watchdog.orders.take());
        let _ = watchdog.process.wait();
    }
}

/// A port of the loopback interface that nobody listens on, and that this process was not given before.
pub fn free_port() -> u16 {
    static GIVEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);
    let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
    let given = given.get_or_insert_default();
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if given.insert(port) {
            return port;
        }
    }
}

/// Waits until it is so.
pub fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "by now it should be so: {what}");
        sleep(Duration::from_millis(20));
    }
}

const WATCHDOG: &str = include_str!("watchdog.sh");

/// For a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

const PORTS: usize = 10;
