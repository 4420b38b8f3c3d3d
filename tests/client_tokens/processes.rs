//! Two processes on one file: one refresh between them, and neither is left with a dead token.

use std::{env, net::SocketAddr, process::Stdio};

use countersign::client::{FileStorage, Storage, TokenManager};
use hyper::StatusCode;
use tempfile::TempDir;
use tokio::{
    process::{Child, Command},
    task::JoinSet,
};

use crate::{
    LIFE, clock, elsewhere, in_time,
    server::{Server, post, refresher},
    stored, tokens,
};

#[tokio::test]
async fn two_processes_on_one_file_renew_once_between_them_in_each_of_200_rounds() {
    let server = Server::start(2).await;
    let folder = TempDir::with_prefix("countersign-").unwrap();
    let file = folder.path().join("tokens.json");
    let storage = FileStorage::new(&file);
    elsewhere(&storage, Some(tokens(0, clock().now())));
    let start = || -> Child {
        Command::new(env::current_exe().unwrap())
            .args(["--exact", "processes::another_process", "--ignored", "--nocapture", "--test-threads=1"])
            .env(FILE, &file)
            .env(SERVER, server.address.to_string())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap()
    };
    let (mut one, mut other) = (start(), start());
    let (one, other) = in_time(async { tokio::join!(one.wait(), other.wait()) }).await;
    assert!(one.unwrap().success() && other.unwrap().success());

    let family = server.family();
    assert_eq!(family.rounds, (0..=ROUNDS).collect::<Vec<_>>(), "one refresh in each round");
    assert_eq!((family.ended, family.dead_tokens), (false, 0));
    assert_eq!(stored(&storage), Some(format!("access-{ROUNDS}")));
    assert!(storage.try_lease().unwrap().is_some(), "nobody holds the lease any more");
}

/// Each round: the token dies, and eight tasks want another one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a part of the test above, in a process of its own"]
async fn another_process() {
    let file = env::var_os(FILE).expect("it is started by the test above");
    let server: SocketAddr = env::var(SERVER).unwrap().parse().unwrap();
    let clock = clock();
    let manager =
        TokenManager::builder(refresher(server, clock.clone())).file(file).clock(clock.clone()).build().unwrap();
    for _ in 0..ROUNDS {
        post(server, "/round", "").await;
        clock.advance(LIFE);
        let mut tasks = JoinSet::new();
        for _ in 0..8 {
            let manager = manager.clone();
            tasks.spawn(async move { manager.access_token().await.unwrap().reveal().to_owned() });
        }
        let given = tasks.join_all().await;
        assert!(given.iter().all(|token| *token == given[0]));
        let (status, _) = post(server, "/use", &given[0]).await;
        assert_eq!(status, StatusCode::OK);
    }
    post(server, "/round", "").await;
}

const ROUNDS: usize = 200;
const FILE: &str = "COUNTERSIGN_TEST_FILE";
const SERVER: &str = "COUNTERSIGN_TEST_SERVER";
