//! Nothing follows a redirect to where it does not belong.

use countersign::client::{AnsweredBy, ClientLayer, ClientSession, NoReplay, TokenManager};
use http::{Request, Response, Uri};
use tower::{Layer, Service, ServiceBuilder, ServiceExt};
use tower_http::follow_redirect::FollowRedirectLayer;

use crate::help::{Seen, Server, fresh, get, hyper, server, server_at, status, with};

/// Sends `/to/HOST:PORT` there, and sets a cookie.
async fn redirecting() -> Server {
    server(|seen| match seen.path.strip_prefix("/to/") {
        Some(target) => {
            with(with(status(307), "location", &format!("http://{target}/")), "set-cookie", "ours=secret; Path=/")
        }
        None => with(status(200), "set-cookie", "ours=secret; Path=/"),
    })
    .await
}

/// Every way in which a hostile server is not ours: its host, its address, its port.
async fn hostile() -> Vec<(Server, &'static str)> {
    let answer = |_: &Seen| with(with(status(200), "x-new-token", "evil"), "set-cookie", "evil=1; Path=/");
    vec![
        (server(answer).await, "localhost"),
        (server_at("[::1]:0", answer).await, "[::1]"),
        (server_at("127.0.0.2:0", answer).await, "127.0.0.2"),
    ]
}

fn holds_a_secret(seen: &Seen) -> bool {
    let text: Vec<u8> =
        seen.headers.iter().flat_map(|(_, value)| value.as_bytes().to_vec()).chain(seen.body.to_vec()).collect();
    let text = String::from_utf8_lossy(&text).into_owned();
    ["the-token", "secret", "the-refresh-token"].iter().any(|secret| text.contains(secret))
}

async fn carries_nothing_away<S, R>(client: S, ours: &Server, session: &ClientSession)
where
    S: Service<Request<crate::help::Body>, Response = Response<R>> + Clone,
    S::Error: std::fmt::Debug,
{
    // From now on there is a cookie to be lost.
    get(&client, ours.url("/")).await;
    for (evil, host) in hostile().await {
        let target = format!("{host}:{}", evil.port());
        let response = get(&client, ours.url(&format!("/to/{target}"))).await;
        assert_eq!(response.status(), 200, "the redirect was followed");
        let seen = evil.seen();
        assert_eq!(seen.len(), 1, "{target}");
        assert!(!holds_a_secret(&seen[0]), "{target}: {:?}", seen[0].headers);
        let brought = ours.seen();
        let last = brought.last().unwrap();
        assert_eq!((last.token(), last.header("cookie")), (Some("the-token"), Some("ours=secret")));
        assert_eq!(session.tokens().tokens().unwrap().access_token().reveal(), "the-token");
        let cookies = session.cookie_header(&ours.url("/").parse().unwrap()).unwrap();
        assert_eq!(cookies, "ours=secret", "a stranger sets no cookies of ours");
    }
}

fn layer(ours: &Server) -> (ClientLayer, ClientSession) {
    let session = ClientSession::from(TokenManager::in_memory(fresh("the-token")));
    let layer = ClientLayer::new(ours.origin(), session.clone()).unwrap();
    (layer.renewed_by_header(http::HeaderName::from_static("x-new-token")), session)
}

#[tokio::test]
async fn a_follower_around_the_layer_carries_nothing_to_a_stranger() {
    let ours = redirecting().await;
    let (layer, session) = layer(&ours);
    let client = ServiceBuilder::new().layer(FollowRedirectLayer::new()).layer(layer).service(hyper());
    carries_nothing_away(client, &ours, &session).await;
}

#[tokio::test]
async fn another_port_of_the_same_host_gets_no_token() {
    let ours = redirecting().await;
    let other = server(|_| status(200)).await;
    let (layer, _) = layer(&ours);
    let client = ServiceBuilder::new().layer(FollowRedirectLayer::new()).layer(layer).service(hyper());
    get(&client, ours.url(&format!("/to/127.0.0.1:{}", other.port()))).await;
    assert_eq!(other.tokens(), [None]);
}

#[tokio::test]
async fn reqwest_beneath_the_layer_carries_nothing_to_a_stranger() {
    let ours = redirecting().await;
    let (layer, session) = layer(&ours);
    let client = layer.replay_with(NoReplay).layer(reqwest_below());
    let client = ServiceBuilder::new()
        .map_request(|request: Request<_>| request.map(|_| reqwest::Body::default()))
        .service(client);
    carries_nothing_away(client, &ours, &session).await;
}

#[tokio::test]
async fn a_redirect_out_of_encryption_leaves_the_token_behind() {
    let plain = server(|_| status(200)).await;
    let to = plain.url("/");
    let hyper = hyper();
    // Stands in for the encrypted half of the same host and port.
    let both = tower::service_fn(move |request: Request<crate::help::Body>| {
        let (to, hyper) = (to.clone(), hyper.clone());
        async move {
            if request.uri().scheme_str() == Some("https") {
                assert_eq!(request.headers()["authorization"], "Bearer the-token");
                return Ok(with(status(307), "location", &to).map(|_| String::new()));
            }
            hyper.oneshot(request).await.map(|response| response.map(|_| String::new()))
        }
    });
    let origin = format!("https://127.0.0.1:{}", plain.port());
    let layer = ClientLayer::new(&origin, TokenManager::in_memory(fresh("the-token"))).unwrap();
    let client = ServiceBuilder::new().layer(FollowRedirectLayer::new()).layer(layer).service(both);
    get(&client, origin + "/").await;
    assert_eq!(plain.tokens(), [None]);
}

/// reqwest, which follows redirects by itself, and says who has answered.
fn reqwest_below()
-> impl Service<Request<reqwest::Body>, Response = Response<reqwest::Body>, Error = reqwest::Error, Future: Send> + Clone
{
    ServiceBuilder::new()
        .map_request(|request: Request<reqwest::Body>| reqwest::Request::try_from(request).unwrap())
        .map_response(|response: reqwest::Response| {
            let answered_by = AnsweredBy(response.url().as_str().parse::<Uri>().unwrap());
            let mut response = Response::from(response);
            response.extensions_mut().insert(answered_by);
            response
        })
        .service(reqwest::Client::new())
}
