//! Logs users in, and lets services at their sessions.

use axum::{
    Json, Router,
    extract::Path,
    http::StatusCode,
    routing::{delete, get, post},
};
use countersign::{
    Error, Issued, LoggedIn, Reason, ServiceIdentity, ServiceLayer, Session, SessionId, SessionLayer, Sessions,
};
use serde::Deserialize;
use serde_json::Value;

use crate::users;

/// Users come by the session layer, services by theirs.
pub(crate) fn app(sessions: &Sessions) -> Router {
    let users = Router::new()
        .route("/login", post(log_in))
        .route("/me", get(|who: LoggedIn| async { Json(who) }))
        .route("/logout", post(|session: Session| async move { session.log_out().await }))
        .layer(SessionLayer::new(sessions.clone()));
    let services = Router::new()
        .route("/internal/sessions/{id}", delete(end))
        .route("/internal/sessions/{id}/{name}", get(read).put(write))
        .layer(ServiceLayer::new(sessions.services()));
    users.merge(services)
}

#[derive(Deserialize)]
struct Login {
    username: String,
    password: String,
}

async fn log_in(session: Session, Json(form): Json<Login>) -> Result<Json<Issued>, Error> {
    let attempt = session.attempt(&form.username).await?;
    if !users::check(&form.username, form.password).await {
        return Err(attempt.refuse().await);
    }
    let roles = users::roles(&form.username);
    session.log_in(form.username).roles(roles).since(&attempt).await.map(Json)
}

async fn read(
    service: ServiceIdentity,
    Path((id, name)): Path<(SessionId, String)>,
) -> Result<Json<Option<Value>>, Error> {
    service.session(id).await?.get(&name).map(Json)
}

async fn write(
    service: ServiceIdentity,
    Path((id, name)): Path<(SessionId, String)>,
    body: String,
) -> Result<StatusCode, Error> {
    service.session(id).await?.set(&name, &body)?.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn end(service: ServiceIdentity, Path(id): Path<SessionId>) -> Result<StatusCode, Error> {
    service.revoke(id, Reason::ByOperator).await?;
    Ok(StatusCode::NO_CONTENT)
}
