//! Two factors: a password, then a code of an authenticator app (TOTP, RFC 6238) or a recovery code; and one of them again before
//! anything dangerous. In a browser, without a line of JavaScript, or as JSON.
//!
//! Start it by `cargo run --example second_factor`, open <http://127.0.0.1:3000>, and log in as ada, password lovelace. What it
//! prints is for her authenticator app; `cargo run --example second_factor -- code SECRET` does for want of one. grace, password
//! hopper, has no second factor until she sets one up.
//!
//! ```sh
//! alias ask='curl -i -b jar -c jar'
//! ask --json '{"username": "ada", "password": "lovelace"}' 127.0.0.1:3000/login    # "second_factor": ["totp", "recovery"]
//! ask 127.0.0.1:3000/me                                                            # 401: that was one of two
//! ask --json '{"code": "123456"}' 127.0.0.1:3000/totp                              # or /recovery, with a recovery code
//! ask 127.0.0.1:3000/me                                                            # "assurance": "aal2"
//! ask -X POST 127.0.0.1:3000/wipe                                                  # 401, if the log-in is older than 5 min:
//! ask --json '{"password": "lovelace"}' 127.0.0.1:3000/confirm                     # or {"code": "…"}; then it is fresh again
//! ask -X POST 127.0.0.1:3000/enrol                                                 # a new secret, good once this has confirmed it:
//! ask --json '{"code": "123456"}' 127.0.0.1:3000/enrol/confirm                     # eight recovery codes, shown this once
//! ```
//!
//! | variable | default | |
//! |---|---|---|
//! | `LISTEN` | `127.0.0.1:3000` | the address to listen on; with port 0, any free one |
//! | `TOTP_SECRET` | a random one | ada's secret, in base32 |
//! | `FRESH_FOR` | `5m` | how long after a log-in what is dangerous may be done |
//! | `SESSIONS_…` | | any setting, as in `SESSIONS_THROTTLE__ACCOUNT__FREE=3`: see `docs/configuration.md` |
#![allow(clippy::print_stdout, reason = "what a script wants to read belongs on standard output")]

mod answer;
mod confirm;
mod enrol;
mod log_in;
mod page;
mod random;
mod recovery;
mod setup;
mod totp;
mod users;

use std::{env, error::Error as StdError, net::SocketAddr, process::ExitCode, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    middleware::{Next, from_fn},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
    serve,
};
use countersign::{ClientAddress, Error, LoggedIn, Require, Session, SessionLayer, Sessions};
use serde_json::json;
use tokio::net::TcpListener;

use answer::Wants;
use users::Users;

/// What all handlers share.
#[derive(Clone)]
pub(crate) struct App {
    users: Arc<Users>,
    /// How long after a log-in what is dangerous may be done.
    fresh_for: Duration,
}

/// Every route, and around them the session layer.
fn routes(app: App, sessions: Sessions) -> Router {
    let dangerous = Router::new()
        .route("/wipe", post(wipe))
        .route("/enrol", post(enrol::begin))
        .route("/enrol/confirm", post(enrol::finish))
        .route_layer(Require::fresh_login(app.fresh_for));
    Router::new()
        .route("/", get(index))
        .route("/login", post(log_in::password))
        .route("/totp", get(log_in::form).post(log_in::totp))
        .route("/recovery", post(log_in::recovery))
        .route("/confirm", get(confirm::form).post(confirm::confirm))
        .route("/me", get(me))
        .route("/logout", post(log_out))
        .merge(dangerous)
        .layer(SessionLayer::new(sessions))
        .layer(from_fn(client_address))
        .with_state(app)
}

/// The page for whoever it is: a stranger, somebody between two factors, a user.
async fn index(State(app): State<App>, session: Session, who: Option<LoggedIn>) -> Response {
    match who {
        Some(who) => page::home(&who, &app.users.standing(who.user())).into_response(),
        None if session.pending().is_some() => Redirect::to("/totp").into_response(),
        None => page::log_in("").into_response(),
    }
}

async fn me(State(app): State<App>, who: LoggedIn, wants: Wants) -> Response {
    wants.answer(&json!({
        "user": who.user(),
        "methods": who.methods().collect::<Vec<_>>(),
        "assurance": who.assurance(),
        "authenticated_at": who.authenticated_at().to_string(),
        "recovery_codes_left": app.users.standing(who.user()).recovery_codes,
    }))
}

/// What nobody can undo. It runs only after a fresh log-in: see [`routes`].
async fn wipe(State(app): State<App>, who: LoggedIn, wants: Wants) -> Response {
    app.users.wipe(who.user());
    wants.done()
}

/// Also for somebody who has passed but one of two factors.
async fn log_out(session: Session, wants: Wants) -> Result<Response, Error> {
    session.log_out().await?;
    Ok(wants.done())
}

/// Tells the session layer where a request comes from, so that it can count attempts by networks.
async fn client_address(ConnectInfo(peer): ConnectInfo<SocketAddr>, mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(ClientAddress(peer.ip()));
    next.run(request).await
}

async fn run() -> Result<(), Box<dyn StdError>> {
    let mut arguments = env::args().skip(1);
    if let (Some("code"), Some(secret)) = (arguments.next().as_deref(), arguments.next()) {
        println!("{}", totp::code(&secret)?);
        return Ok(());
    }
    let sessions = setup::sessions()?;
    let maintenance = sessions.spawn_maintenance();
    let app = App { users: Arc::new(setup::users()?), fresh_for: setup::fresh_for()? };

    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(&address).await.map_err(|error| format!("LISTEN={address}: {error}"))?;
    println!("listening on http://{}", listener.local_addr()?);

    serve(listener, routes(app, sessions).into_make_service_with_connect_info::<SocketAddr>()).await?;
    maintenance.stop().await;
    Ok(())
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
