//! axum-login over an unsigned tower-sessions with its `MemoryStore`, used as its documentation does.
//!
//! Its back end of users is free of charge here: it makes the user up from his id.

use std::convert::Infallible;

use axum::{
    Router,
    routing::{get, post},
};
use axum_login::{
    AuthManagerLayerBuilder, AuthUser, AuthnBackend,
    tower_sessions::{MemoryStore, SessionManagerLayer},
};

use crate::contender::{ANONYMOUS, Contender, Kept};

/// As it comes: the cookie is the id, without a signature.
pub const UNSIGNED: Contender =
    Contender { name: "axum-login 0.18 (tower-sessions 0.14, unsigned)", kept: Kept::ByTheServer, router };

const NUMBER: &str = "number";

type AuthSession = axum_login::AuthSession<Users>;

#[derive(Clone, Debug)]
struct User {
    id: String,
}

impl AuthUser for User {
    type Id = String;

    fn id(&self) -> String {
        self.id.clone()
    }

    /// Kept in the session: as long as a SHA-256, and shorter than the password hashes in its docs.
    fn session_auth_hash(&self) -> &[u8] {
        &[7; 32]
    }
}

#[derive(Clone)]
struct Users;

impl AuthnBackend for Users {
    type User = User;
    type Credentials = String;
    type Error = Infallible;

    async fn authenticate(&self, id: String) -> Result<Option<User>, Infallible> {
        Ok(Some(User { id }))
    }

    async fn get_user(&self, id: &String) -> Result<Option<User>, Infallible> {
        Ok(Some(User { id: id.clone() }))
    }
}

fn router() -> Router {
    let sessions = SessionManagerLayer::new(MemoryStore::default());
    Router::new()
        .route("/read", get(read))
        .route("/write", post(write))
        .route("/login", post(log_in))
        .layer(AuthManagerLayerBuilder::new(Users, sessions).build())
}

async fn read(auth: AuthSession) -> String {
    auth.user.map_or_else(|| ANONYMOUS.to_owned(), |user| user.id)
}

async fn write(auth: AuthSession) -> String {
    assert!(auth.user.is_some(), "only the logged in write");
    let number = auth.session.get::<u64>(NUMBER).await.expect("memory does not fail");
    let number = number.unwrap_or(0) + 1;
    auth.session.insert(NUMBER, number).await.expect("memory does not fail");
    number.to_string()
}

async fn log_in(mut auth: AuthSession, user: String) {
    auth.login(&User { id: user }).await.expect("memory does not fail");
    auth.session.insert(NUMBER, 0_u64).await.expect("memory does not fail");
}
