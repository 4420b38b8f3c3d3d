//! What can go wrong: by a name that clients may rely on, and the status that goes with it.

use axum::http::StatusCode;

use crate::sessions::{DenialKind, ErrorKind};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    BadRequest,
    Malformed,
    LoginRequired,
    WrongCredentials,
    SecondFactorRequired,
    StepUpRequired,
    LogInAgain,
    CrossSite,
    Forbidden,
    WrongFactor,
    NothingPending,
    NotFound,
    MethodNotAllowed,
    Superseded,
    TooManySessions,
    NotCurrent,
    TooLarge,
    UnsupportedMediaType,
    Invalid,
    Unacceptable,
    TooManyAttempts,
    Internal,
    MissingLayer,
    Unavailable,
}

impl Code {
    /// Its name, the status, and what is said of it unless more is known.
    const fn facts(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::BadRequest => (
                "bad_request",
                StatusCode::BAD_REQUEST,
                "send one credential, by one `Authorization` header or the cookie",
            ),
            Self::Malformed => ("malformed", StatusCode::BAD_REQUEST, "the body is not JSON"),
            Self::LoginRequired => (
                "login_required",
                StatusCode::UNAUTHORIZED,
                "log in first, then send the session cookie or `Authorization: Bearer <token>`",
            ),
            Self::WrongCredentials => {
                ("wrong_credentials", StatusCode::UNAUTHORIZED, "what was sent does not prove who you are")
            }
            Self::SecondFactorRequired => (
                "second_factor_required",
                StatusCode::UNAUTHORIZED,
                "send one of the second factors that the log-in has named",
            ),
            Self::StepUpRequired => ("step_up_required", StatusCode::UNAUTHORIZED, "prove again who you are: log in"),
            Self::LogInAgain => (
                "log_in_again",
                StatusCode::UNAUTHORIZED,
                "this log-in took too long, or was overtaken by a change: log in again",
            ),
            Self::CrossSite => {
                ("cross_site", StatusCode::FORBIDDEN, "this request came from another site: start from this one")
            }
            Self::Forbidden => ("forbidden", StatusCode::FORBIDDEN, "this is not accepted on this way: use https"),
            Self::WrongFactor => {
                ("wrong_factor", StatusCode::FORBIDDEN, "this log-in waits for another factor: use one that it names")
            }
            Self::NothingPending => {
                ("nothing_pending", StatusCode::FORBIDDEN, "no second factor is owed: you are logged in already")
            }
            Self::NotFound => ("not_found", StatusCode::NOT_FOUND, "no such session"),
            Self::MethodNotAllowed => {
                ("method_not_allowed", StatusCode::METHOD_NOT_ALLOWED, "`Allow` says what can be done here")
            }
            Self::Superseded => {
                ("superseded", StatusCode::CONFLICT, "this session token has been replaced: use the new one")
            }
            Self::TooManySessions => {
                ("too_many_sessions", StatusCode::CONFLICT, "too many sessions: log out elsewhere first")
            }
            Self::NotCurrent => (
                "not_current",
                StatusCode::CONFLICT,
                "only the session that asks can be refreshed: another keeps its secret",
            ),
            Self::TooLarge => ("too_large", StatusCode::PAYLOAD_TOO_LARGE, "the body is longer than 16 KiB"),
            Self::UnsupportedMediaType => {
                ("unsupported_media_type", StatusCode::UNSUPPORTED_MEDIA_TYPE, "send `application/json`")
            }
            Self::Invalid => {
                ("invalid", StatusCode::UNPROCESSABLE_ENTITY, "the request is not of the form that is asked for")
            }
            Self::Unacceptable => {
                ("unacceptable", StatusCode::UNPROCESSABLE_ENTITY, "the session's data is not acceptable")
            }
            Self::TooManyAttempts => {
                ("too_many_attempts", StatusCode::TOO_MANY_REQUESTS, "too many attempts: try again later")
            }
            Self::Internal => ("internal", StatusCode::INTERNAL_SERVER_ERROR, "something went wrong with the session"),
            Self::MissingLayer => (
                "missing_layer",
                StatusCode::INTERNAL_SERVER_ERROR,
                "this request did not pass through countersign's SessionLayer",
            ),
            Self::Unavailable => {
                ("unavailable", StatusCode::SERVICE_UNAVAILABLE, "sessions are unavailable at the moment: try again")
            }
        }
    }

    pub(super) const fn name(self) -> &'static str {
        self.facts().0
    }

    pub(super) const fn status(self) -> StatusCode {
        self.facts().1
    }

    pub(super) const fn detail(self) -> &'static str {
        self.facts().2
    }
}

impl From<ErrorKind> for Code {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Unavailable => Self::Unavailable,
            ErrorKind::Refused(_) | ErrorKind::Ended | ErrorKind::NotLoggedIn => Self::LoginRequired,
            ErrorKind::StepUpRequired => Self::StepUpRequired,
            ErrorKind::WrongFactor => Self::WrongFactor,
            ErrorKind::CrossSite => Self::CrossSite,
            ErrorKind::InvalidFormToken => Self::Forbidden,
            ErrorKind::Superseded => Self::Superseded,
            ErrorKind::LimitReached => Self::TooManySessions,
            ErrorKind::Overtaken => Self::LogInAgain,
            ErrorKind::WrongCredentials => Self::WrongCredentials,
            ErrorKind::TooManyAttempts => Self::TooManyAttempts,
            ErrorKind::NotFound => Self::NotFound,
            ErrorKind::ChangeRefused => Self::Unacceptable,
            ErrorKind::MissingLayer => Self::MissingLayer,
            // The application's own mistakes, and what no verb of a user's own gives.
            _ => Self::Internal,
        }
    }
}

impl From<DenialKind> for Code {
    fn from(kind: DenialKind) -> Self {
        match kind {
            DenialKind::NotLoggedIn => Self::LoginRequired,
            DenialKind::SecondFactorPending => Self::SecondFactorRequired,
            DenialKind::StepUpDemanded | DenialKind::NotFresh | DenialKind::AssuranceTooLow => Self::StepUpRequired,
            DenialKind::MissingRole | DenialKind::MissingPermission | DenialKind::ConditionFailed => Self::Forbidden,
            DenialKind::NothingPending => Self::NothingPending,
            DenialKind::Unchecked => Self::Unavailable,
            DenialKind::MissingLayer => Self::MissingLayer,
        }
    }
}
