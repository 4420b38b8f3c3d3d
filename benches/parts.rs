//! What the parts of a request cost, one by one, and the layer as a whole.
//!
//! `benches/peers` sets the whole beside other crates in one run; this is for finding out where the
//! time goes.

#![allow(missing_docs, clippy::unwrap_used, reason = "a benchmark")]

use axum::{Router, body::Body, routing::get};
use countersign::{
    Change, KeyRing, MemoryStore, Require, Session, SessionLayer, SessionStore, Sessions, Timestamp, Token,
};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use http::{Request, Response, StatusCode};
use std::{convert::Infallible, hint::black_box};
use tokio::runtime::{Builder, Runtime};
use tower::{Service, ServiceBuilder, ServiceExt, util::BoxCloneService};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn token(c: &mut Criterion) {
    let sessions = Sessions::new(KeyRing::generate().unwrap(), MemoryStore::new());
    let issued = runtime().block_on(sessions.log_in("ada").into_future()).unwrap();
    let text = issued.token().reveal().to_string();
    let forged = text.clone().replace(&text[..1], if &text[..1] == "A" { "B" } else { "A" });
    let mut group = c.benchmark_group("token");
    group.bench_function("parse", |b| b.iter(|| Token::parse(black_box(text.as_bytes())).unwrap()));
    group.bench_function("parse and verify", |b| {
        b.iter(|| sessions.verify(&Token::parse(black_box(text.as_bytes())).unwrap()).unwrap());
    });
    group.bench_function("parse and refuse", |b| {
        b.iter(|| sessions.verify(&Token::parse(black_box(forged.as_bytes())).unwrap()));
    });
    group.finish();
}

fn store(c: &mut Criterion) {
    let runtime = runtime();
    let store = std::sync::Arc::new(MemoryStore::new());
    let sessions = Sessions::new(KeyRing::generate().unwrap(), std::sync::Arc::clone(&store));
    let id = runtime.block_on(sessions.log_in("ada").into_future()).unwrap().session_id();
    let now = Timestamp::from(std::time::SystemTime::now());
    let mut group = c.benchmark_group("memory store");
    group.bench_function("load", |b| {
        b.to_async(&runtime).iter(|| store.load(black_box(id), now));
    });
    group.bench_function("change", |b| {
        let mut change = Change::new();
        change.add("count", 1).unwrap();
        b.to_async(&runtime).iter(|| store.change(black_box(id), change.clone(), now));
    });
    group.finish();
}

/// What a warm cache adds to a request, beside a store that has everything at hand anyway.
#[cfg(feature = "cache")]
fn cache(c: &mut Criterion) {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    // Warm for as long as it is measured.
    let hour = std::time::Duration::from_secs(3_600);
    let store = countersign::CachedStore::new(MemoryStore::new()).staleness(hour);
    let memory = std::sync::Arc::new(MemoryStore::new());
    let sessions = Sessions::new(KeyRing::generate().unwrap(), std::sync::Arc::clone(&memory));
    let issued = runtime.block_on(sessions.log_in("ada").into_future()).unwrap();
    let id = issued.session_id();
    let now = Timestamp::from(std::time::SystemTime::now());
    let record = memory.load_now(id, now).flatten().unwrap();
    let kept = countersign::Record::clone(&record);
    runtime.block_on(store.create(kept, sessions.config().limit.into(), now)).unwrap();
    while store.load_now(id, now).is_none() {
        runtime.block_on(store.load(id, now)).unwrap().unwrap();
    }
    let mut group = c.benchmark_group("cached store");
    group.bench_function("load_now of the memory store", |b| b.iter(|| memory.load_now(black_box(id), now)));
    group.bench_function("load_now, warm", |b| b.iter(|| store.load_now(black_box(id), now).unwrap()));
    group.bench_function("load_fresh", |b| b.to_async(&runtime).iter(|| store.load_fresh(black_box(id), now)));
    group.finish();
}

#[cfg(not(feature = "cache"))]
fn cache(_: &mut Criterion) {}

fn layer(c: &mut Criterion) {
    let runtime = runtime();
    let sessions = Sessions::new(KeyRing::generate().unwrap(), MemoryStore::new());
    let issued = runtime.block_on(sessions.log_in("ada").into_future()).unwrap();
    let cookie = format!("__Host-sid={}", *issued.token().reveal());
    let routes = || {
        Router::new()
            .route("/read", get(|| async { "hello" }))
            .route("/user", get(|session: Session| async move { session.user().unwrap_or_default() }))
            .route("/write", get(|session: Session| async move { session.increment("count", 1) }))
    };
    let bare = Router::new().route("/read", get(|| async { "hello" })).with_state(());
    let app = routes().layer(SessionLayer::new(sessions)).with_state(());

    let mut group = c.benchmark_group("layer");
    for (name, app, path, cookie) in [
        ("bare router", &bare, "/read", None),
        ("no credential", &app, "/read", None),
        ("valid, not asked for", &app, "/read", Some(&cookie)),
        ("valid, read", &app, "/user", Some(&cookie)),
        ("valid, written", &app, "/write", Some(&cookie)),
    ] {
        group.bench_function(name, |b| {
            let request = || {
                let mut request = Request::get(path);
                if let Some(cookie) = cookie {
                    request = request.header("cookie", cookie);
                }
                (app.clone(), request.body(Body::empty()).unwrap())
            };
            b.to_async(&runtime).iter_batched(
                request,
                |(mut app, request)| async move {
                    ServiceExt::<Request<Body>>::ready(&mut app).await.unwrap().call(request).await
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

/// What a guard adds to the layer, without a framework around them.
fn guard(c: &mut Criterion) {
    let runtime = runtime();
    let sessions = Sessions::new(KeyRing::generate().unwrap(), MemoryStore::new());
    let log_in = sessions.log_in("ada").roles(["author", "admin"]).method("pwd").method("otp");
    let issued = runtime.block_on(log_in.into_future()).unwrap();
    let cookie = format!("__Host-sid={}", *issued.token().reveal());
    let hello = tower::service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Response::new("hello")) });
    let layer = || ServiceBuilder::new().layer(SessionLayer::new(sessions.clone()));
    let looks = tower::service_fn(|request: Request<()>| async move {
        black_box(Session::of(&request).is_logged_in());
        Ok::<_, Infallible>(Response::new("hello"))
    });
    let two = Require::role("admin").and(Require::second_factor());
    let fresh = Require::fresh_login(std::time::Duration::from_secs(3_600));
    let mut group = c.benchmark_group("guard");
    for (name, service) in [
        ("the layer", BoxCloneService::new(layer().service(hello))),
        ("the layer, and a handler that looks", BoxCloneService::new(layer().service(looks))),
        ("the layer, and a guard: role and second factor", BoxCloneService::new(layer().layer(two).service(hello))),
        ("the layer, and a guard: fresh log-in", BoxCloneService::new(layer().layer(fresh).service(hello))),
    ] {
        group.bench_function(name, |b| {
            let request = || {
                let request = Request::get("/").header("cookie", &cookie).body(()).unwrap();
                (service.clone(), request)
            };
            b.to_async(&runtime).iter_batched(
                request,
                |(mut service, request)| async move {
                    let response = service.ready().await.unwrap().call(request).await.unwrap();
                    assert_eq!(response.status(), StatusCode::OK);
                    response
                },
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

criterion_group!(benches, token, store, cache, layer, guard);
criterion_main!(benches);
