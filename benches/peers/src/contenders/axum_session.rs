//! `axum_session` without a database: its sessions live in its own memory, as with every store.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::{
    Router,
    routing::{get, post},
};
use axum_session::{Key, SessionConfig, SessionLayer, SessionNullPool, SessionStore};

use crate::contender::{ANONYMOUS, Contender, Kept};

/// As it comes: the cookie is the id, without a signature.
pub const UNSIGNED: Contender =
    Contender { name: "axum_session 0.22, unsigned", kept: Kept::ByTheServer, router: unsigned };

/// With a key: the cookie is signed, over the client's address and user agent as well.
pub const KEYED: Contender =
    Contender { name: "axum_session 0.22, with a key", kept: Kept::ByTheServer, router: keyed };

const USER: &str = "user";
const NUMBER: &str = "number";

type Session = axum_session::Session<SessionNullPool>;

fn unsigned() -> Router {
    router(SessionConfig::default())
}

fn keyed() -> Router {
    router(SessionConfig::default().with_key(Key::from(&[7; 64])))
}

fn router(config: SessionConfig) -> Router {
    Router::new()
        .route("/read", get(read))
        .route("/write", post(write))
        .route("/login", post(log_in))
        .layer(SessionLayer::new(store(config)))
}

/// Opens the store, which waits for nothing where there is no database.
fn store(config: SessionConfig) -> SessionStore<SessionNullPool> {
    let opening = pin!(SessionStore::new(None, config));
    match opening.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(store) => store.expect("nothing to connect to"),
        Poll::Pending => unreachable!("nothing to wait for"),
    }
}

async fn read(session: Session) -> String {
    session.get(USER).unwrap_or_else(|| ANONYMOUS.to_owned())
}

async fn write(session: Session) -> String {
    assert!(session.get::<String>(USER).is_some(), "only the logged in write");
    let number = session.get::<u64>(NUMBER).unwrap_or(0) + 1;
    session.set(NUMBER, number);
    number.to_string()
}

async fn log_in(session: Session, user: String) {
    session.set(USER, user);
    session.set(NUMBER, 0_u64);
}
