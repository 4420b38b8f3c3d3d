//! What a test process leaves behind: nothing.

use std::{
    io::{BufRead, BufReader},
    os::unix::fs::symlink,
    path::Path,
    thread::sleep,
    time::Duration,
};

use tempfile::TempDir;

use crate::{
    again, lives,
    support::servers::{postgres::Postgres, redis::Standalone, wait_until},
};

#[test]
fn servers_end_with_a_test_process_that_is_killed() {
    let mut process = again("watchdog::starts_servers_and_waits_to_be_killed", HELPER).spawn().unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
    let said = lines.skip_while(|line| !line.contains(MARK)).take(3);
    let servers: Vec<(u32, String)> = said
        .map(|line| {
            let (id, folder) = line.split_once(MARK).unwrap().1.split_once(' ').unwrap();
            (id.parse().unwrap(), folder.to_owned())
        })
        .collect();
    assert_eq!(servers.len(), 3);
    for (id, folder) in &servers {
        assert!(lives(*id) && Path::new(folder).exists());
    }
    process.kill().unwrap();
    process.wait().unwrap();
    for (id, folder) in servers {
        wait_until("server and folder are gone", || !lives(id) && !Path::new(&folder).exists());
    }
}

#[test]
#[ignore = "started by the test above, in a process of its own"]
#[allow(clippy::print_stdout, reason = "the test above reads it")]
fn starts_servers_and_waits_to_be_killed() {
    if std::env::var_os(HELPER).is_none() {
        return;
    }
    let (runs, stopped, postgres) = (Standalone::start(), Standalone::start(), Postgres::start());
    stopped.server().stop_cont(true);
    for server in [runs.server(), stopped.server(), postgres.server()] {
        println!("{MARK}{} {}", server.pid(), server.folder().display());
    }
    sleep(Duration::from_secs(60));
}

#[test]
fn a_missing_program_fails_the_test_and_names_the_package() {
    let path = TempDir::new().unwrap();
    for program in ["sh", "ps", "rm", "id"] {
        let found = ["/bin", "/usr/bin"].map(|folder| Path::new(folder).join(program)).into_iter().find(|p| p.exists());
        symlink(found.unwrap(), path.path().join(program)).unwrap();
    }
    let output = again("watchdog::starts_redis", HELPER).env("PATH", path.path()).output().unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    for name in ["the program `redis-server`", "the package `redis-server` of Debian", "`scripts/install`"] {
        assert!(said.contains(name), "{said}");
    }
}

#[test]
#[ignore = "started by the test above, in a process of its own"]
fn starts_redis() {
    if std::env::var_os(HELPER).is_some() {
        let _redis = Standalone::start();
    }
}

/// Set in the processes that tests here start.
const HELPER: &str = "COUNTERSIGN_TEST_HELPER";

const MARK: &str = "started: ";
