//! Log in, see your devices, end one, end all others, log out: in a browser, or as JSON with a
//! Bearer token. grace is an operator: she sees everybody's. Start it by `cargo run --example quickstart`, and open
//! <http://127.0.0.1:3000>. There are REST routes below `/api`. With `--all-features` it knows every store.
//!
//! | variable | default | |
//! |---|---|---|
//! | `LISTEN` | `127.0.0.1:3000` | the address to listen on; with port 0, any free one |
//! | `SESSION_STORE` | `sqlite:quickstart.db` | where sessions are kept: see `countersign::store::open` |
//! | `SESSIONS_…` | | any setting, as in `SESSIONS_LIMIT__MAX=3`: see `docs/configuration.md` |
//! | `COUNTERSIGN_KEYS` | a key made for development | base64, the current one first, separated by commas |
#![allow(clippy::print_stdout, reason = "the address belongs on standard output, where scripts can read it")]

mod answer;
mod page;
mod rest;
mod setup;
mod users;

use std::{env, error::Error as StdError, net::SocketAddr, process::ExitCode};

use axum::{
    Json, Router,
    extract::{ConnectInfo, Path, Query, Request},
    http::StatusCode,
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
    serve,
};
use countersign::{
    AccountPage, ClientAddress, Dashboard, Error, Issued, LoggedIn, Session, SessionId, SessionLayer, Sessions,
};
use serde::Deserialize;
use serde_json::json;
use tokio::{net::TcpListener, signal};

use answer::{JsonOrForm, Wants};

/// Every route, and around them the session layer.
fn app(sessions: Sessions) -> Router {
    let app = Router::new()
        .route("/me", get(me))
        .route("/counter", post(counter))
        .route("/sessions", get(list).delete(end_others))
        .route("/sessions/{id}", delete(end_one))
        .route("/", get(index))
        .route("/login", post(log_in))
        .route("/logout", post(log_out))
        .route("/refresh", post(refresh))
        .nest("/account", AccountPage::new().back_to("/", "Home").router())
        .nest("/operators", Dashboard::new(sessions.clone()).live_until(shutdown()).router())
        .layer(SessionLayer::new(sessions.clone()));
    rest::beside(app, sessions).layer(from_fn(client_address))
}

/// What `POST /login` takes, as JSON or as a form.
#[derive(Deserialize)]
struct Login {
    username: String,
    password: String,
    /// Whether the session is to outlive the browser.
    #[serde(default)]
    remember: bool,
}

/// The response sets the cookie; a client without cookies finds the token in its JSON.
async fn log_in(session: Session, wants: Wants, JsonOrForm(form): JsonOrForm<Login>) -> Response {
    match check_in(&session, form).await {
        Ok(issued) => wants.answer(&issued),
        Err(error) => wants.refused(error),
    }
}

/// However many guess at once, no more passwords are checked than the settings allow; who is told "wrong" learns neither by the
/// text nor by the time whether there is such a user.
async fn check_in(session: &Session, form: Login) -> Result<Issued, Error> {
    let attempt = session.attempt(&form.username).await?;
    if !users::check(&form.username, form.password).await {
        return Err(attempt.refuse().await);
    }
    let roles = users::roles(&form.username);
    session.log_in(form.username).roles(roles).remember(form.remember).since(&attempt).await
}

/// A new token for the one that came: the old one is good until the new one is first used, and a moment longer. It goes the way that the old
/// one came: what came as a cookie is shown to no script.
async fn refresh(who: LoggedIn, wants: Wants) -> Result<Response, Error> {
    let issued = who.session().rotate().await?;
    Ok(if who.session().takes_bearer() { wants.answer(&issued) } else { wants.done() })
}

async fn me(who: LoggedIn, wants: Wants) -> Response {
    wants.answer(&who)
}

/// Two clicks at once are two: the store adds.
async fn counter(who: LoggedIn, wants: Wants) -> Result<Response, Error> {
    let session = who.session();
    session.increment("count", 1)?;
    session.commit().await?;
    let count: Option<i64> = session.get("count")?;
    Ok(wants.answer(&json!({ "count": count })))
}

async fn list(who: LoggedIn, wants: Wants) -> Result<Response, Error> {
    Ok(wants.answer(&who.sessions().await?))
}

/// Somebody else's session is a 404, like one that is not there.
async fn end_one(who: LoggedIn, Path(id): Path<SessionId>) -> Result<StatusCode, Error> {
    who.revoke(id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct Which {
    except: Option<String>,
}

async fn end_others(who: LoggedIn, Query(which): Query<Which>) -> Result<Response, Error> {
    if which.except.as_deref() != Some("current") {
        let hint = "say which: `DELETE /sessions?except=current` ends all but this one, `POST /logout` ends this one";
        let error = json!({ "error": "bad_request", "message": hint });
        return Ok((StatusCode::BAD_REQUEST, Json(error)).into_response());
    }
    who.revoke_others().await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn log_out(session: Session, wants: Wants) -> Result<Response, Error> {
    session.log_out().await?;
    Ok(wants.done())
}

/// The page: a form to log in, or what there is to see for whoever is.
async fn index(who: Option<LoggedIn>) -> Result<Response, Error> {
    let Some(who) = who else { return Ok(page::log_in("").into_response()) };
    let count: Option<i64> = who.get("count")?;
    Ok(page::home(&who, count.unwrap_or(0), who.sessions().await?.len()).into_response())
}

/// Tells the session layer where a request comes from. Behind a proxy this would be the proxy:
/// there, take the address from a header that it sets, and that nobody else can.
async fn client_address(ConnectInfo(peer): ConnectInfo<SocketAddr>, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(ClientAddress(peer.ip()));
    next.run(request).await
}

async fn run() -> Result<(), Box<dyn StdError>> {
    let sessions = setup::sessions().await?;
    let maintenance = sessions.spawn_maintenance();

    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(&address).await.map_err(|error| format!("LISTEN={address}: {error}"))?;
    println!("listening on http://{}", listener.local_addr()?);

    let service = app(sessions).into_make_service_with_connect_info::<SocketAddr>();
    serve(listener, service).with_graceful_shutdown(shutdown()).await?;
    maintenance.stop().await;
    Ok(())
}

/// Waits for Ctrl-C, or for the SIGTERM of whoever supervises this.
async fn shutdown() {
    #[cfg(unix)]
    if let Ok(mut terminate) = signal::unix::signal(signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = signal::ctrl_c() => return,
            _ = terminate.recv() => return,
        }
    }
    let _ = signal::ctrl_c().await;
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(error = &*error, "cannot go on");
            ExitCode::FAILURE
        }
    }
}
