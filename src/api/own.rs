//! One's own sessions: looked at, refreshed, ended. Another user's is not found, like one that is not there.

use axum::{http::StatusCode, response::Response};

use super::{
    Code, Problem, answer,
    view::{Ended, Opened, SessionView, SessionsView},
    who::{Member, Named, Which},
};
use crate::{record::SessionId, sessions::SessionInfo};

/// `GET /sessions`: not in pages, as the list is as long as the limit of sessions at most.
pub(super) async fn list(who: Member) -> Result<Response, Problem> {
    let sessions = who.session.sessions().await?;
    let sessions = sessions.iter().map(SessionView::new).collect();
    Ok(answer::json(StatusCode::OK, &SessionsView { sessions }))
}

/// `GET /sessions/{id}`.
pub(super) async fn show(who: Member, Named(id): Named) -> Result<Response, Problem> {
    let info = find(&who, id).await?;
    Ok(answer::json(StatusCode::OK, &SessionView::new(&info)))
}

/// `PUT /sessions/{id}`: the same token gives the same new one, however often it asks, as it has one successor at a time.
pub(super) async fn refresh(who: Member, Named(id): Named) -> Result<Response, Problem> {
    if !find(&who, id).await?.is_current() {
        return Err(Problem::new(Code::NotCurrent));
    }
    let issued = who.session.rotate().await?;
    let token = who.session.takes_bearer().then(|| issued.token().clone());
    Ok(answer::json(StatusCode::OK, &Opened::new(&issued, token, who.now)))
}

/// `DELETE /sessions/{id}`.
pub(super) async fn end(who: Member, Named(id): Named) -> Result<Response, Problem> {
    who.session.revoke(id).await?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

/// `DELETE /sessions`.
pub(super) async fn end_all(who: Member, Which { all }: Which) -> Result<Response, Problem> {
    let ended = if all { who.session.log_out_everywhere().await? } else { who.session.revoke_others().await? };
    Ok(answer::json(StatusCode::OK, &Ended::new(&ended)))
}

async fn find(who: &Member, id: SessionId) -> Result<SessionInfo, Problem> {
    if who.info.id() == id {
        return Ok(who.info.clone());
    }
    let sessions = who.session.sessions().await?;
    sessions.into_iter().find(|info| info.id() == id).ok_or_else(|| Problem::new(Code::NotFound))
}
