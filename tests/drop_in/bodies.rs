//! Any body will do, if its type has a default: that is what the layer's own responses carry.

use std::{cell::Cell, convert::Infallible, fmt::Debug, rc::Rc};

use axum::body::Body;
use countersign::{Session, SessionLayer};
use http::{Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Empty, Full, combinators::UnsyncBoxBody};
use hyper::body::{Body as HttpBody, Bytes};
use tower::{ServiceBuilder, ServiceExt};

use crate::support::{Backend, World};

/// Neither `Send` nor `Sync` nor a body.
#[derive(Debug, Default, PartialEq)]
struct Custom {
    parts: Rc<Cell<u8>>,
}

#[tokio::test]
async fn bodies_of_http_body_util() {
    let (answered, turned_away) = goes_through(Empty::<Bytes>::new, |_| Full::from("hello")).await;
    assert_eq!((bytes(answered).await, bytes(turned_away).await), ("hello".into(), Bytes::new()));
    let (answered, turned_away) = goes_through(|| Full::<Bytes>::from("hello"), |body| body).await;
    assert_eq!((bytes(answered).await, bytes(turned_away).await), ("hello".into(), Bytes::new()));
}

#[tokio::test]
async fn bodies_of_axum() {
    let (answered, turned_away) = goes_through(|| Body::from("hello"), |body| body).await;
    assert_eq!((bytes(answered).await, bytes(turned_away).await), ("hello".into(), Bytes::new()));
}

#[tokio::test]
async fn bodies_that_are_not_sync() {
    let unsync = || UnsyncBoxBody::<Bytes, Infallible>::new(Full::from("hello"));
    let (answered, turned_away) = goes_through(unsync, |body| body).await;
    assert_eq!((bytes(answered).await, bytes(turned_away).await), ("hello".into(), Bytes::new()));
}

#[tokio::test]
async fn anything_that_has_a_default() {
    let (answered, turned_away) = goes_through(|| (), |()| vec![1, 2, 3]).await;
    assert_eq!((answered, turned_away), (vec![1, 2, 3], vec![]));
    let custom = || Custom { parts: Rc::new(Cell::new(3)) };
    let (answered, turned_away) = goes_through(custom, |body| body).await;
    assert_eq!((answered, turned_away), (custom(), Custom::default()));
}

/// Of the request's body nothing is asked at all, not even a default.
#[tokio::test]
async fn a_request_may_carry_anything() {
    struct Opaque(&'static str);
    let (answered, _) = goes_through(|| Opaque("hello"), |Opaque(text)| text.to_owned()).await;
    assert_eq!(answered, "hello");
}

/// A server that runs on several threads needs that.
#[tokio::test]
async fn what_may_be_sent_to_another_thread_still_may() {
    fn is_send<T: Send + 'static>(value: T) -> T {
        value
    }
    let world = World::new(Backend::Memory).await;
    let service = ServiceBuilder::new()
        .layer(SessionLayer::new(world.sessions))
        .service_fn(|_: Request<Body>| async move { Ok::<_, Infallible>(Response::new(Body::from("hello"))) });
    let answer = is_send(is_send(service).oneshot(Request::new(Body::empty())));
    let Ok(answer) = tokio::spawn(answer).await.unwrap();
    assert_eq!(bytes(answer.into_body()).await, "hello");
}

/// Sends one request that is answered and one that the layer turns away.
async fn goes_through<Q, R: Default>(question: impl Fn() -> Q, answer: impl Fn(Q) -> R) -> (R, R) {
    let world = World::new(Backend::Memory).await;
    let token = world.sessions.log_in("ada").await.unwrap().token().reveal().to_string();
    let service =
        ServiceBuilder::new().layer(SessionLayer::new(world.sessions.clone())).service_fn(|request: Request<Q>| {
            let user = Session::of(&request).user();
            let response = Response::new(answer(request.into_body()));
            async move {
                assert_eq!(user.as_deref(), Some("ada"));
                Ok::<_, Infallible>(response)
            }
        });
    let request = || Request::builder().header(header::COOKIE, format!("__Host-sid={token}")).body(question()).unwrap();
    let Ok(answered) = service.clone().oneshot(request()).await;
    assert_eq!(answered.status(), StatusCode::OK);
    world.calls.break_store(true);
    let Ok(turned_away) = service.oneshot(request()).await;
    assert_eq!(turned_away.status(), StatusCode::SERVICE_UNAVAILABLE);
    (answered.into_body(), turned_away.into_body())
}

async fn bytes(body: impl HttpBody<Data = Bytes, Error: Debug>) -> Bytes {
    body.collect().await.unwrap().to_bytes()
}
