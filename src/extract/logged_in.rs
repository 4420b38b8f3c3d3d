use std::{fmt, ops::Deref};

use axum_core::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response},
};
use http::request::Parts;
use serde::{Serialize, Serializer};

use super::MissingLayer;
use crate::{
    guard::{Answer, logged_in},
    record::SessionId,
    session::Session,
    sessions::{DenialKind, Ended, Error, SessionInfo},
};

/// Somebody is logged in: a handler that takes this runs for nobody else.
///
/// Everybody else gets 401 with a challenge, or, where `login_url` is set and a browser asks for a
/// page, is sent there, with the [way back](crate::ReturnTo). A handler that takes `Option<LoggedIn>`
/// runs for all. To demand more than a log-in, of one route or many, see [`Require`](crate::Require).
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

    /// Resolves when the session ends, on whatever node, or expires: as [`Session::ended`].
    pub fn ended(&self) -> Ended {
        self.session.ended()
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
        let session = Session::in_extensions(&parts.extensions).ok_or(LoginRequired(Answer::missing_layer()))?;
        Self::of(&session).ok_or_else(|| {
            let denial = session.examine(|live| logged_in(live).err());
            // Another task of this request may have logged somebody in since.
            let denial = denial.unwrap_or(DenialKind::NotLoggedIn.into());
            LoginRequired(Answer::to(denial, &session, &parts.method, &parts.headers))
        })
    }
}

/// `None` if nobody is logged in; a missing layer is still an error.
impl<S: Sync> OptionalFromRequestParts<S> for LoggedIn {
    type Rejection = MissingLayer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, MissingLayer> {
        Session::in_extensions(&parts.extensions).map(|session| Self::of(&session)).ok_or(MissingLayer(()))
    }
}

/// Nobody is logged in, or a second factor or another proof is still owed: 401 with `WWW-Authenticate: Bearer` (RFC 6750), or the
/// way to the log-in page. The same answer as that of [`Require::logged_in`](crate::Require::logged_in).
#[derive(Clone, Debug)]
pub struct LoginRequired(Answer);

impl LoginRequired {
    /// What was missing.
    #[must_use]
    pub const fn kind(&self) -> DenialKind {
        self.0.kind
    }
}

impl fmt::Display for LoginRequired {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            DenialKind::MissingLayer => MissingLayer(()).fmt(f),
            _ => f.write_str("log in first"),
        }
    }
}

impl std::error::Error for LoginRequired {}

impl IntoResponse for LoginRequired {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}
