//! tower's rule: whoever was polled ready is called; and what a refused request had reserved is free again.

use std::{convert::Infallible, time::Duration};

use countersign::{Require, SessionLayer};
use http::{Request, Response, StatusCode, header};
use tower::{Layer, Service, ServiceBuilder, ServiceExt, limit::ConcurrencyLimit};

use crate::help::Site;

#[tokio::test]
async fn a_refusal_gives_back_the_place_that_it_had_taken() {
    let site = Site::new();
    let ada = site.ada().await;
    let hello = tower::service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Response::new("hello".to_owned())) });
    let mut service =
        SessionLayer::new(site.sessions.clone()).layer(Require::role("editor").layer(ConcurrencyLimit::new(hello, 1)));
    let nobody = || Request::new(());
    let editor = || {
        let bearer = format!("Bearer {}", *ada.token().reveal());
        Request::builder().header(header::AUTHORIZATION, bearer).body(()).unwrap()
    };
    for _ in 0..3 {
        let Ok(ready) = tokio::time::timeout(Duration::from_secs(5), service.ready()).await.expect("a place is free");
        // Not awaited: the place is free as soon as it is refused, for whoever else waits for one.
        let refused = ready.call(nobody());
        let mut other = service.clone();
        let Ok(ready) = tokio::time::timeout(Duration::from_secs(5), other.ready()).await.expect("a place is free");
        assert_eq!(ready.call(editor()).await.unwrap().body(), "hello");
        assert_eq!(refused.await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn errors_and_bodies_pass_untouched() {
    let site = Site::new();
    let ada = site.ada().await;
    let service = ServiceBuilder::new()
        .layer(SessionLayer::new(site.sessions.clone()))
        .layer(Require::logged_in())
        .service_fn(|_: Request<()>| async { Err::<Response<String>, _>("out of order") });
    let bearer = format!("Bearer {}", *ada.token().reveal());
    let request = Request::builder().header(header::AUTHORIZATION, bearer).body(()).unwrap();
    assert_eq!(service.clone().oneshot(request).await.unwrap_err(), "out of order");
    let refused = service.oneshot(Request::new(())).await.unwrap();
    assert!(refused.body().contains("login_required"));
}
