//! Three services over one store, and one log-in for all of them. The portal logs users in; `orders` and `statistics` know its
//! users by the same token, and ask the portal, by tokens of their own, to read and write what the user's session holds. As
//! `statistics` was only given `session.read`, its writing is refused.
//!
//! ```sh
//! export COUNTERSIGN_KEYS="$(openssl rand -base64 32)" SESSION_STORE=redis://127.0.0.1/
//! services() { cargo run --quiet --example services --all-features -- "$@"; }
//! LISTEN=127.0.0.1:3000 services portal &
//! SERVICE_TOKEN="$(services register orders session.read session.write)" LISTEN=127.0.0.1:3001 services orders &
//! SERVICE_TOKEN="$(services register statistics session.read)" LISTEN=127.0.0.1:3002 services statistics &
//!
//! token="$(curl -s 127.0.0.1:3000/login --json '{"username":"ada","password":"lovelace"}' | jq -r .token)"
//! curl --oauth2-bearer "$token" 127.0.0.1:3001/me                              # ada, without another log-in
//! curl --oauth2-bearer "$token" 127.0.0.1:3001/last -X PUT -d 4711             # stored in the session, by the portal
//! curl --oauth2-bearer "$token" 127.0.0.1:3002/last                            # 4711
//! curl --oauth2-bearer "$token" 127.0.0.1:3002/last -X PUT -d 0                # refused: it names session.write
//! services rotate orders 3600; services revoke statistics; services list
//! ```
//!
//! | variable | default | |
//! |---|---|---|
//! | `COUNTERSIGN_KEYS` | | base64, the same for all: the current one first, separated by commas |
//! | `SESSION_STORE` | | where sessions and services are kept, the same for all: see `countersign::store::open` |
//! | `LISTEN` | `127.0.0.1:3000` | the address to listen on; with port 0, any free one |
//! | `PORTAL` | `http://127.0.0.1:3000` | for the other services: where the portal is |
//! | `SERVICE_TOKEN` | | for the other services: what `register` or `rotate` has printed |

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it says where it listens, and what it was asked")]

mod caller;
mod operator;
mod portal;
#[path = "../quickstart/users.rs"]
mod users;

use std::{env, error::Error, process::ExitCode};

use axum::Router;
use countersign::{Config, KeyRing, Sessions, store};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let sessions = sessions().await?;
    match words.as_slice() {
        ["portal"] => serve(portal::app(&sessions)).await,
        ["orders" | "statistics"] => serve(caller::app(sessions, caller::Portal::from_env()?)).await,
        command => operator::run(&sessions.by("operator").services(), command).await,
    }
}

/// For plain http on one machine; in production it is `Config::production()`, with `require_https`.
async fn sessions() -> Result<Sessions, Box<dyn Error>> {
    let store = env::var("SESSION_STORE").map_err(|_| "SESSION_STORE is not set: say where sessions are kept")?;
    let store = store::open(&store).await.map_err(|error| format!("SESSION_STORE: {error}"))?;
    let config = Config::development().with_env("SESSIONS")?;
    Ok(Sessions::builder(KeyRing::from_env("COUNTERSIGN_KEYS")?, store).config(config).build()?)
}

async fn serve(app: Router) -> Result<(), Box<dyn Error>> {
    let address = env::var("LISTEN").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(&address).await.map_err(|error| format!("LISTEN={address}: {error}"))?;
    println!("listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}
