//! The programs that servers consist of, and the account that they run as.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// A program's path. Panics with what to install if it is missing: a test that needs it is never skipped.
pub fn find(program: &str, package: &str) -> PathBuf {
    find_in(&[], program, package)
}

/// The same, looking into these folders first.
pub fn find_in(folders: &[PathBuf], program: &str, package: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let usual = OFTEN_NOT_IN_PATH.iter().map(PathBuf::from);
    let mut folders = folders.iter().cloned().chain(env::split_paths(&path)).chain(usual);
    let found = folders.find_map(|folder| Some(folder.join(program)).filter(|program| program.is_file()));
    found.unwrap_or_else(|| {
        panic!(
            "this test needs the program `{program}`, which is not installed: \
             it is in the package `{package}` of Debian; `scripts/install` installs all that the tests need"
        )
    })
}

/// Runs a program to its end. Answers with its output; panics with all that it has said if it fails.
pub fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {}\n{said}", String::from_utf8_lossy(&output.stderr));
    said
}

/// An account of the system that is not root's.
///
/// Postgres and MariaDB refuse to be run by root, who runs the tests in many containers.
pub struct Account {
    user: u32,
    group: u32,
}

impl Account {
    /// The first of these accounts that exists; none if the tests are not run by root, or it does not matter.
    pub fn of_server(names: &[&str]) -> Option<Self> {
        if names.is_empty() || !is_root() {
            return None;
        }
        let existing = names.iter().find_map(|name| Some(Self { user: id("-u", name)?, group: id("-g", name)? }));
        Some(existing.unwrap_or_else(|| panic!("none of these accounts exists: {names:?}")))
    }

    /// What stands before a command so that this account runs it, in the same process.
    pub fn prefix(&self) -> Vec<String> {
        let setpriv = find("setpriv", "util-linux").display().to_string();
        let Self { user, group } = self;
        vec![setpriv, format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".to_owned()]
    }

    /// Gives it a file or folder.
    pub fn take(&self, path: &Path) {
        run(Command::new("chown").arg(format!("{}:{}", self.user, self.group)).arg(path));
    }
}

/// A program, to be run by the account of a server.
pub fn command_as(names: &[&str], program: &Path) -> Command {
    let Some(account) = Account::of_server(names) else { return Command::new(program) };
    let prefix = account.prefix();
    let mut command = Command::new(&prefix[0]);
    command.args(&prefix[1..]).arg(program);
    command
}

/// The folders that match a pattern with one star, highest version first.
pub fn versions(pattern: &str) -> Vec<PathBuf> {
    let (before, after) = pattern.split_once('*').expect("a pattern has a star");
    let (parent, start) = before.rsplit_once('/').expect("a pattern is absolute");
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.strip_prefix(start)?.parse().ok()?;
            Some((version, entry.path().join(after.trim_start_matches('/'))))
        })
        .collect();
    found.sort_by(|a, b| b.cmp(a));
    found.into_iter().map(|(_, path)| path).collect()
}

fn is_root() -> bool {
    static ROOT: OnceLock<bool> = OnceLock::new();
    *ROOT.get_or_init(|| run(Command::new("id").arg("-u")).trim() == "0")
}

fn id(option: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([option, name]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// Debian keeps servers where only root's PATH looks; Homebrew does not link everything.
const OFTEN_NOT_IN_PATH: [&str; 5] = [
    "/usr/sbin",
    "/usr/local/sbin",
    "/opt/homebrew/bin",
    "/opt/homebrew/opt/mariadb/bin",
    "/usr/local/opt/mariadb/bin",
];
