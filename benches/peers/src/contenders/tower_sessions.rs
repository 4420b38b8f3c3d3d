//! tower-sessions with its `MemoryStore`, used as its documentation does.

use axum::{
    Router,
    routing::{get, post},
};
use tower_sessions::{
    Expiry, MemoryStore, Session, SessionManagerLayer,
    cookie::{Key, time::Duration},
};

use crate::contender::{ANONYMOUS, Contender, Kept};

/// As it comes: the cookie is the id, without a signature.
pub const UNSIGNED: Contender =
    Contender { name: "tower-sessions 0.15, memory, unsigned", kept: Kept::ByTheServer, router: unsigned };

/// With a signed cookie.
pub const SIGNED: Contender =
    Contender { name: "tower-sessions 0.15, memory, signed", kept: Kept::ByTheServer, router: signed };

/// With a signed cookie and an expiry that reading moves, which takes `always_save`.
pub const ALWAYS_SAVED: Contender =
    Contender { name: "tower-sessions 0.15, signed, always_save", kept: Kept::ByTheServer, router: always_saved };

const USER: &str = "user";
const NUMBER: &str = "number";

fn unsigned() -> Router {
    routes().layer(SessionManagerLayer::new(MemoryStore::default()))
}

fn signed() -> Router {
    let key = Key::from(&[7; 64]);
    routes().layer(SessionManagerLayer::new(MemoryStore::default()).with_signed(key))
}

fn always_saved() -> Router {
    let layer = SessionManagerLayer::new(MemoryStore::default())
        .with_signed(Key::from(&[7; 64]))
        .with_expiry(Expiry::OnInactivity(Duration::minutes(30)))
        .with_always_save(true);
    routes().layer(layer)
}

fn routes() -> Router {
    Router::new().route("/read", get(read)).route("/write", post(write)).route("/login", post(log_in))
}

async fn read(session: Session) -> String {
    user_of(&session).await.unwrap_or_else(|| ANONYMOUS.to_owned())
}

async fn write(session: Session) -> String {
    let user = user_of(&session).await;
    assert!(user.is_some(), "only the logged in write");
    let number = session.get::<u64>(NUMBER).await.expect("memory does not fail").unwrap_or(0) + 1;
    session.insert(NUMBER, number).await.expect("memory does not fail");
    number.to_string()
}

async fn log_in(session: Session, user: String) {
    session.insert(USER, user).await.expect("memory does not fail");
    session.insert(NUMBER, 0_u64).await.expect("memory does not fail");
}

async fn user_of(session: &Session) -> Option<String> {
    session.get(USER).await.expect("memory does not fail")
}
