//! countersign with its `MemoryStore` and the settings of production.

use axum::{
    Router,
    routing::{get, post},
};
use countersign::{Error, KeyRing, MemoryStore, Session, SessionLayer, Sessions};

use crate::contender::{ANONYMOUS, Contender, Kept};

/// As it comes.
pub const MEMORY: Contender = Contender { name: "countersign, memory", kept: Kept::ByTheServer, router };

fn router() -> Router {
    let keys = KeyRing::generate().expect("the system has random bytes");
    Router::new()
        .route("/read", get(read))
        .route("/write", post(write))
        .route("/login", post(log_in))
        .layer(SessionLayer::new(Sessions::new(keys, MemoryStore::new())))
}

async fn read(session: Session) -> String {
    session.user().unwrap_or_else(|| ANONYMOUS.to_owned())
}

async fn write(session: Session) -> Result<String, Error> {
    assert!(session.is_logged_in(), "only the logged in write");
    session.increment("number", 1)?;
    Ok(session.get::<u64>("number")?.unwrap_or(0).to_string())
}

async fn log_in(session: Session, user: String) -> Result<(), Error> {
    session.set("number", &0)?;
    session.log_in(user).await?;
    Ok(())
}
