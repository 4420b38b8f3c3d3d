//! The application that is attacked: the routes of the other tests, and those by which people log in here.

use std::net::IpAddr;

use axum::{
    Router,
    body::Body,
    extract::Path,
    routing::{get, post},
};
use countersign::{ClientAddress, Error, LoggedIn, Session, SessionLayer, Sessions};
use http::{HeaderName, HeaderValue, Method, Request};

use crate::support::{Browser, Reply, app};

pub(crate) fn site(sessions: Sessions) -> Router {
    site_behind(SessionLayer::new(sessions.clone()), sessions)
}

pub(crate) fn site_behind(layer: SessionLayer, sessions: Sessions) -> Router {
    Router::new()
        .route("/guess/{user}/{password}", post(guess))
        .route("/first/{user}", post(first))
        .route("/first/{user}/remember", post(first_remembered))
        .route("/second", post(second))
        .route("/second/{factor}", post(second_by))
        .route("/keep-all/{user}", post(keep_all))
        .route("/step-up", post(|session: Session| async move { session.step_up("pwd").await.map(drop) }))
        .route(
            "/pending",
            get(
                |session: Session| async move { session.pending().map_or_else(String::new, |it| it.user().to_owned()) },
            ),
        )
        .route(
            "/address",
            get(|who: LoggedIn| async move { who.address().map(|it| it.to_string()).unwrap_or_default() }),
        )
        .route("/socket", get(|who: LoggedIn| async move { who.user().to_owned() }))
        .layer(layer)
        .merge(app(sessions))
}

async fn guess(session: Session, Path((user, password)): Path<(String, String)>) -> Result<(), Error> {
    let attempt = session.attempt(&user).await?;
    if password != "right" {
        return Err(attempt.refuse().await);
    }
    session.log_in(user).since(&attempt).await.map(drop)
}

async fn first(session: Session, Path(user): Path<String>) -> Result<(), Error> {
    session.log_in(user).method("pwd").roles(["admin"]).pending_second_factor(["totp"]).await.map(drop)
}

async fn first_remembered(session: Session, Path(user): Path<String>) -> Result<(), Error> {
    session.log_in(user).method("pwd").remember(true).pending_second_factor(["totp"]).await.map(drop)
}

async fn second_by(session: Session, Path(factor): Path<String>) -> Result<(), Error> {
    session.step_up(&factor).await.map(drop)
}

/// A careless application: it keeps whatever was there.
async fn second(session: Session) -> Result<(), Error> {
    match session.pending() {
        Some(pending) => pending.pass("totp").await.map(drop),
        None => Ok(()),
    }
}

/// A careless application: it keeps whatever was there.
async fn keep_all(session: Session, Path(user): Path<String>) -> Result<(), Error> {
    session.log_in(user).keep("").keep("\u{1}").await.map(drop)
}

/// A request with these headers in place of its own, from this address.
pub(crate) async fn ask(
    browser: &Browser,
    method: Method,
    path: &str,
    address: Option<&str>,
    headers: &[(&str, &str)],
) -> Reply {
    let mut request: Request<Body> = browser.request(method, path);
    if let Some(address) = address {
        request.extensions_mut().insert(ClientAddress(address.parse::<IpAddr>().unwrap()));
    }
    for (name, value) in headers {
        let name: HeaderName = name.parse().unwrap();
        request.headers_mut().append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    browser.ask(request).await
}
