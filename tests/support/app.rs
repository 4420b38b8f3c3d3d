//! An application with a route for everything that a session can do.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Json, Router,
    extract::Path,
    routing::{delete, get, post},
};
use countersign::{Error, Issued, LoggedIn, Session, SessionId, SessionInfo, SessionLayer, Sessions};
use tokio::sync::Notify;

/// Lets a test hold a request between reading and writing.
#[derive(Clone, Default)]
pub struct Gate {
    pub arrived: Arc<Notify>,
    pub open: Arc<Notify>,
}

pub fn app(sessions: Sessions) -> Router {
    app_with(sessions, Gate::default())
}

pub fn app_with(sessions: Sessions, gate: Gate) -> Router {
    app_behind(SessionLayer::new(sessions), gate)
}

pub fn app_behind(layer: SessionLayer, gate: Gate) -> Router {
    Router::new()
        .route("/free", get(|| async { "no session needed" }))
        .route("/me", get(|who: LoggedIn| async move { who.user().to_owned() }))
        .route("/peek", get(|session: Session| async move { session.user().unwrap_or("nobody".to_owned()) }))
        .route("/login/{user}", post(log_in))
        .route("/login/{user}/remember", post(log_in_remembered))
        .route("/login/{user}/keep/{prefix}", post(log_in_keeping))
        .route("/logout", post(|session: Session| async move { session.log_out().await }))
        .route("/logout/everywhere", post(log_out_everywhere))
        .route("/rotate", post(|session: Session| async move { session.rotate().await.map(Json) }))
        .route("/role/{role}", post(change_role))
        .route("/roles", get(|who: LoggedIn| async move { who.roles().collect::<Vec<_>>().join(",") }))
        .route("/count", post(count))
        .route("/count/slowly", post(count_slowly))
        .route("/mine/count", get(my_count).post(count_mine))
        .route("/gated", post(gated))
        .route("/gated/commit", post(gated_commit))
        .route("/several", post(write_several))
        .route("/several/commit", post(commit_several))
        .route("/attributes/{name}", get(read).delete(remove))
        .route("/attributes/{name}/{value}", post(write))
        .route("/sessions", get(list).delete(end_others))
        .route("/sessions/{id}", delete(end_one))
        .layer(layer)
        .layer(Extension(gate))
        .with_state(())
}

async fn log_in(session: Session, Path(user): Path<String>) -> Result<Json<Issued>, Error> {
    session.log_in(user).await.map(Json)
}

async fn log_in_remembered(session: Session, Path(user): Path<String>) -> Result<Json<Issued>, Error> {
    session.log_in(user).remember(true).await.map(Json)
}

async fn log_in_keeping(session: Session, Path((user, prefix)): Path<(String, String)>) -> Result<Json<Issued>, Error> {
    session.log_in(user).keep(&prefix).await.map(Json)
}

async fn log_out_everywhere(session: Session) -> Result<Json<usize>, Error> {
    Ok(Json(session.log_out_everywhere().await?.len()))
}

async fn change_role(session: Session, Path(role): Path<String>) -> Result<Json<Issued>, Error> {
    session.change_roles([role]).await.map(Json)
}

async fn count(session: Session) -> Result<String, Error> {
    session.increment("count", 1)?;
    Ok(session.get::<i64>("count")?.unwrap_or(0).to_string())
}

async fn count_slowly(session: Session) -> Result<(), Error> {
    let _before: Option<i64> = session.get("count")?;
    tokio::time::sleep(Duration::from_millis(2)).await;
    session.increment("count", 1)
}

async fn my_count(who: LoggedIn) -> Result<String, Error> {
    Ok(who.get::<i64>("count")?.unwrap_or(0).to_string())
}

/// Counts only for who is logged in, and says so only when it is stored.
async fn count_mine(who: LoggedIn) -> Result<String, Error> {
    who.session().increment("count", 1)?;
    who.session().commit().await?;
    my_count(who).await
}

/// Reads, waits at the gate, writes.
async fn gated(session: Session, Extension(gate): Extension<Gate>) -> Result<&'static str, Error> {
    let _before: Option<i64> = session.get("count")?;
    gate.arrived.notify_one();
    gate.open.notified().await;
    session.increment("count", 1)?;
    Ok("done")
}

async fn gated_commit(session: Session, Extension(gate): Extension<Gate>) -> Result<&'static str, Error> {
    session.increment("count", 1)?;
    gate.arrived.notify_one();
    gate.open.notified().await;
    session.commit().await?;
    Ok("done")
}

async fn read(session: Session, Path(name): Path<String>) -> Result<Json<Option<serde_json::Value>>, Error> {
    session.get(&name).map(Json)
}

async fn write(session: Session, Path((name, value)): Path<(String, String)>) -> Result<(), Error> {
    session.set(&name, &value)
}

async fn remove(session: Session, Path(name): Path<String>) -> Result<(), Error> {
    session.remove(&name)
}

/// One edit of each sort.
async fn write_several(session: Session) -> Result<(), Error> {
    session.set("colour", "red")?;
    session.set("size", &7)?;
    session.increment("visits", 2)?;
    session.remove("count")
}

async fn commit_several(session: Session) -> Result<(), Error> {
    write_several(session.clone()).await?;
    session.commit().await.map(drop)
}

async fn list(who: LoggedIn) -> Result<Json<Vec<SessionInfo>>, Error> {
    who.sessions().await.map(Json)
}

async fn end_one(who: LoggedIn, Path(id): Path<SessionId>) -> Result<(), Error> {
    who.revoke(id).await
}

async fn end_others(who: LoggedIn) -> Result<Json<usize>, Error> {
    Ok(Json(who.revoke_others().await?.len()))
}
