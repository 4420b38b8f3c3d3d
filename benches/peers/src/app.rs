//! The small application that every contender is, with the sessions of countersign.

use axum::{
    Router,
    routing::{get, post},
};
use countersign::{Error, Session, SessionLayer, Sessions};

/// What `GET /read` answers to a request without a valid session.
pub const ANONYMOUS: &str = "-";

/// `POST /login`, `GET /read` and `POST /write` behind a layer with these sessions.
pub fn router(sessions: Sessions) -> Router {
    Router::new()
        .route("/read", get(read))
        .route("/write", post(write))
        .route("/login", post(log_in))
        .layer(SessionLayer::new(sessions))
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
