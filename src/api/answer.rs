use axum::{
    body::Body,
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::Response,
};
use serde::Serialize;

/// An answer that no cache keeps, as JSON.
pub(super) fn json(status: StatusCode, content: &impl Serialize) -> Response {
    // Strings, numbers and lists of them: nothing that JSON has no words for.
    written(status, "application/json", serde_json::to_vec(content).unwrap_or_default())
}

/// The same, of another type.
pub(super) fn written(status: StatusCode, content_type: &'static str, content: Vec<u8>) -> Response {
    let mut response = empty(status);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    *response.body_mut() = Body::from(content);
    response
}

/// The same, where there is nothing to tell.
pub(super) fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
