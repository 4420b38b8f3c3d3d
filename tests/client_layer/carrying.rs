//! What a request carries.

use countersign::client::{CallError, ClientLayer, ClientSession, ErrorKind, NoRefresh, TokenManager, WithoutTokens};
use http::{Request, header::AUTHORIZATION};
use tower::{Layer, ServiceExt};

use crate::help::{Body, client, count, dead, fresh, get, hyper, manager, request, server, server_at, status, with};

#[tokio::test]
async fn a_token_goes_to_its_origin_and_to_no_other() {
    let ours = server(|_| status(200)).await;
    let other = server(|_| status(200)).await;
    let (tokens, _) = manager(fresh("the-token"), "another");
    let client = client(&ours, tokens);
    get(&client, ours.url("/notes")).await;
    get(&client, other.url("/notes")).await;
    // The same machine by another name is another origin.
    get(&client, format!("http://localhost:{}/notes", ours.port())).await;
    assert_eq!(ours.tokens(), [Some("the-token".to_owned()), None]);
    assert_eq!(other.tokens(), [None]);
}

#[tokio::test]
async fn every_origin_that_was_named_gets_it() {
    let one = server(|_| status(200)).await;
    let two = server_at("[::1]:0", |_| status(200)).await;
    let layer = ClientLayer::new(one.origin(), TokenManager::in_memory(fresh("the-token"))).unwrap();
    let client = layer.and_origin(two.origin()).unwrap().layer(hyper());
    get(&client, one.url("/")).await;
    get(&client, two.url("/")).await;
    assert_eq!((one.tokens(), two.tokens()), (vec![Some("the-token".to_owned())], vec![Some("the-token".to_owned())]));
}

#[tokio::test]
async fn an_expired_token_is_renewed_before_the_call() {
    let server = server(|_| status(200)).await;
    let (tokens, refreshes) = manager(dead("old"), "new");
    get(&client(&server, tokens), server.url("/")).await;
    assert_eq!((server.tokens(), count(&refreshes)), (vec![Some("new".to_owned())], 1));
}

#[tokio::test]
async fn without_tokens_a_request_goes_out_as_it_is() {
    let server = server(|_| status(401)).await;
    let tokens = TokenManager::builder(NoRefresh).build().unwrap();
    let response = get(&client(&server, tokens), server.url("/log-in")).await;
    assert_eq!((response.status().as_u16(), server.tokens()), (401, vec![None]));
}

#[tokio::test]
async fn tokens_that_cannot_be_renewed_end_the_call_before_it_is_made() {
    let server = server(|_| status(200)).await;
    let tokens = TokenManager::builder(NoRefresh).tokens(dead("old")).build().unwrap();
    match client(&server, tokens).oneshot(request(server.url("/"))).await {
        Err(CallError::Session(error)) => assert_eq!(error.kind(), ErrorKind::Expired),
        other => panic!("{other:?}"),
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_request_that_is_marked_goes_out_without_a_token_and_without_a_refresh() {
    let server = server(|_| status(401)).await;
    let (tokens, refreshes) = manager(dead("old"), "new");
    let marked = Request::post(server.url("/log-in")).extension(WithoutTokens).body(Body::default()).unwrap();
    let response = client(&server, tokens).oneshot(marked).await.unwrap();
    assert_eq!((response.status().as_u16(), server.tokens(), count(&refreshes)), (401, vec![None], 0));
}

#[tokio::test]
async fn what_the_caller_has_brought_along_is_left_alone() {
    let server = server(|_| status(401)).await;
    let (tokens, refreshes) = manager(fresh("ours"), "new");
    let client = client(&server, tokens);
    let theirs = Request::get(server.url("/")).header(AUTHORIZATION, "Bearer theirs").body(Body::default()).unwrap();
    client.clone().oneshot(theirs).await.unwrap();
    let with_user = server.url("/").replace("http://", "http://ada:password@");
    get(&client, with_user).await;
    get(&client, server.url("/?full&access_token=theirs")).await;
    assert_eq!(server.tokens(), [Some("theirs".to_owned()), None, None], "one way is enough (B-02)");
    assert_eq!(count(&refreshes), 0, "a 401 to it is the caller's business");
}

#[tokio::test]
async fn cookies_come_back_to_their_host_beside_those_of_the_caller() {
    let server = server(|seen| match seen.path.as_str() {
        "/set" => with(with(status(200), "set-cookie", "a=1; Path=/"), "set-cookie", "b=2; Path=/"),
        _ => status(200),
    })
    .await;
    let client = client(&server, TokenManager::in_memory(fresh("the-token")));
    get(&client, server.url("/set")).await;
    get(&client, server.url("/")).await;
    let theirs = Request::get(server.url("/")).header("cookie", "b=theirs").body(Body::default()).unwrap();
    client.clone().oneshot(theirs).await.unwrap();
    // Cookies know no ports; another host is another jar.
    get(&client, format!("http://localhost:{}/", server.port())).await;
    let cookies: Vec<_> = server.seen().iter().map(|seen| seen.header("cookie").map(str::to_owned)).collect();
    assert_eq!(cookies, [None, Some("a=1; b=2".to_owned()), Some("b=theirs; a=1".to_owned()), None]);
}

#[tokio::test]
async fn a_cookie_that_is_the_token_does_not_go_along_with_it() {
    let server = server(|_| with(status(200), "set-cookie", "session=the-token; Path=/")).await;
    let session = ClientSession::from(TokenManager::in_memory(fresh("the-token")));
    let client = ClientLayer::new(server.origin(), session.clone()).unwrap().layer(hyper());
    get(&client, server.url("/")).await;
    get(&client, server.url("/")).await;
    let alone = Request::get(server.url("/")).extension(WithoutTokens).body(Body::default()).unwrap();
    client.oneshot(alone).await.unwrap();
    let seen = server.seen();
    assert_eq!((seen[1].token(), seen[1].header("cookie")), (Some("the-token"), None));
    assert_eq!((seen[2].token(), seen[2].header("cookie")), (None, Some("session=the-token")));
}
