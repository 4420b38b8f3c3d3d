//! The router without any session: what the others are measured over.
//!
//! It answers as the others do (an id of 36 characters, a number), from nothing.

use axum::{
    Router,
    http::header::AUTHORIZATION,
    response::IntoResponse,
    routing::{get, post},
};

use crate::contender::{Contender, Kept};

/// What is subtracted from all others.
pub const ROUTER: Contender = Contender { name: "bare router", kept: Kept::Nowhere, router };

/// The same once more: how far from zero it lies is the noise of the run.
pub const NOISE: Contender = Contender { name: "bare router, a second one (noise)", ..ROUTER };

fn router() -> Router {
    Router::new().route("/read", get(read)).route("/write", post(write)).route("/login", post(log_in))
}

async fn read() -> String {
    "00000000-0000-0000-0000-000000000000".to_owned()
}

async fn write() -> String {
    1.to_string()
}

/// Nobody reads the credential here, but the requests shall be as long as the others'.
async fn log_in() -> impl IntoResponse {
    [(AUTHORIZATION, format!("Bearer {}", "0".repeat(113)))]
}
