//! What whoever is not let in is told: the one place that decides about status, headers and body.

use http::{
    HeaderName, HeaderValue, Response, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};

use crate::{
    carrier::challenge,
    sessions::{DenialKind, Error, ErrorKind, RETRY_AFTER_SECONDS},
    token::RefusalKind,
};

/// A response of the layer's own.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    status: StatusCode,
    header: Option<(HeaderName, HeaderValue)>,
    error: &'static str,
    message: String,
    refusal: Option<RefusalKind>,
    denial: Option<DenialKind>,
}

/// RFC 6750, section 3: no error code where no credential came.
pub(super) fn no_credential() -> Answer {
    let message = "this is for services: send `Authorization: Bearer <token>`".to_owned();
    Answer::new(StatusCode::UNAUTHORIZED, "service_token_required", message).with(WWW_AUTHENTICATE, challenge(false))
}

/// RFC 6750, section 3.1.
pub(super) fn several_credentials() -> Answer {
    let message = "send one `Authorization` header".to_owned();
    let challenge = HeaderValue::from_static(r#"Bearer error="invalid_request""#);
    Answer::new(StatusCode::BAD_REQUEST, "invalid_request", message).with(WWW_AUTHENTICATE, challenge)
}

pub(super) fn insecure() -> Answer {
    let answer = Answer::new(StatusCode::FORBIDDEN, "https_required", "come by https".to_owned());
    Answer { refusal: Some(RefusalKind::Insecure), ..answer }
}

/// To a credential that was not good, or not good enough for this permission. An outage is no denial.
pub(super) fn to(error: &Error, permission: Option<&str>) -> Answer {
    match error.kind() {
        ErrorKind::ServiceRefused(kind) => {
            let answer = Answer::new(StatusCode::UNAUTHORIZED, "invalid_service_token", error.to_string());
            Answer { refusal: Some(kind), ..answer.with(WWW_AUTHENTICATE, challenge(true)) }
        }
        ErrorKind::NotPermitted => {
            let answer = Answer::new(StatusCode::FORBIDDEN, "not_permitted", error.to_string());
            // Permissions are spelt as scopes are; what is not, is no service's.
            let scope = permission.unwrap_or_default();
            let challenge = HeaderValue::try_from(format!(r#"Bearer error="insufficient_scope", scope="{scope}""#));
            let challenge = challenge.unwrap_or(HeaderValue::from_static(r#"Bearer error="insufficient_scope""#));
            Answer { denial: Some(DenialKind::MissingPermission), ..answer.with(WWW_AUTHENTICATE, challenge) }
        }
        _ => {
            let message = "services cannot be told apart at the moment: try again".to_owned();
            let seconds = HeaderValue::from_static(RETRY_AFTER_SECONDS);
            Answer::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message).with(RETRY_AFTER, seconds)
        }
    }
}

impl Answer {
    const fn new(status: StatusCode, error: &'static str, message: String) -> Self {
        Self { status, header: None, error, message, refusal: None, denial: None }
    }

    fn with(self, name: HeaderName, value: HeaderValue) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    pub(super) fn into_response<B: From<String>>(self) -> Response<B> {
        let body = serde_json::json!({ "error": self.error, "message": self.message }).to_string();
        let mut response = Response::new(B::from(body));
        *response.status_mut() = self.status;
        if let Some(kind) = self.refusal {
            response.extensions_mut().insert(kind);
        }
        if let Some(kind) = self.denial {
            response.extensions_mut().insert(kind);
        }
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some((name, value)) = self.header {
            headers.insert(name, value);
        }
        response
    }
}
