//! The client below is called only when it has said that it is ready.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
    time::Duration,
};

use countersign::client::{CallError, ClientLayer, Error, ErrorKind, NoRefresh, TokenManager};
use http::{Request, Response};
use tower::{BoxError, Layer, Service, ServiceBuilder, ServiceExt};

use crate::help::{Body, dead, fresh, get, manager, request, status};

/// Refuses to be called before it was polled ready, and forgets that in its clones.
#[derive(Default)]
struct Strict {
    ready: bool,
}

impl Clone for Strict {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Service<Request<Body>> for Strict {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called before it was ready");
        ready(Ok(status(if request.headers()["authorization"] == "Bearer new" { 200 } else { 401 })))
    }
}

#[tokio::test]
async fn a_client_is_asked_whether_it_is_ready_before_every_call() {
    for start in [fresh("new"), fresh("old"), dead("old")] {
        let (tokens, _) = manager(start, "new");
        let client = ClientLayer::new("https://api.example.com", tokens).unwrap().layer(Strict::default());
        assert_eq!(get(&client, "https://api.example.com/").await.status(), 200);
    }
}

#[tokio::test]
async fn the_one_that_was_made_ready_is_the_one_that_is_called() {
    // Its clones would have to be polled anew, and nobody polls them here.
    for start in [fresh("new"), dead("old")] {
        let (tokens, _) = manager(start, "new");
        let layer = ClientLayer::new("https://api.example.com", tokens).unwrap();
        let mut client = layer.layer(Strict { ready: true });
        assert_eq!(client.call(request("https://api.example.com/")).await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn layers_that_box_their_errors_go_below_and_around() {
    let slow = tower::service_fn(|request: Request<Body>| async move {
        match request.uri().path() {
            "/slow" => std::future::pending().await,
            _ => Ok::<_, BoxError>(status(200)),
        }
    });
    let tokens = TokenManager::builder(NoRefresh).tokens(fresh("token")).build().unwrap();
    let layer = ClientLayer::new("https://api.example.com", tokens.clone()).unwrap();
    let client = ServiceBuilder::new()
        .concurrency_limit(1)
        .timeout(Duration::from_secs(60))
        .map_err(CallError::into_boxed)
        .layer(layer)
        .timeout(Duration::from_millis(1))
        .service(slow);
    let call = |path| client.clone().oneshot(request(format!("https://api.example.com{path}")));
    assert_eq!(call("/").await.unwrap().status(), 200);
    assert!(call("/slow").await.unwrap_err().is::<tower::timeout::error::Elapsed>());
    tokens.set(dead("token")).await.unwrap();
    let error = call("/").await.unwrap_err();
    assert_eq!(error.downcast_ref::<Error>().unwrap().kind(), ErrorKind::Expired);
}
