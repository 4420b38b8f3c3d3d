//! Whatever is refused, as problem details (RFC 9457): the one place that writes them.

use std::borrow::Cow;

use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Code, Failed, answer};
use crate::{
    guard::Answer,
    session::Session,
    sessions::{DenialKind, Error, ErrorKind, RETRY_AFTER_SECONDS},
    token::RefusalKind,
};

/// A refusal, with what the client is to know of it.
#[derive(Debug)]
pub(super) struct Problem {
    code: Code,
    detail: Option<Cow<'static, str>>,
    pointer: Option<String>,
    headers: Option<Box<HeaderMap>>,
    denial: Option<DenialKind>,
}

/// Problem details (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(super) struct Details<'a> {
    /// Always `about:blank`: what is wrong is said by `code`.
    r#type: &'static str,
    /// The status, in words.
    title: &'a str,
    /// The status of the response.
    status: u16,
    /// What is wrong: a name that does not change.
    code: &'a str,
    /// What is wrong, and what would be right, in a sentence.
    detail: &'a str,
    /// Which field of the request is wrong, as a JSON pointer (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pointer: Option<&'a str>,
}

impl Problem {
    pub(super) fn new(code: Code) -> Self {
        Self { code, detail: None, pointer: None, headers: None, denial: None }
    }

    pub(super) fn with_detail(self, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    pub(super) fn with_pointer(self, pointer: String) -> Self {
        Self { pointer: Some(pointer), ..self }
    }

    /// A demand that this session does not meet. It leads nobody to a page: those who ask here are programs.
    pub(super) fn denied(kind: DenialKind, session: &Session, method: &Method) -> Self {
        let answer = Answer::to(kind, session, method, &HeaderMap::new());
        let denied: Response = answer.into_response::<Body>();
        Self { headers: told(denied.headers()), denial: Some(kind), ..Self::new(kind.into()) }
    }

    fn write(&self) -> Vec<u8> {
        let status = self.code.status();
        let details = Details {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            code: self.code.name(),
            detail: self.detail.as_deref().unwrap_or(self.code.detail()),
            pointer: self.pointer.as_deref(),
        };
        // Strings and a number: nothing that JSON has no words for.
        serde_json::to_vec(&details).unwrap_or_default()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = answer::written(self.code.status(), TYPE, self.write());
        response.headers_mut().extend(self.headers.map(|headers| *headers).unwrap_or_default());
        if let Some(denial) = self.denial {
            response.extensions_mut().insert(denial);
        }
        response
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let problem = Self::new(error.kind().into());
        // These say which attribute it is.
        let detail = (error.kind() == ErrorKind::ChangeRefused).then(|| error.to_string().into());
        Self { detail, headers: told(error.into_response().headers()), ..problem }
    }
}

impl From<Failed> for Problem {
    fn from(failed: Failed) -> Self {
        tracing::error!(error = failed.error(), "the authenticator of the REST routes has failed");
        let wait = HeaderValue::from_static(RETRY_AFTER_SECONDS);
        Self { headers: Some(Box::new(HeaderMap::from_iter([(RETRY_AFTER, wait)]))), ..Self::new(Code::Unavailable) }
    }
}

/// What the session layer has turned away, or could not store, has no body: it gets one here.
pub(super) async fn of_layer(response: Response) -> Response {
    let status = response.status();
    if status.as_u16() < 400 || response.headers().contains_key(CONTENT_TYPE) {
        return response;
    }
    let problem = Problem::new(match status {
        StatusCode::BAD_REQUEST => Code::BadRequest,
        StatusCode::UNAUTHORIZED => Code::LoginRequired,
        StatusCode::FORBIDDEN if response.extensions().get() == Some(&RefusalKind::CrossSite) => Code::CrossSite,
        StatusCode::FORBIDDEN => Code::Forbidden,
        StatusCode::UNPROCESSABLE_ENTITY => Code::Unacceptable,
        StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
        _ => Code::Internal,
    });
    let (mut parts, _) = response.into_parts();
    parts.status = problem.code.status();
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(TYPE));
    Response::from_parts(parts, Body::from(problem.write()))
}

/// What the headers of a refusal say that its problem says too.
fn told(headers: &HeaderMap) -> Option<Box<HeaderMap>> {
    let kept = headers.iter().filter(|(name, _)| [WWW_AUTHENTICATE, RETRY_AFTER].contains(name));
    Some(Box::new(kept.map(|(name, value)| (name.clone(), value.clone())).collect()))
}

pub(super) const TYPE: &str = "application/problem+json";
