//! Two real processes on one file: what either has kept is there, and nothing of a session comes back once it has
//! been logged out of.

use std::{
    env,
    fs::OpenOptions,
    io::Write,
    path::Path,
    process::Stdio,
    time::{Duration, SystemTime},
};

use countersign::client::{
    ClientSession, ErrorKind, FileStorage, LinkedSession, NoRefresh, Storage, TokenManager, TokenSet, UserInfo,
};
use http::{HeaderMap, HeaderValue, header::SET_COOKIE};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::support::uri;

/// One process links sessions, the other takes in cookies, and in every second round that one logs out after some of
/// them: at another point of the other one's work each time.
#[tokio::test]
async fn two_processes_lose_nothing_and_bring_nothing_back_in_each_of_50_rounds() {
    for round in 0..ROUNDS {
        let folder = TempDir::with_prefix("countersign-").unwrap();
        let (file, notes) = (folder.path().join("session.json"), folder.path().join("notes"));
        let log_out_after = (round % 2 == 1).then_some(round % CHANGES);
        session(&file).log_in(tokens()).user(UserInfo::new("ada")).await.unwrap();
        let start = |name: &str, log_out: Option<usize>| -> Child {
            Command::new(env::current_exe().unwrap())
                .args(["--exact", "processes::another_process", "--ignored", "--nocapture", "--test-threads=1"])
                .env(FILE, &file)
                .env(NOTES, &notes)
                .env(NAME, name)
                .env(LOG_OUT, log_out.map(|after| after.to_string()).unwrap_or_default())
                .stdout(Stdio::null())
                .kill_on_drop(true)
                .spawn()
                .unwrap()
        };
        let (mut one, mut other) = (start("one", None), start("other", log_out_after));
        let both = async { tokio::join!(one.wait(), other.wait()) };
        let (one, other) = tokio::time::timeout(Duration::from_secs(60), both).await.expect("they end in time");
        assert!(one.unwrap().success() && other.unwrap().success(), "round {round}");

        let noted = std::fs::read_to_string(&notes).unwrap_or_default();
        let kept = FileStorage::new(&file).load().unwrap();
        if log_out_after.is_some() {
            assert!(kept.is_empty() && !file.exists(), "round {round}: {kept:?}");
        } else {
            let next_run = session(&file);
            let is_there = |name: &str| next_run.linked(name).is_some() || next_run.cookies().contains(name);
            assert_eq!(noted.lines().count(), 2 * CHANGES, "round {round}");
            assert_eq!(noted.lines().filter(|name| !is_there(name)).count(), 0, "round {round}");
        }
    }
}

#[tokio::test]
#[ignore = "a part of the test above, in a process of its own"]
async fn another_process() {
    let variable = |name| env::var(name).expect("it is started by the test above");
    let (file, name) = (variable(FILE), variable(NAME));
    let log_out_after: Option<usize> = variable(LOG_OUT).parse().ok();
    let mut notes = OpenOptions::new().create(true).append(true).open(variable(NOTES)).unwrap();
    let session = session(Path::new(&file));
    if session.user().is_none() {
        // It was logged out of before this process had begun.
        return;
    }
    for n in 0..CHANGES {
        if log_out_after == Some(n) {
            session.clear().await.unwrap();
            assert!(session.tokens().tokens().is_none() && session.user().is_none());
            return;
        }
        let part = format!("{name}-{n}");
        let changed = if name == "one" {
            session.link(&part, LinkedSession::new().with_secret("s")).await
        } else {
            let cookie = HeaderValue::from_str(&format!("{part}=1; Max-Age=3600")).unwrap();
            session.take_cookies(&uri(), &HeaderMap::from_iter([(SET_COOKIE, cookie)])).await
        };
        match changed {
            Ok(()) => writeln!(notes, "{part}").unwrap(),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::NotAuthenticated, "{error}");
                assert!(session.tokens().tokens().is_none() && session.user().is_none());
                return;
            }
        }
    }
}

fn session(file: &Path) -> ClientSession {
    ClientSession::new(TokenManager::builder(NoRefresh).file(file).build().unwrap())
}

fn tokens() -> TokenSet {
    TokenSet::new("a").unwrap().with_lifetime(Duration::from_secs(3600), SystemTime::now())
}

const ROUNDS: usize = 50;
const CHANGES: usize = 12;
const FILE: &str = "COUNTERSIGN_TEST_FILE";
const NOTES: &str = "COUNTERSIGN_TEST_NOTES";
const NAME: &str = "COUNTERSIGN_TEST_NAME";
const LOG_OUT: &str = "COUNTERSIGN_TEST_LOG_OUT";
