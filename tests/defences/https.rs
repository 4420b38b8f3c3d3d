//! Where https is required, nothing else is taken (SM-06, N-10).

use axum::body::Body;
use countersign::{ClientAddress, Config, ForwardedHeader, OverTls, RefusalKind};
use http::{Request, StatusCode};

use crate::support::{Backend, Browser, World, app};

async fn world(edit: impl FnOnce(&mut Config)) -> World {
    World::with(Backend::Memory, |config| {
        config.require_https = true;
        edit(config);
    })
    .await
}

#[tokio::test]
async fn a_request_over_plain_http_is_refused_whatever_it_claims() {
    let world = world(|_| {}).await;
    let issued = world.sessions.log_in("ada").await.unwrap();
    world.calls.take();
    let browser = Browser::with_token(&app(world.sessions.clone()), &issued.token().reveal());
    let mut request = browser.request(http::Method::GET, "/me");
    request.headers_mut().insert("x-forwarded-proto", "https".parse().unwrap());
    request.extensions_mut().insert(ClientAddress([203, 0, 113, 9].into()));
    let reply = browser.ask(request).await;
    assert_eq!((reply.status, reply.refusal), (StatusCode::FORBIDDEN, Some(RefusalKind::Insecure)));
    assert_eq!(reply.set_cookie(), None, "nobody is logged out by it");
    assert_eq!(world.calls.take(), (0, 0, 0), "no store is asked");

    let mut request = browser.request(http::Method::GET, "/me");
    request.extensions_mut().insert(OverTls);
    assert_eq!(browser.ask(request).await.body, "ada");
}

#[tokio::test]
async fn a_trusted_proxy_says_how_the_client_came() {
    let world = world(|config| {
        config.proxies.trusted = vec!["10.0.0.0/8".to_owned()];
        config.proxies.header = ForwardedHeader::Forwarded;
    })
    .await;
    let app = app(world.sessions.clone());
    let ask = async |forwarded: &str, socket: [u8; 4]| {
        let request = Request::get("/free").header("forwarded", forwarded).extension(ClientAddress(socket.into()));
        Browser::new(&app).ask(request.body(Body::empty()).unwrap()).await.status
    };
    assert_eq!(ask("for=203.0.113.9;proto=https", [10, 0, 0, 1]).await, StatusCode::OK);
    assert_eq!(ask("for=203.0.113.9;proto=http", [10, 0, 0, 1]).await, StatusCode::FORBIDDEN);
    assert_eq!(ask("for=203.0.113.9", [10, 0, 0, 1]).await, StatusCode::FORBIDDEN);
    assert_eq!(ask("for=203.0.113.9;proto=https", [203, 0, 113, 1]).await, StatusCode::FORBIDDEN);
}
