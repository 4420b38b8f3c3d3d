//! One set of routes for two kinds of client: browsers get the page, all others JSON.

use std::convert::Infallible;

use axum::{
    Form, Json, RequestExt,
    extract::{FromRequest, FromRequestParts, Request},
    http::{
        HeaderMap, StatusCode,
        header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER, VARY, WWW_AUTHENTICATE},
        request::Parts,
    },
    response::{IntoResponse, Redirect, Response},
};
use countersign::Error;
use serde::{Serialize, de::DeserializeOwned};

use crate::page;

/// What a client wants to see.
#[derive(Clone, Copy)]
pub(crate) enum Wants {
    /// It sends a form, or asks for HTML.
    Page,
    Json,
}

impl Wants {
    /// The answer as JSON; a browser goes back to the page, which shows the same.
    pub(crate) fn answer(self, answer: &impl Serialize) -> Response {
        let response = match self {
            Self::Page => Redirect::to("/").into_response(),
            Self::Json => Json(answer).into_response(),
        };
        ([(VARY, "accept")], response).into_response()
    }

    /// The answer where there is nothing to tell.
    pub(crate) fn done(self) -> Response {
        match self {
            Self::Page => Redirect::to("/").into_response(),
            Self::Json => StatusCode::NO_CONTENT.into_response(),
        }
    }

    /// A log-in is refused: a browser gets the form again, with the same status and headers as all others.
    pub(crate) fn refused(self, error: Error) -> Response {
        let message = error.to_string();
        let refusal = error.into_response();
        if matches!(self, Self::Json) || refusal.status().is_server_error() {
            return refusal;
        }
        let mut response = (refusal.status(), page::log_in(&message)).into_response();
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
