//! A server for the examples of the client half: `old` has expired without notice, `new` is let in.

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, StatusCode},
    routing::post,
};

/// Starts it on a free port, and returns its origin.
pub(crate) async fn api() -> std::io::Result<String> {
    let notes = |headers: HeaderMap, note: Bytes| async move {
        match headers.get("authorization").is_some_and(|value| value == "Bearer new") {
            true => (StatusCode::CREATED, note),
            false => (StatusCode::UNAUTHORIZED, Bytes::new()),
        }
    };
    let tokens = || async { r#"{"access_token":"new","refresh_token":"next","expires_in":3600}"# };
    let app = Router::new().route("/notes", post(notes)).route("/tokens", post(tokens));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let origin = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async { axum::serve(listener, app).await });
    Ok(origin)
}
