//! `Retry-After`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use countersign::client::{ClientLayer, RetryAfter, TokenManager};
use http::Request;
use tokio::time::Instant;
use tower::{Layer, ServiceExt, service_fn};

use crate::help::{Body, client, fresh, get, hyper, manager, server, status, with};

#[tokio::test]
async fn a_busy_server_is_asked_once_more_when_it_says() {
    let times = AtomicUsize::new(0);
    let server = server(move |_| match times.fetch_add(1, Ordering::SeqCst) {
        0 => with(status(503), "retry-after", "0"),
        _ => status(200),
    })
    .await;
    let (tokens, _) = manager(fresh("token"), "new");
    let response = get(&client(&server, tokens), server.url("/")).await;
    assert_eq!((response.status().as_u16(), server.seen().len()), (200, 2));
    assert_eq!(server.tokens(), [Some("token".to_owned()), Some("token".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn the_wait_is_as_long_as_it_says_and_only_once() {
    let count = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&count);
    let busy = service_fn(move |_: Request<Body>| {
        counter.fetch_add(1, Ordering::SeqCst);
        async { Ok::<_, std::convert::Infallible>(with(status(503), "retry-after", "7")) }
    });
    let layer = ClientLayer::new("https://api.example.com", TokenManager::in_memory(fresh("token"))).unwrap();
    let before = Instant::now();
    let response = get(&layer.layer(busy), "https://api.example.com/").await;
    assert_eq!(before.elapsed().as_secs(), 7);
    assert_eq!(response.extensions().get::<RetryAfter>(), Some(&RetryAfter(Duration::from_secs(7))));
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn what_must_not_be_sent_twice_or_would_take_too_long_is_handed_out_at_once() {
    let server = server(|_| with(status(503), "retry-after", "2")).await;
    let layer = || ClientLayer::new(server.origin(), TokenManager::in_memory(fresh("token"))).unwrap();
    let post = || Request::post(server.url("/")).body(Body::default()).unwrap();
    for response in [
        layer().layer(hyper()).oneshot(post()).await.unwrap(),
        get(&layer().longest_wait(Duration::from_secs(1)).layer(hyper()), server.url("/")).await,
        get(&layer().longest_wait(Duration::ZERO).layer(hyper()), server.url("/")).await,
    ] {
        assert_eq!(response.extensions().get::<RetryAfter>(), Some(&RetryAfter(Duration::from_secs(2))));
    }
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn a_401_after_a_wait_still_renews_the_token_for_the_next_call() {
    let times = AtomicUsize::new(0);
    let server = server(move |_| match times.fetch_add(1, Ordering::SeqCst) {
        0 => with(status(503), "retry-after", "0"),
        _ => status(401),
    })
    .await;
    let (tokens, refreshes) = manager(fresh("old"), "new");
    let response = get(&client(&server, tokens.clone()), server.url("/")).await;
    assert_eq!((response.status().as_u16(), server.seen().len(), crate::help::count(&refreshes)), (401, 2, 1));
    assert!(response.extensions().get::<countersign::client::NotReplayed>().is_some());
    assert_eq!(tokens.tokens().unwrap().access_token().reveal(), "new");
}
