//! Who asks, and for which session: what is refused before a handler runs is refused by a problem.

use axum::{
    extract::{FromRequestParts, Path, Query},
    http::request::Parts,
};
use serde::Deserialize;

use super::{Code, Problem};
use crate::{
    clock::Timestamp,
    guard::logged_in,
    record::SessionId,
    session::Session,
    sessions::{DenialKind, SessionInfo, Sessions},
};

/// Anybody.
pub(super) struct Anybody {
    pub(super) session: Session,
    pub(super) sessions: Sessions,
}

/// Somebody who is logged in.
pub(super) struct Member {
    pub(super) session: Session,
    pub(super) info: SessionInfo,
    pub(super) now: Timestamp,
}

/// The session that the path names.
pub(super) struct Named(pub(super) SessionId);

/// Which sessions are to end.
pub(super) struct Which {
    pub(super) all: bool,
}

impl Anybody {
    /// What the session of whoever asks is short of.
    pub(super) fn lacks(&self) -> DenialKind {
        let denial = self.session.examine(|live| logged_in(live).err());
        denial.map_or(DenialKind::NotLoggedIn, |denial| denial.kind)
    }
}

impl<S: Sync> FromRequestParts<S> for Anybody {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let session = Session::in_extensions(&parts.extensions).ok_or_else(|| Problem::new(Code::MissingLayer))?;
        let sessions = session.home().cloned().ok_or_else(|| Problem::new(Code::MissingLayer))?;
        Ok(Self { session, sessions })
    }
}

impl<S: Sync> FromRequestParts<S> for Member {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let anybody = Anybody::from_request_parts(parts, state).await?;
        match anybody.session.info().filter(|info| !info.user().is_empty()) {
            Some(info) => Ok(Self { now: anybody.sessions.now(), session: anybody.session, info }),
            None => Err(Problem::denied(anybody.lacks(), &anybody.session, &parts.method)),
        }
    }
}

/// What can be no session's id is nobody's: not found, like somebody else's.
impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // By its name: the path that the routes are mounted at may have others.
        #[derive(Deserialize)]
        struct One {
            id: String,
        }
        let one = Path::<One>::from_request_parts(parts, state).await.ok();
        one.and_then(|Path(one)| one.id.parse().ok()).map(Self).ok_or_else(|| Problem::new(Code::NotFound))
    }
}

/// A word that is not known is refused: it would decide about what is ended, by doing nothing.
impl<S: Send + Sync> FromRequestParts<S> for Which {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Asked {
            #[serde(default)]
            all: bool,
        }
        let asked = Query::<Asked>::from_request_parts(parts, state).await;
        let problem = Problem::new(Code::Invalid).with_detail("say `all=true`, `all=false`, or nothing");
        let Query(Asked { all }) = asked.map_err(|_| problem)?;
        Ok(Self { all })
    }
}
