//! New tokens that come with an answer.

use countersign::client::{AnsweredBy, ClientLayer, TokenManager, TokenSet, WithoutTokens};
use http::{HeaderName, Request, Uri};
use tower::{Layer, ServiceExt};

use crate::help::{Body, fresh, get, hyper, request, server, status, with};

const NEW_TOKEN: HeaderName = HeaderName::from_static("x-new-token");

fn access(tokens: &TokenManager) -> String {
    tokens.tokens().unwrap().access_token().reveal().to_owned()
}

#[tokio::test]
async fn a_renewed_token_is_in_use_before_the_answer_is_handed_out() {
    let server = server(|_| with(status(200), "x-new-token", "Bearer new")).await;
    let tokens = TokenManager::in_memory(fresh("old"));
    let client = ClientLayer::new(server.origin(), tokens.clone()).unwrap().renewed_by_header(NEW_TOKEN).layer(hyper());
    get(&client, server.url("/")).await;
    assert_eq!(access(&tokens), "new");
    assert_eq!(tokens.tokens().unwrap().refresh_token().unwrap().reveal(), "the-refresh-token");
}

#[tokio::test]
async fn only_an_answer_to_our_token_renews_it() {
    let ours = server(|_| with(status(200), "x-new-token", "evil")).await;
    let other = server(|_| with(status(200), "x-new-token", "evil")).await;
    let tokens = TokenManager::in_memory(fresh("old"));
    let client = ClientLayer::new(ours.origin(), tokens.clone()).unwrap().renewed_by_header(NEW_TOKEN).layer(hyper());
    get(&client, other.url("/")).await;
    let bare = Request::get(ours.url("/")).extension(WithoutTokens).body(Body::default()).unwrap();
    client.clone().oneshot(bare).await.unwrap();
    let theirs = Request::get(ours.url("/")).header("authorization", "Bearer theirs").body(Body::default()).unwrap();
    client.oneshot(theirs).await.unwrap();
    assert_eq!(access(&tokens), "old");
}

#[tokio::test]
async fn an_answer_that_comes_late_overwrites_no_newer_token_and_recreates_none() {
    for log_out in [false, true] {
        let tokens = TokenManager::in_memory(fresh("old"));
        let meanwhile = tokens.clone();
        let slow = tower::service_fn(move |_: Request<Body>| {
            let tokens = meanwhile.clone();
            async move {
                match log_out {
                    true => tokens.clear().await.unwrap(),
                    false => tokens.set(fresh("newer")).await.unwrap(),
                }
                Ok::<_, std::convert::Infallible>(with(status(200), "x-new-token", "late"))
            }
        });
        let layer = ClientLayer::new("https://api.example.com", tokens.clone()).unwrap();
        let client =
            layer.renewed_by(|parts| TokenSet::new(parts.headers.get(NEW_TOKEN)?.to_str().ok()?).ok()).layer(slow);
        client.oneshot(request("https://api.example.com/")).await.unwrap();
        let now = tokens.tokens().map(|tokens| tokens.access_token().reveal().to_owned());
        assert_eq!(now.as_deref(), (!log_out).then_some("newer"));
    }
}

#[tokio::test]
async fn what_a_stranger_has_answered_below_the_layer_renews_nothing_and_heals_nothing() {
    for code in [200, 401] {
        let tokens = TokenManager::in_memory(fresh("old"));
        let followed = tower::service_fn(move |_: Request<Body>| async move {
            let mut response = with(with(status(code), "x-new-token", "evil"), "set-cookie", "evil=1; Path=/");
            response.extensions_mut().insert(AnsweredBy(Uri::from_static("https://example.org/")));
            Ok::<_, std::convert::Infallible>(response)
        });
        let session = countersign::client::ClientSession::from(tokens.clone());
        let layer = ClientLayer::new("https://api.example.com", session.clone()).unwrap();
        let client = layer.renewed_by_header(NEW_TOKEN).layer(followed);
        assert_eq!(get(&client, "https://api.example.com/").await.status(), code);
        assert_eq!(access(&tokens), "old");
        assert!(session.cookie_header(&Uri::from_static("https://api.example.com/")).is_none());
        assert_eq!(session.cookie_header(&Uri::from_static("https://example.org/")).unwrap(), "evil=1");
    }
}
