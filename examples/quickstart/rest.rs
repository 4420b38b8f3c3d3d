//! The REST routes below `/api`, over the same sessions: `GET /api/openapi.json` says what there is.

use axum::Router;
use countersign::{
    SessionLayer, Sessions,
    api::{Api, Authenticator, Failed, Verdict},
};

use crate::users;

struct Users;

impl Authenticator for Users {
    async fn check(&self, user: Option<&str>, password: &str) -> Result<Verdict, Failed> {
        let user = user.unwrap_or_default();
        let right = users::check(user, password.to_owned()).await;
        Ok(if right { Verdict::right().roles(users::roles(user)) } else { Verdict::wrong() })
    }
}

/// Puts them beside the routes that have a session layer already.
pub(crate) fn beside(app: Router, sessions: Sessions) -> Router {
    app.nest("/api", Api::new(Users).behind(SessionLayer::new(sessions)))
}
