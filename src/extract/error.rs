use axum_core::response::{IntoResponse, Response};
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER},
};

use super::logged_in::unauthorized;
use crate::{
    carrier::challenge,
    layer::{RETRY_AFTER_SECONDS, status_of},
    sessions::{Error, ErrorKind},
};

/// The status of its [kind](ErrorKind), and a small JSON body. What is the application's own
/// business, and not its client's, stays inside.
impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let (name, message) = match self.kind() {
            ErrorKind::Unavailable => ("unavailable", self.to_string()),
            ErrorKind::Refused(_) | ErrorKind::Ended | ErrorKind::NotLoggedIn => ("login_required", self.to_string()),
            ErrorKind::StepUpRequired => ("step_up_required", self.to_string()),
            ErrorKind::WrongFactor => ("wrong_factor", self.to_string()),
            ErrorKind::CrossSite => ("cross_site", self.to_string()),
            ErrorKind::Superseded => ("superseded", self.to_string()),
            ErrorKind::Overtaken => ("log_in_again", self.to_string()),
            ErrorKind::LimitReached => ("too_many_sessions", self.to_string()),
            ErrorKind::NotFound => ("not_found", self.to_string()),
            ErrorKind::ChangeRefused => ("unacceptable", self.to_string()),
            ErrorKind::MissingLayer => ("missing_layer", self.to_string()),
            _ => ("internal", "something went wrong with the session".to_owned()),
        };
        let body = serde_json::json!({ "error": name, "message": message }).to_string();
        let status = status_of(self.kind());
        if status == StatusCode::UNAUTHORIZED {
            return unauthorized(challenge(self.kind() != ErrorKind::NotLoggedIn), body);
        }
        let json = [
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        let mut response = (status, json, body).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
        }
        response
    }
}
