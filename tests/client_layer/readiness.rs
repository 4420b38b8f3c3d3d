//! The client below is called only when it has said that it is ready.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use countersign::client::ClientLayer;
use http::{Request, Response};
use tower::{Layer, Service};

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
