//! The guide for those who come from another crate: "after" is never longer than "before", and what
//! it says about the move itself is so.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

use axum::{
    Extension, Json, Router,
    body::Body,
    extract::Request,
    http::{StatusCode, header},
    middleware::{self, Next},
    response::Response,
    routing::{get, post},
};
use countersign::{Error, Issued, LoggedIn, Session, SessionLayer, Sessions};
use http_body_util::BodyExt;
use tower::ServiceExt;

const GUIDE: &str = include_str!("../docs/migrating.md");

#[test]
fn after_is_never_longer_than_before() {
    let mut pairs = 0;
    let mut blocks = blocks().into_iter().peekable();
    while let Some(before) = blocks.next() {
        if before.is_ours {
            continue;
        }
        let after = blocks.peek().unwrap();
        assert!(after.is_ours && after.section == before.section, "line {}: no \"after\" follows", before.line);
        let (ours, theirs) = (after.code.len(), before.code.len());
        assert!(ours <= theirs, "line {}: {ours} lines in place of {theirs}", after.line);
        pairs += 1;
    }
    assert!(pairs >= 30, "{pairs} pairs");
}

#[test]
fn no_line_is_so_long_that_it_hides_one() {
    for block in blocks() {
        for line in block.code {
            assert!(line.chars().count() <= 100, "after line {}: {line}", block.line);
            assert!(line.matches(';').count() <= 1, "after line {}: {line}", block.line);
        }
    }
}

struct Block {
    is_ours: bool,
    section: &'static str,
    line: usize,
    /// Without blank and hidden lines.
    code: Vec<&'static str>,
}

fn blocks() -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut inside, mut section) = (false, "");
    for (number, line) in GUIDE.lines().enumerate() {
        match line {
            "```" => inside = false,
            "```rust" | "```rust,ignore" => {
                let is_ours = line == "```rust";
                blocks.push(Block { is_ours, section, line: number + 1, code: Vec::new() });
                inside = true;
            }
            _ if line.starts_with("```") => panic!("line {}: neither before nor after", number + 1),
            _ if inside && !line.trim().is_empty() && !line.starts_with("# ") => {
                blocks.last_mut().unwrap().code.push(line);
            }
            _ if !inside && line.starts_with("##") => section = line,
            _ => {}
        }
    }
    blocks
}

/// "Both at once": the old session's user has ours after one request, and the old one has ended.
#[tokio::test]
async fn an_old_session_becomes_one_of_ours() {
    let (sessions, old) = (Sessions::for_tests(), OldSession::default());
    let app = Router::new()
        .route("/me", get(me))
        .layer(middleware::from_fn(adopt))
        .layer(SessionLayer::new(sessions.clone()))
        .layer(Extension(old.clone()));

    let reply = app.clone().oneshot(request("/me", "cookie", "old=ada")).await.unwrap();
    assert_eq!(reply.status(), StatusCode::OK);
    let cookie = reply.headers()[header::SET_COOKIE].to_str().unwrap();
    let ours = cookie.split_once(';').unwrap().0.to_owned();
    assert!(old.has_ended.load(SeqCst));

    let both = format!("old=ada; {ours}");
    let reply = app.oneshot(request("/me", "cookie", &both)).await.unwrap();
    assert_eq!((reply.status(), reply.headers().get(header::SET_COOKIE)), (StatusCode::OK, None));
    assert_eq!(sessions.list("ada").await.unwrap().len(), 1, "adopted once");
}

async fn adopt(session: Session, old: Extension<OldSession>, request: Request, next: Next) -> Result<Response, Error> {
    let cookies = request.headers().get(header::COOKIE).and_then(|cookies| cookies.to_str().ok());
    let user = cookies.filter(|cookies| cookies.contains("old=ada")).map(|_| "ada");
    if let Some(user) = user.filter(|_| !session.is_logged_in()) {
        session.log_in(user).await?;
        old.has_ended.store(true, SeqCst);
    }
    Ok(next.run(request).await)
}

/// A token of somebody else's where ours is expected: refused, but not in the way of an exchange.
#[tokio::test]
async fn an_old_bearer_token_is_exchanged_for_one_of_ours() {
    let app = Router::new()
        .route("/exchange", post(|session: Session| async move { session.log_in("ada").await.map(Json::<Issued>) }))
        .route("/me", get(me))
        .layer(SessionLayer::new(Sessions::for_tests()));
    let jwt = "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl";
    assert_eq!(send(&app, "/me", jwt).await.0, StatusCode::UNAUTHORIZED);
    let (status, body) = send(&app, "/exchange", jwt).await;
    assert_eq!(status, StatusCode::OK);
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    let ours = format!("Bearer {}", body["token"].as_str().unwrap());
    assert_eq!(send(&app, "/me", &ours).await, (StatusCode::OK, "ada".to_owned()));
}

/// `take`: what is shown once. Where nothing is to be shown, no session begins.
#[tokio::test]
async fn a_notice_is_taken_once() {
    async fn notice(session: Session) -> Result<String, Error> {
        Ok(session.take::<String>("notice")?.unwrap_or_default())
    }
    let sessions = Sessions::for_tests();
    let app = Router::new()
        .route("/notice", get(notice))
        .route("/set", post(|session: Session| async move { session.set("notice", "saved") }))
        .layer(SessionLayer::new(sessions.clone()));
    let reply = app.clone().oneshot(request("/notice", "accept", "*/*")).await.unwrap();
    assert_eq!(reply.headers().get(header::SET_COOKIE), None);
    assert_eq!(sessions.counters().started, 0);

    let token = format!("Bearer {}", *sessions.log_in("ada").await.unwrap().token().reveal());
    send(&app, "/set", &token).await;
    assert_eq!(send(&app, "/notice", &token).await.1, "saved");
    assert_eq!(send(&app, "/notice", &token).await.1, "");
}

#[derive(Clone, Default)]
struct OldSession {
    has_ended: Arc<AtomicBool>,
}

async fn me(who: LoggedIn) -> String {
    who.user().to_owned()
}

async fn send(app: &Router, path: &str, authorization: &str) -> (StatusCode, String) {
    let reply = app.clone().oneshot(request(path, "authorization", authorization)).await.unwrap();
    let status = reply.status();
    let body = reply.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

fn request(path: &str, header: &str, value: &str) -> Request {
    let method = if matches!(path, "/exchange" | "/set") { "POST" } else { "GET" };
    Request::builder().method(method).uri(path).header(header, value).body(Body::empty()).unwrap()
}
