//! What a request costs: commands and round trips.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use countersign::{Change, RedisStore, SessionStore};

use crate::{NOW, add, fresh, kept, support::servers::redis::Standalone};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_read_is_one_command_and_a_write_one_more() {
    let server = Standalone::start();
    let (_, builder) = fresh();
    let store = builder.open(&server.url()).await.unwrap();
    let record = kept(&store, Some("ada")).await;
    store.change(record.id(), add("n", 1), NOW).await.unwrap();
    store.revoke(kept(&store, None).await.id(), NOW).await.unwrap();

    let monitor = Monitor::of(&server);
    store.load(record.id(), NOW).await.unwrap().unwrap();
    assert_eq!(monitor.heard(&server), ["HGETALL"]);

    let monitor = Monitor::of(&server);
    let seen = store.load(record.id(), NOW).await.unwrap().unwrap();
    store.change(record.id(), add("n", 1).having_seen(seen), NOW).await.unwrap();
    assert_eq!(monitor.heard(&server), ["HGETALL", "EVALSHA"]);

    let monitor = Monitor::of(&server);
    store.revoke(record.id(), NOW).await.unwrap();
    assert_eq!(monitor.heard(&server), ["EVALSHA"]);
}

/// Only what is edited is sent, however much the session holds.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_change_ships_only_what_it_edits() {
    let server = Standalone::start();
    let (_, builder) = fresh();
    let store = builder.open(&server.url()).await.unwrap();
    let record = kept(&store, Some("ada")).await;
    let mut large = Change::new();
    large.set("large", vec![0; 1_000_000]);
    store.change(record.id(), large, NOW).await.unwrap();
    let before = received(&server);
    store.change(record.id(), add("n", 1), NOW).await.unwrap();
    let sent = received(&server) - before;
    assert!(sent < 1_000, "{sent} bytes");
}

/// A measurement: `cargo test --release --all-features --test redis -- --ignored --nocapture latency`.
#[ignore = "a measurement, not a test"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn latency_of_a_load_and_of_a_bare_get() {
    let server = Standalone::start();
    let (prefix, builder) = fresh();
    let store = builder.open(&server.url()).await.unwrap();
    let mut record = crate::session(Some("0f8fad5b-d9cb-469f-a165-70867728950e")).with_roles(["editor"]);
    record.apply(&crate::set("theme", "\"dark\"")).unwrap();
    store.create(record.clone(), crate::NO_LIMIT.into(), NOW).await.unwrap();
    let client = redis::Client::open(server.url()).unwrap();
    let get = client.get_multiplexed_async_connection().await.unwrap();
    let () = redis::cmd("SET").arg("bare").arg("x".repeat(64)).query_async(&mut get.clone()).await.unwrap();
    let key = format!("{prefix}:{{{:04x}}}:s:{}", record.id().shard_tag(), record.id());
    let store = std::sync::Arc::new(store);
    for at_once in [1, 64] {
        let (mut ratios, mut raw_ratios) = (Vec::new(), Vec::new());
        let mut times = (Duration::ZERO, Duration::ZERO);
        for _ in 0..15 {
            let bare = timed(at_once, || {
                let mut get = get.clone();
                async move {
                    let _: Vec<u8> = redis::cmd("GET").arg("bare").query_async(&mut get).await.unwrap();
                }
            })
            .await;
            let load = timed(at_once, || {
                let (store, id): (std::sync::Arc<RedisStore>, _) = (store.clone(), record.id());
                async move { assert!(store.load(id, NOW).await.unwrap().is_some()) }
            })
            .await;
            let raw = timed(at_once, || {
                let (mut get, key) = (get.clone(), key.clone());
                async move {
                    let _: redis::Value = redis::cmd("HGETALL").arg(key).query_async(&mut get).await.unwrap();
                }
            })
            .await;
            raw_ratios.push(raw.as_secs_f64() / bare.as_secs_f64());
            ratios.push(load.as_secs_f64() / bare.as_secs_f64());
            times = (bare, load);
        }
        ratios.sort_by(f64::total_cmp);
        raw_ratios.sort_by(f64::total_cmp);
        eprintln!("{at_once} at once: GET {:?}, load {:?}", times.0, times.1);
        eprintln!("  median ratios: load {:.3}, a bare HGETALL of the same {:.3}", ratios[7], raw_ratios[7]);
    }
}

async fn timed<F: Future<Output = ()> + Send + 'static>(at_once: u32, what: impl Fn() -> F) -> Duration {
    let rounds = 4_000 / at_once;
    let start = Instant::now();
    if at_once == 1 {
        for _ in 0..rounds {
            what().await;
        }
    } else {
        for _ in 0..rounds {
            let all: Vec<_> = (0..at_once).map(|_| tokio::spawn(what())).collect();
            for one in all {
                one.await.unwrap();
            }
        }
    }
    start.elapsed() / rounds
}

fn received(server: &Standalone) -> u64 {
    server.node().info("total_net_input_bytes").unwrap().parse().unwrap()
}

/// Hears every command that clients send, and not those of scripts.
struct Monitor(BufReader<TcpStream>);

impl Monitor {
    fn of(server: &Standalone) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", server.server().port())).unwrap();
        stream.write_all(b"MONITOR\r\n").unwrap();
        let mut lines = BufReader::new(stream);
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        assert_eq!(line, "+OK\r\n");
        Self(lines)
    }

    fn heard(self, server: &Standalone) -> Vec<String> {
        server.say(&["ECHO", "that was all"]).unwrap();
        let lines = self.0.lines().map(Result::unwrap).take_while(|line| !line.contains("that was all"));
        let commands = lines.filter(|line| !line.contains(" lua] "));
        commands.map(|line| line.split('"').nth(1).unwrap().to_uppercase()).collect()
    }
}
