//! No log and no `Debug` holds a token.

use countersign::client::{ClientLayer, ClientSession, RefreshError, RefreshToken, TokenManager};
use tower::{Layer, Service, ServiceExt};
use tracing::instrument::WithSubscriber;

use crate::{
    help::{client, fresh, hyper, manager, request, server, server_for, status, with},
    said::Said,
};

fn assert_holds_nothing(text: &str) {
    for secret in ["s3cret-old", "s3cret-new", "s3cret-cookie", "the-refresh-token"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn a_log_of_everything_holds_no_token_and_no_cookie() {
    let said = Said::default();
    async {
        let healed = server_for(&["s3cret-new"]).await;
        let (tokens, _) = manager(fresh("s3cret-old"), "s3cret-new");
        client(&healed, tokens).oneshot(request(healed.url("/"))).await.unwrap();

        let cookies = server(|_| {
            with(with(status(200), "set-cookie", "a=s3cret-cookie"), "set-cookie", "__Host-a=s3cret-cookie")
        })
        .await;
        let session = ClientSession::from(TokenManager::in_memory(fresh("s3cret-old")));
        let layer = ClientLayer::new(cookies.origin(), session).unwrap();
        let renewing = layer.renewed_by_header(http::HeaderName::from_static("x-new")).layer(hyper());
        renewing.clone().oneshot(request(cookies.url("/"))).await.unwrap();
        renewing.oneshot(request(cookies.url("/"))).await.unwrap();

        let refused = server_for(&[]).await;
        let refresh = |_: RefreshToken| async { Err(RefreshError::refused("invalid_grant")) };
        let tokens = TokenManager::builder(refresh).tokens(fresh("s3cret-old")).build().unwrap();
        let error = client(&refused, tokens).oneshot(request(refused.url("/"))).await.unwrap_err();
        assert_holds_nothing(&format!("{error} {error:?}"));
        tracing::trace!("the log is on");
    }
    .with_subscriber(said.subscriber())
    .await;
    let text = said.text();
    assert!(text.contains("the log is on") && text.contains("cookie"), "{text}");
    assert_holds_nothing(&text);
}

#[tokio::test]
async fn debug_of_layer_service_and_future_holds_no_token() {
    let server = server_for(&["s3cret-old"]).await;
    let (tokens, _) = manager(fresh("s3cret-old"), "s3cret-new");
    let layer = ClientLayer::new(server.origin(), tokens).unwrap();
    let mut service = layer.layer(hyper());
    let future = service.ready().await.unwrap().call(request(server.url("/")));
    let text = format!("{layer:?} {service:?} {future:?}");
    assert!(text.contains("ClientLayer") && text.contains("ClientService") && text.contains("ResponseFuture(calling)"));
    assert_holds_nothing(&text);
    assert_eq!(future.await.unwrap().status(), 200);
}
