use std::time::Duration;

use axum_core::response::{IntoResponse, Response};
use http::{
    HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE},
};

use crate::{
    carrier::{challenge, step_up_challenge},
    layer::status_of,
    sessions::{Error, ErrorKind, RETRY_AFTER_SECONDS},
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
            ErrorKind::InvalidFormToken => ("invalid_form_token", self.to_string()),
            ErrorKind::Superseded => ("superseded", self.to_string()),
            ErrorKind::Overtaken => ("log_in_again", self.to_string()),
            ErrorKind::WrongCredentials => ("wrong_credentials", self.to_string()),
            ErrorKind::TooManyAttempts => ("too_many_attempts", self.to_string()),
            ErrorKind::LimitReached => ("too_many_sessions", self.to_string()),
            ErrorKind::NotFound | ErrorKind::NoSuchService => ("not_found", self.to_string()),
            ErrorKind::ServiceRefused(_) => ("invalid_service_token", self.to_string()),
            ErrorKind::NotPermitted => ("not_permitted", self.to_string()),
            ErrorKind::ServiceExists => ("service_exists", self.to_string()),
            ErrorKind::ChangeRefused => ("unacceptable", self.to_string()),
            ErrorKind::MissingLayer => ("missing_layer", self.to_string()),
            _ => ("internal", "something went wrong with the session".to_owned()),
        };
        let body = serde_json::json!({ "error": name, "message": message }).to_string();
        let status = status_of(self.kind());
        let json = [
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        let mut response = (status, json, body).into_response();
        let (name, value) = match (status, self.retry_after()) {
            // Each 401 has a challenge, also for clients with cookies (RFC 9110, section 15.5.2).
            (StatusCode::UNAUTHORIZED, _) => {
                let challenge = match self.kind() {
                    ErrorKind::NotLoggedIn | ErrorKind::WrongCredentials => challenge(false),
                    ErrorKind::StepUpRequired => step_up_challenge(),
                    _ => challenge(true),
                };
                (WWW_AUTHENTICATE, challenge)
            }
            // RFC 6750, section 3.1. Which scope it is, the body says.
            (StatusCode::FORBIDDEN, _) if self.kind() == ErrorKind::NotPermitted => {
                (WWW_AUTHENTICATE, HeaderValue::from_static(r#"Bearer error="insufficient_scope""#))
            }
            (_, Some(wait)) => (RETRY_AFTER, whole_seconds(wait).into()),
            (StatusCode::SERVICE_UNAVAILABLE, None) => (RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS)),
            _ => return response,
        };
        response.headers_mut().insert(name, value);
        response
    }
}

/// Rounded up, so that whoever keeps to it is not too early.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds() {
        for (wait, seconds) in [(0, "1"), (1, "1"), (1_000, "1"), (1_001, "2"), (3_600_000, "3600")] {
            let response = Error::too_many_attempts(Duration::from_millis(wait)).into_response();
            assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
            assert_eq!(response.headers()[RETRY_AFTER], seconds, "{wait} ms");
        }
    }
}
