//! A WebSocket and a stream of server-sent events that end with their session: by a log-out, by whoever revokes it on any node,
//! and when it expires. Start it by `cargo run --example live`, and a second one on the same store to end sessions there:
//!
//! ```sh
//! export COUNTERSIGN_KEYS=$(openssl rand -base64 32) SESSION_STORE=sqlite:live.db
//! LISTEN=127.0.0.1:3000 cargo run --example live &
//! LISTEN=127.0.0.1:3001 cargo run --example live &
//! token=$(curl -sX POST http://127.0.0.1:3000/login/ada | grep -o '"token":"[^"]*' | cut -d'"' -f4)
//! curl -N -H "Authorization: Bearer $token" http://127.0.0.1:3000/events &
//! curl -X POST -H "Authorization: Bearer $token" http://127.0.0.1:3001/logout      # the stream ends
//! ```
#![allow(clippy::print_stdout, reason = "the address belongs on standard output, where scripts can read it")]

mod routes;

use std::{env, error::Error};

use countersign::{Config, KeyRing, Sessions, store};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let keys = match env::var_os("COUNTERSIGN_KEYS") {
        Some(_) => KeyRing::from_env("COUNTERSIGN_KEYS")?,
        None => KeyRing::generate()?,
    };
    let store = store::open(&env::var("SESSION_STORE").unwrap_or("memory:".to_owned())).await?;
    let config = Config::development().with_env("SESSIONS")?;
    let sessions = Sessions::builder(keys, store).config(config).build()?;
    sessions.spawn_maintenance();

    let listener = TcpListener::bind(env::var("LISTEN").as_deref().unwrap_or("127.0.0.1:3000")).await?;
    println!("http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, routes::app(sessions)).await?)
}
