//! No log and no `Debug` holds a token.

use std::{
    io,
    sync::{Arc, Mutex},
};

use countersign::client::{ClientLayer, ClientSession, RefreshError, RefreshToken, TokenManager};
use tower::{Layer, Service, ServiceExt};
use tracing::instrument::WithSubscriber;
use tracing_subscriber::fmt::MakeWriter;

use crate::help::{client, fresh, hyper, manager, request, server, server_for, status, with};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn assert_holds_nothing(text: &str) {
    for secret in ["s3cret-old", "s3cret-new", "s3cret-cookie", "the-refresh-token"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn a_log_of_everything_holds_no_token_and_no_cookie() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
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
    .with_subscriber(subscriber)
    .await;
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
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
