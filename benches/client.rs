//! What the layer for outgoing requests adds to a request, over a client that answers at once.

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark")]

use std::{
    convert::Infallible,
    future::{Ready, ready},
    hint::black_box,
    time::{Duration, Instant, SystemTime},
};

use countersign::client::{ClientLayer, ClientSession, NoReplay, TokenManager, TokenSet};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use http::{HeaderMap, Request, Response, Uri, header::SET_COOKIE};
use tokio::runtime::Builder;
use tower::{Layer, Service, service_fn};

type Body = String;

fn answer(request: Request<Body>) -> Ready<Result<Response<Body>, Infallible>> {
    black_box(request.headers().len());
    ready(Ok(Response::new(String::new())))
}

fn request(uri: &str) -> Request<Body> {
    Request::get(uri)
        .header("accept", "application/json")
        .header("user-agent", "bench/1.0")
        .body(String::new())
        .unwrap()
}

fn session() -> ClientSession {
    let tokens = TokenSet::new("2YotnFZFEjr1zCsicMWpAA2YotnFZFEjr1zCsicMWpAA").unwrap();
    let tokens = tokens.with_lifetime(Duration::from_secs(86_400), SystemTime::now());
    ClientSession::from(TokenManager::in_memory(tokens))
}

fn layer(session: &ClientSession) -> ClientLayer {
    ClientLayer::new("https://api.example.com", session.clone()).unwrap()
}

/// One request, made and answered.
fn bench<S>(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    name: &str,
    uri: &str,
    mut client: S,
) where
    S: Service<Request<Body>>,
    S::Error: std::fmt::Debug,
{
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let request = request(uri);
    group.bench_function(name, |b| {
        b.iter_batched(
            || request.clone(),
            |request| runtime.block_on(client.call(request)).unwrap(),
            BatchSize::SmallInput,
        );
    });
}

fn added(c: &mut Criterion) {
    let ours = "https://api.example.com/notes/7?full";
    let token_only = session();
    let with_cookies = session();
    let mut headers = HeaderMap::new();
    headers.append(SET_COOKIE, "one=0123456789abcdef; Path=/; Secure".parse().unwrap());
    headers.append(SET_COOKIE, "two=0123456789abcdef; Path=/; Secure".parse().unwrap());
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let moment = with_cookies.moment();
    runtime.block_on(with_cookies.take_cookies_of(&moment, &Uri::from_static(ours), &headers)).unwrap();

    let mut group = c.benchmark_group("client");
    bench(&mut group, "without the layer", ours, service_fn(answer));
    bench(&mut group, "a token", ours, layer(&token_only).layer(service_fn(answer)));
    bench(&mut group, "a token, sent once", ours, layer(&token_only).replay_with(NoReplay).layer(service_fn(answer)));
    bench(&mut group, "a token and two cookies", ours, layer(&with_cookies).layer(service_fn(answer)));
    bench(
        &mut group,
        "a foreign origin",
        "https://example.org/notes/7?full",
        layer(&token_only).layer(service_fn(answer)),
    );
    group.finish();
}

/// As many calls by one task on one thread as by 64 tasks on two: what they share must not hold them up.
fn at_once(c: &mut Criterion) {
    let mut group = c.benchmark_group("client, at once");
    group.throughput(Throughput::Elements(CALLS));
    let client = layer(&session()).layer(service_fn(answer));
    for (threads, tasks) in [(1, 1), (2, 64)] {
        let runtime = Builder::new_multi_thread().worker_threads(threads).enable_all().build().unwrap();
        group.bench_function(format!("{tasks} tasks on {threads} threads"), |b| {
            b.iter_custom(|times| {
                let mut spent = Duration::ZERO;
                for _ in 0..times {
                    let start = Instant::now();
                    runtime.block_on(async {
                        let calls = (0..tasks).map(|_| {
                            let mut client = client.clone();
                            tokio::spawn(async move {
                                let request = request("https://api.example.com/notes/7?full");
                                for _ in 0..CALLS / tasks {
                                    client.call(request.clone()).await.unwrap();
                                }
                            })
                        });
                        for call in calls.collect::<Vec<_>>() {
                            call.await.unwrap();
                        }
                    });
                    spent += start.elapsed();
                }
                spent
            });
        });
    }
    group.finish();
}

const CALLS: u64 = 64 * 1_000;

criterion_group!(benches, added, at_once);
criterion_main!(benches);
