//! What becomes of a 401.

use std::time::Duration;

use bytes::Bytes;
use countersign::client::{
    CallError, ClientLayer, ErrorKind, NoReplay, NotReplayed, RefreshError, RefreshToken, StepUpRequired, TokenManager,
};
use http::{Request, Response};
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::Frame;
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use tower::{Layer, ServiceExt};

use crate::help::{
    Body, client, count, fresh, get, manager, refresh_on_a_word, request, server, server_for, status, with,
};

#[tokio::test]
async fn a_401_is_healed_by_one_refresh_and_the_body_arrives_again_byte_for_byte() {
    let server = server_for(&["new"]).await;
    let (tokens, refreshes) = manager(fresh("old"), "new");
    let body: Bytes = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
    let post = Request::post(server.url("/notes")).header("x-note", "7").body(Body::new(body.clone())).unwrap();
    let response = client(&server, tokens).oneshot(post).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(count(&refreshes), 1);
    let seen = server.seen();
    assert_eq!(server.tokens(), [Some("old".to_owned()), Some("new".to_owned())]);
    assert!(seen.iter().all(|seen| seen.body == body && seen.header("x-note") == Some("7") && seen.method == "POST"));
}

#[tokio::test]
async fn a_second_401_is_final() {
    let server = server(|_| status(401)).await;
    let (tokens, refreshes) = manager(fresh("old"), "new");
    let response = get(&client(&server, tokens), server.url("/")).await;
    assert_eq!((response.status().as_u16(), server.seen().len(), count(&refreshes)), (401, 2, 1));
    assert!(response.extensions().get::<NotReplayed>().is_none());
}

#[tokio::test]
async fn a_403_is_final() {
    let server = server(|_| status(403)).await;
    let (tokens, refreshes) = manager(fresh("old"), "new");
    let response = get(&client(&server, tokens), server.url("/")).await;
    assert_eq!((response.status().as_u16(), server.seen().len(), count(&refreshes)), (403, 1, 0));
}

#[tokio::test]
async fn a_step_up_is_told_and_not_healed() {
    let challenge = r#"Bearer error="insufficient_user_authentication", acr_values="phr", max_age="300""#;
    let server =
        server(move |_| with(with(status(401), "www-authenticate", "Basic"), "www-authenticate", challenge)).await;
    let (tokens, refreshes) = manager(fresh("old"), "new");
    let response = get(&client(&server, tokens), server.url("/")).await;
    let step_up = response.extensions().get::<StepUpRequired>().unwrap();
    assert_eq!(step_up.acr_values().collect::<Vec<_>>(), ["phr"]);
    assert_eq!(step_up.max_age(), Some(Duration::from_secs(300)));
    assert_eq!((server.seen().len(), count(&refreshes)), (1, 0));
}

#[tokio::test]
async fn a_refused_refresh_says_log_in_again_and_an_unreachable_one_says_try_again() {
    let server = server(|_| status(401)).await;
    for (refused, expected) in [(true, ErrorKind::RefreshRefused), (false, ErrorKind::Network)] {
        let refresh = move |_: RefreshToken| async move {
            Err(if refused { RefreshError::refused("invalid_grant") } else { RefreshError::try_again("no route") })
        };
        let tokens = TokenManager::builder(refresh).tokens(fresh("old")).build().unwrap();
        match client(&server, tokens).oneshot(request(server.url("/"))).await {
            Err(CallError::Session(error)) => assert_eq!(error.kind(), expected),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn an_error_of_the_client_below_comes_as_it_is() {
    let server = server(|_| status(200)).await;
    let (gone, client) = (server.url("/"), client(&server, TokenManager::in_memory(fresh("token"))));
    drop(server);
    assert!(matches!(client.oneshot(request(gone)).await, Err(CallError::Call(error)) if error.is_connect()));
}

#[tokio::test]
async fn a_streaming_body_is_sent_once_and_its_401_says_so() {
    let server = server_for(&["new"]).await;
    let (tokens, refreshes) = manager(fresh("old"), "new");
    let hyper = Client::builder(TokioExecutor::new()).build_http::<UnsyncBoxBody<Bytes, std::io::Error>>();
    let client = ClientLayer::new(server.origin(), tokens).unwrap().replay_with(NoReplay).layer(hyper);
    let post = || {
        let frames = ["one ", "two"].map(|part| Ok(Frame::data(Bytes::from(part))));
        let body = StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync();
        Request::post(server.url("/")).body(body).unwrap()
    };
    let response = client.clone().oneshot(post()).await.unwrap();
    assert_eq!(response.status(), 401);
    assert!(response.extensions().get::<NotReplayed>().is_some());
    assert_eq!((server.seen().len(), count(&refreshes)), (1, 1), "the next one is good");
    let response = client.oneshot(post()).await.unwrap();
    assert_eq!((response.status().as_u16(), count(&refreshes)), (200, 1));
    assert_eq!(server.seen()[1].body, "one two");
}

#[tokio::test]
async fn a_caller_who_hangs_up_cuts_off_no_refresh() {
    let server = server_for(&["new"]).await;
    let (asked, go_on, refresh) = refresh_on_a_word("new");
    let tokens = TokenManager::builder(refresh).tokens(fresh("old")).build().unwrap();
    let mut changes = tokens.watch();
    let call = tokio::spawn(client(&server, tokens.clone()).oneshot(request(server.url("/"))));
    asked.notified().await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    go_on.notify_one();
    changes.changed().await;
    assert_eq!(tokens.tokens().unwrap().access_token().reveal(), "new");
}

#[tokio::test]
async fn a_log_out_during_the_call_is_not_undone_by_its_401() {
    let (tokens, refreshes) = manager(fresh("old"), "new");
    let clearing = tokens.clone();
    let api = tower::service_fn(move |_: Request<String>| {
        let tokens = clearing.clone();
        async move {
            tokens.clear().await.unwrap();
            Ok::<Response<Full<Bytes>>, std::convert::Infallible>(status(401))
        }
    });
    let client = ClientLayer::new("https://api.example.com", tokens.clone()).unwrap().layer(api);
    let call = client.oneshot(Request::get("https://api.example.com/").body(String::new()).unwrap()).await;
    assert!(matches!(call, Err(CallError::Session(error)) if error.kind() == ErrorKind::NotAuthenticated));
    assert!(tokens.tokens().is_none() && count(&refreshes) == 0);
}
