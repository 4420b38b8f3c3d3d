//! One set of routes for two kinds of client: browsers get pages, all others JSON.

use std::convert::Infallible;

use axum::{
    Form, Json, RequestExt,
    extract::{FromRequest, FromRequestParts, Request},
    http::{
        HeaderMap, StatusCode,
        header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, VARY, WWW_AUTHENTICATE},
        request::Parts,
    },
    response::{IntoResponse, Redirect, Response},
};
use countersign::{Error, ErrorKind, Session};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

use crate::page::Page;

/// What a client wants to see.
#[derive(Clone, Copy)]
pub(crate) enum Wants {
    /// It sends a form, or asks for HTML.
    Page,
    Json,
}

impl Wants {
    /// The answer as JSON; a browser goes to the front page.
    pub(crate) fn answer(self, answer: &impl Serialize) -> Response {
        self.answer_or_go_to("/", answer)
    }

    /// The answer as JSON; a browser goes to that page.
    pub(crate) fn answer_or_go_to(self, path: &str, answer: &impl Serialize) -> Response {
        let response = match self {
            Self::Page => Redirect::to(path).into_response(),
            Self::Json => Json(answer).into_response(),
        };
        ([(VARY, "accept"), (CACHE_CONTROL, "no-store")], response).into_response()
    }

    /// The answer where there is nothing to tell.
    pub(crate) fn done(self) -> Response {
        match self {
            Self::Page => Redirect::to("/").into_response(),
            Self::Json => StatusCode::NO_CONTENT.into_response(),
        }
    }

    /// Nobody has passed a first step that this could be the second to.
    pub(crate) fn log_in_first(self, session: &Session) -> Response {
        match self {
            Self::Page => Redirect::to("/").into_response(),
            Self::Json => {
                let body = Json(json!({ "error": "login_required", "message": "log in by a password first" }));
                (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, session.challenge())], body).into_response()
            }
        }
    }

    /// A refusal. A browser gets the form again, below what is the matter; status and headers are the same for all.
    pub(crate) fn refused(self, error: Error, wrong: &str, form: impl FnOnce(&str) -> Page) -> Response {
        let (kind, wait) = (error.kind(), error.retry_after());
        let refusal = error.into_response();
        let body = match (self, kind) {
            (Self::Page, ErrorKind::WrongCredentials) => form(wrong).into_response(),
            (Self::Json, ErrorKind::WrongCredentials) => {
                Json(json!({ "error": "wrong_credentials", "message": wrong })).into_response()
            }
            (Self::Page, ErrorKind::TooManyAttempts) => {
                let minutes = wait.unwrap_or_default().as_secs().div_ceil(60);
                form(&format!("Too many attempts. Try again in {minutes} min.")).into_response()
            }
            // Between the two steps it took too long, or was ended from elsewhere.
            (Self::Page, ErrorKind::Ended | ErrorKind::Overtaken | ErrorKind::NotLoggedIn) => {
                return Redirect::to("/").into_response();
            }
            _ => return refusal,
        };
        let mut response = (refusal.status(), body).into_response();
        for name in [RETRY_AFTER, WWW_AUTHENTICATE] {
            if let Some(value) = refusal.headers().get(&name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        response
    }
}

impl<S: Sync> FromRequestParts<S> for Wants {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let accept = parts.headers.get(ACCEPT).and_then(|value| value.to_str().ok());
        let asks_for_html = accept.is_some_and(|accept| accept.contains("text/html"));
        Ok(if asks_for_html || is_form(&parts.headers) { Self::Page } else { Self::Json })
    }
}

/// A request's body: JSON, or a form.
pub(crate) struct JsonOrForm<T>(pub(crate) T);

impl<T: DeserializeOwned + 'static, S: Send + Sync> FromRequest<S> for JsonOrForm<T> {
    type Rejection = Response;

    async fn from_request(request: Request, _: &S) -> Result<Self, Response> {
        if is_form(request.headers()) {
            let Form(body) = request.extract().await.map_err(IntoResponse::into_response)?;
            Ok(Self(body))
        } else {
            let Json(body) = request.extract().await.map_err(IntoResponse::into_response)?;
            Ok(Self(body))
        }
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
}
