use std::{fmt, ops::Deref};

use axum_core::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response},
};
use http::{
    HeaderValue, StatusCode,
    header::{ACCEPT, CONTENT_TYPE, LOCATION, WWW_AUTHENTICATE},
    request::Parts,
};
use serde::{Serialize, Serializer};

use super::MissingLayer;
use crate::{
    carrier::challenge,
    record::SessionId,
    session::Session,
    sessions::{Error, SessionInfo},
};

/// Somebody is logged in: a handler that takes this runs for nobody else.
///
/// Everybody else gets 401 with a challenge, or, where `login_url` is set and a browser asks for a
/// page, is sent there. A handler that takes `Option<LoggedIn>` runs for all.
///
/// Dereferences to [`SessionInfo`].
///
/// ```
/// use countersign::{Error, LoggedIn, SessionId};
///
/// async fn me(who: LoggedIn) -> String {
///     format!("hello {}, since {:?}", who.user(), who.created_at())
/// }
/// async fn front_page(who: Option<LoggedIn>) -> String {
///     who.map_or("hello stranger".to_owned(), |who| format!("hello {}", who.user()))
/// }
/// async fn end_others(who: LoggedIn) -> Result<(), Error> {
///     who.revoke_others().await?;
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct LoggedIn {
    session: Session,
    info: SessionInfo,
}

impl LoggedIn {
    fn of(session: &Session) -> Option<Self> {
        let info = session.info().filter(|info| !info.user().is_empty())?;
        Some(Self { session: session.clone(), info })
    }

    /// The handle, for writing.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// The user's live sessions, the one used last in front; the current one is marked.
    ///
    /// # Errors
    /// As [`Session::sessions`].
    pub async fn sessions(&self) -> Result<Vec<SessionInfo>, Error> {
        self.session.sessions().await
    }

    /// Ends one of the user's sessions.
    ///
    /// # Errors
    /// As [`Session::revoke`].
    pub async fn revoke(&self, id: SessionId) -> Result<(), Error> {
        self.session.revoke(id).await
    }

    /// Ends all of the user's sessions but this one, and says which.
    ///
    /// # Errors
    /// As [`Session::revoke_others`].
    pub async fn revoke_others(&self) -> Result<Vec<SessionId>, Error> {
        self.session.revoke_others().await
    }
}

impl Deref for LoggedIn {
    type Target = SessionInfo;

    fn deref(&self) -> &SessionInfo {
        &self.info
    }
}

/// As its [`SessionInfo`]: `Json(who)` answers the question who is logged in.
impl Serialize for LoggedIn {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.info.serialize(to)
    }
}

impl<S: Sync> FromRequestParts<S> for LoggedIn {
    type Rejection = LoginRequired;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, LoginRequired> {
        let session = Session::in_extensions(&parts.extensions).ok_or(LoginRequired(Answer::MissingLayer))?;
        match Self::of(&session) {
            Some(logged_in) => Ok(logged_in),
            None => Err(LoginRequired::of(&session, parts)),
        }
    }
}

/// `None` if nobody is logged in; a missing layer is still an error.
impl<S: Sync> OptionalFromRequestParts<S> for LoggedIn {
    type Rejection = MissingLayer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, MissingLayer> {
        Session::in_extensions(&parts.extensions).map(|session| Self::of(&session)).ok_or(MissingLayer(()))
    }
}

/// Nobody is logged in: 401 with `WWW-Authenticate: Bearer` (RFC 6750), or the way to the log-in page.
#[derive(Clone, Debug)]
pub struct LoginRequired(Answer);

#[derive(Clone, Debug)]
enum Answer {
    MissingLayer,
    Challenge(HeaderValue),
    SeeOther(String),
}

impl LoginRequired {
    fn of(session: &Session, parts: &Parts) -> Self {
        match session.login_url().filter(|_| wants_page(parts)) {
            Some(url) => Self(Answer::SeeOther(url.to_owned())),
            None => Self(Answer::Challenge(session.challenge())),
        }
    }
}

/// Whether a browser asks for a page, by a link or by a form: only then does a redirect make sense.
fn wants_page(parts: &Parts) -> bool {
    let accepted = parts.headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    accepted.is_some_and(|accept| accept.contains("text/html"))
}

impl fmt::Display for LoginRequired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Answer::MissingLayer => MissingLayer(()).fmt(f),
            Answer::Challenge(_) | Answer::SeeOther(_) => f.write_str("log in first"),
        }
    }
}

impl std::error::Error for LoginRequired {}

impl IntoResponse for LoginRequired {
    fn into_response(self) -> Response {
        match self.0 {
            Answer::MissingLayer => MissingLayer(()).into_response(),
            Answer::Challenge(challenge) => unauthorized(challenge, BODY),
            Answer::SeeOther(url) => match HeaderValue::try_from(url) {
                Ok(url) => (StatusCode::SEE_OTHER, [(LOCATION, url)]).into_response(),
                Err(_) => unauthorized(challenge(false), BODY),
            },
        }
    }
}

/// A 401: each has a challenge, also for clients with cookies (RFC 9110, section 15.5.2).
pub(super) fn unauthorized(challenge: HeaderValue, body: impl Into<axum_core::body::Body>) -> Response {
    let headers = [(WWW_AUTHENTICATE, challenge), (CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    (StatusCode::UNAUTHORIZED, headers, body.into()).into_response()
}

const BODY: &str = r#"{"error":"login_required","message":"log in first, then send the session cookie or `Authorization: Bearer <token>`"}"#;
