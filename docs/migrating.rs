// What the examples of migrating.md take from the application around them. Each example includes
// this file in its hidden first line; see there.

pub use std::{collections::BTreeMap, time::Duration};

pub use axum::{
    Form, Json, Router,
    extract::{FromRequestParts, Path, Request, State},
    http::{StatusCode, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::{delete, get, post},
};
pub use countersign::{
    Config, Error, ErrorKind, Issued, KeyRing, LoggedIn, MemoryStore, Reason, Require, Session,
    SessionId, SessionInfo, SessionLayer, Sessions, SqliteStore,
};
pub use serde::{Deserialize, Serialize};

/// Everything that goes wrong in a handler.
pub enum AppError {
    Unauthorized,
    Session(Error),
    Other(Box<dyn std::error::Error + Send + Sync>),
}

impl<E: Into<Box<dyn std::error::Error + Send + Sync>>> From<E> for AppError {
    fn from(error: E) -> Self {
        match error.into().downcast::<Error>() {
            Ok(error) => Self::Session(*error),
            Err(other) => Self::Other(other),
        }
    }
}

impl IntoResponse for AppError {
    fn into_response(self) -> Response {
        match self {
            Self::Unauthorized => StatusCode::UNAUTHORIZED.into_response(),
            Self::Session(error) => error.into_response(),
            Self::Other(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

/// A log-in form.
#[derive(Deserialize)]
pub struct Login {
    pub name: String,
    pub password: String,
    #[serde(default)]
    pub remember: bool,
}

/// A form for a new password.
#[derive(Deserialize)]
pub struct NewPassword {
    pub password: String,
}

/// A row of the application's table of users.
#[derive(Clone, Serialize)]
pub struct User {
    pub id: i64,
    pub name: String,
    pub roles: Vec<String>,
    pub tenant: String,
    #[serde(skip)]
    pub password_hash: String,
}

/// The application's table of users.
pub mod users {
    use super::{AppError, User};

    pub async fn by_id(id: i64) -> Result<Option<User>, AppError> {
        let (name, tenant, password_hash) = Default::default();
        Ok(Some(User { id, name, roles: vec![], tenant, password_hash }))
    }

    pub async fn by_name(_name: &str) -> Result<Option<User>, AppError> {
        by_id(1).await
    }

    pub async fn set_password(_id: i64, _password: &str) -> Result<(), AppError> {
        Ok(())
    }
}

/// The application's password hashing.
pub mod password {
    pub fn matches(_password: &str, _hash: &str) -> bool {
        true
    }
}

/// The application's check of a log-in form.
pub async fn check(login: &Login) -> Result<Option<User>, AppError> {
    users::by_name(&login.name).await
}

/// Handlers of the application.
pub async fn page(_who: LoggedIn) -> &'static str {
    ""
}

/// What is left of the old sessions during the move: written with the old crate.
pub struct OldSession;

impl OldSession {
    pub fn user(&self) -> Option<i64> {
        None
    }

    pub async fn end(&self) -> Result<(), AppError> {
        Ok(())
    }
}

impl<S: Sync> FromRequestParts<S> for OldSession {
    type Rejection = AppError;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, AppError> {
        Ok(Self)
    }
}

/// The claims of an old token, checked by the old crate.
pub struct Claims {
    pub sub: String,
}

impl<S: Sync> FromRequestParts<S> for Claims {
    type Rejection = AppError;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, AppError> {
        Ok(Self { sub: String::new() })
    }
}
