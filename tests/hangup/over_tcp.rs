//! The same over TCP: the client sends its request, waits for a random time, and closes the socket.

use std::{
    hash::{BuildHasher, RandomState},
    time::{Duration, Instant},
};

use hyper::server::conn::http1;
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tower::ServiceExt;

use crate::{
    scene::{Scene, Stage},
    support::{Backend, Pause, on_stores},
    verb::Verb,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_verb() {
    on_stores(Backend::ENGINES, |backend| async move {
        let mut verbs: JoinSet<_> = Verb::ALL.into_iter().map(|verb| hang_up_at_random(backend, verb)).collect();
        let (mut before, mut after) = (0, 0);
        while let Some(found) = verbs.join_next().await {
            let found = found.unwrap();
            before += found.first().unwrap();
            after += found.last().unwrap();
        }
        eprintln!("over TCP on {backend:?}: the state before was found {before} times, the one after {after} times");
        assert!(before > rounds(backend) && after > rounds(backend), "the client hangs up too early, or too late");
    })
    .await;
}

/// How often each state was found.
async fn hang_up_at_random(backend: Backend, verb: Verb) -> Vec<usize> {
    let stage = Stage::new(backend, Pause::No).await;
    let states = stage.states(verb).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let longest = duration_of_a_request(&stage, verb).await.mul_f32(1.5);
    let mut found = vec![0; states.len()];
    for _ in 0..rounds(backend) {
        let mut scene = Scene::set(&stage, verb).await;
        stage.world.calls.pace.set(PAUSE);
        hang_up_within(longest, &listener, &scene).await;
        stage.world.calls.pace.set(Pause::No);
        if backend.is_a_server() {
            tokio::time::sleep(COMING_TO_REST).await;
        }
        let picture = scene.picture().await;
        let state = states.iter().position(|state| *state == picture);
        found[state.unwrap_or_else(|| panic!("{verb:?} on {backend:?}: {picture:#?}"))] += 1;
        scene.go_on().await;
    }
    found
}

async fn duration_of_a_request(stage: &Stage, verb: Verb) -> Duration {
    let scene = Scene::set(stage, verb).await;
    stage.world.calls.pace.set(PAUSE);
    let start = Instant::now();
    scene.app().oneshot(scene.request()).await.unwrap();
    let duration = start.elapsed();
    stage.world.calls.pace.set(Pause::No);
    scene.go_on().await;
    duration
}

/// Returns when the server, too, is done with the connection.
async fn hang_up_within(longest: Duration, listener: &TcpListener, scene: &Scene<'_>) {
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (socket, _) = listener.accept().await.unwrap();
    let service = TowerToHyperService::new(scene.app());
    let server = tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(socket), service));

    let request = scene.request();
    let mut head =
        format!("{} {} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n", request.method(), request.uri());
    for (name, value) in request.headers() {
        head += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    client.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
    let part = RandomState::new().hash_one(()) as f64 / u64::MAX as f64;
    tokio::time::sleep(longest.mul_f64(part)).await;
    drop(client);
    // An error, if it was still at work.
    let _ = server.await.unwrap();
}

/// A server is asked less often, as each of its rounds takes longer: its command goes on after the hang-up.
fn rounds(backend: Backend) -> usize {
    if backend.is_a_server() { 20 } else { 100 }
}

/// After that, nothing is under way any more.
const COMING_TO_REST: Duration = Duration::from_millis(100);
const PAUSE: Pause = Pause::Sleep(Duration::from_millis(1));
