use std::fmt;

use axum_core::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponse, Response},
};
use http::request::Parts;

use super::MissingLayer;
use crate::{
    guard::{Answer, logged_in},
    session::{PendingSecondFactor, Session},
    sessions::DenialKind,
};

/// For whoever owes a second factor or another proof. Everybody else gets a [`NotPending`]; a handler that takes
/// `Option<PendingSecondFactor>` runs for all.
impl<S: Sync> FromRequestParts<S> for PendingSecondFactor {
    type Rejection = NotPending;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, NotPending> {
        let session = Session::in_extensions(&parts.extensions).ok_or(NotPending(Answer::missing_layer()))?;
        session.pending().ok_or_else(|| {
            let kind = session.examine(|live| match logged_in(live) {
                Ok(_) => DenialKind::NothingPending,
                Err(denial) => denial.kind,
            });
            NotPending(Answer::to(kind, &session, &parts.method, &parts.headers))
        })
    }
}

/// `None` if nothing is owed; a missing layer is still an error.
impl<S: Sync> OptionalFromRequestParts<S> for PendingSecondFactor {
    type Rejection = MissingLayer;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, MissingLayer> {
        Session::in_extensions(&parts.extensions).map(|session| session.pending()).ok_or(MissingLayer(()))
    }
}

/// No second factor and no other proof is owed. If nobody is there: the same answer as [`LoginRequired`](crate::LoginRequired).
/// If somebody is logged in already, as after a form that was sent twice: 403 `nothing_pending`; where to go then only the
/// application knows, which takes `Option<PendingSecondFactor>` to decide.
#[derive(Clone, Debug)]
pub struct NotPending(Answer);

impl NotPending {
    /// What was missing.
    #[must_use]
    pub const fn kind(&self) -> DenialKind {
        self.0.kind
    }
}

impl fmt::Display for NotPending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind() {
            DenialKind::MissingLayer => MissingLayer(()).fmt(f),
            DenialKind::NothingPending => f.write_str("nothing is owed: somebody is logged in already"),
            _ => f.write_str("log in first"),
        }
    }
}

impl std::error::Error for NotPending {}

impl IntoResponse for NotPending {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}
