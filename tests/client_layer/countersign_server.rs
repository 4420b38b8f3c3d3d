//! The layer for outgoing requests against the layer for incoming ones.

use axum::{
    Json, Router,
    routing::{get as on_get, post},
};
use countersign::{
    Error, Issued, LoggedIn, Reason, Session, SessionLayer, Sessions,
    client::{CallError, ClientLayer, ClientService, ClientSession, ErrorKind, NoRefresh, TokenManager, TokenSet},
};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use tokio::{net::TcpListener, task::JoinHandle};
use tower::{Layer, ServiceExt};

use crate::help::{Body, Hyper, hyper};

struct App {
    origin: String,
    sessions: Sessions,
    task: JoinHandle<()>,
}

impl Drop for App {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn app() -> App {
    let sessions = Sessions::for_tests();
    let router = Router::new()
        .route("/login", post(|session: Session| async move { session.log_in("ada").await.map(Json::<Issued>) }))
        .route("/me", on_get(|who: LoggedIn| async move { who.user().to_owned() }))
        .route("/notes", on_get(notes).post(note))
        .route("/logout", post(|session: Session| async move { session.log_out().await }))
        .layer(SessionLayer::new(sessions.clone()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    App { origin, sessions, task }
}

async fn note(who: LoggedIn) -> Result<(), Error> {
    who.session().set("note", "mine")
}

async fn notes(who: LoggedIn) -> Result<String, Error> {
    Ok(who.get("note")?.unwrap_or_default())
}

fn holder(app: &App) -> (ClientSession, ClientService<Hyper>) {
    let session = ClientSession::new(TokenManager::builder(NoRefresh).build().unwrap());
    (session.clone(), ClientLayer::new(&app.origin, session).unwrap().layer(hyper()))
}

async fn send(client: &ClientService<Hyper>, app: &App, method: Method, path: &str) -> (StatusCode, String) {
    let request = Request::builder().method(method).uri(format!("{}{path}", app.origin));
    let response = client.clone().oneshot(request.body(Body::default()).unwrap()).await.unwrap();
    let status = response.status();
    (status, String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap())
}

#[tokio::test]
async fn a_session_of_cookies_alone_lasts_until_the_server_ends_it() {
    let app = app().await;
    let (session, client) = holder(&app);
    assert_eq!(send(&client, &app, Method::GET, "/me").await.0, StatusCode::UNAUTHORIZED);
    let (_, issued) = send(&client, &app, Method::POST, "/login").await;
    let token = TokenSet::from_response(issued.as_bytes(), std::time::SystemTime::now()).unwrap();
    let kept = session.cookies();
    let cookie = kept.iter().find(|cookie| cookie.name() == "__Host-sid").unwrap();
    assert_eq!(kept.len(), 2, "the session's, and the device's");
    assert_eq!(cookie.reveal(), token.access_token().reveal());
    assert!(cookie.is_host_only() && cookie.is_secure() && cookie.is_http_only() && cookie.path() == "/");

    assert_eq!(send(&client, &app, Method::GET, "/me").await, (StatusCode::OK, "ada".to_owned()));
    assert_eq!(send(&client, &app, Method::POST, "/notes").await.0, StatusCode::OK);
    assert_eq!(send(&client, &app, Method::GET, "/notes").await, (StatusCode::OK, "mine".to_owned()));
    assert_eq!(send(&client, &app, Method::POST, "/logout").await.0, StatusCode::OK);
    assert!(session.cookies().iter().all(|cookie| cookie.name() == "__Host-did"), "the server has taken it away");
    assert_eq!(send(&client, &app, Method::GET, "/me").await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_session_of_tokens_goes_as_bearer_and_its_cookie_stays_behind() {
    let app = app().await;
    let (session, client) = holder(&app);
    let (_, issued) = send(&client, &app, Method::POST, "/login").await;
    let tokens = TokenSet::from_response(issued.as_bytes(), std::time::SystemTime::now()).unwrap();
    session.log_in(tokens).keep_cookies().await.unwrap();
    assert_eq!(session.cookies().len(), 2);
    let uri = app.origin.parse().unwrap();
    assert!(session.cookie_header(&uri).is_some(), "it would go along, were it not the token itself (B-02)");
    assert_eq!(send(&client, &app, Method::POST, "/notes").await.0, StatusCode::OK);
    assert_eq!(send(&client, &app, Method::GET, "/notes").await, (StatusCode::OK, "mine".to_owned()));

    let token = session.tokens().tokens().unwrap().access_token().reveal().to_owned();
    app.sessions.revoke_user("ada", Reason::ByOperator).await.unwrap();
    let me = Request::get(format!("{}/me", app.origin)).body(Body::default()).unwrap();
    match client.oneshot(me).await {
        Err(CallError::Session(error)) => {
            assert_eq!(error.kind(), ErrorKind::Expired, "nothing renews it");
            assert!(!format!("{error} {error:?}").contains(&token));
        }
        other => panic!("{other:?}"),
    }
}
