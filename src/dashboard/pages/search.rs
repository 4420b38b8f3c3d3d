use std::sync::Arc;

use axum::{
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::{Page, search_form};
use crate::{
    clock::Timestamp,
    dashboard::shared::Shared,
    extract::LoggedIn,
    page::{Base, facts, hidden_token, plural},
    record::SessionId,
    sessions::{Error, ErrorKind, SessionInfo},
};

#[derive(Default, Deserialize)]
pub(in crate::dashboard) struct Asked {
    #[serde(default)]
    q: String,
    /// How many sessions have just been ended from here.
    ended: Option<usize>,
}

/// The sessions of a user. An id of a session that lives leads to its own page.
pub(in crate::dashboard) async fn search(
    State(shared): State<Arc<Shared>>,
    base: Base,
    who: LoggedIn,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Error> {
    let Asked { q, ended } = asked.map(|Query(asked)| asked).unwrap_or_default();
    let user = q.trim();
    let page = Page { shared: &shared, base: &base, who: &who, title: "Users", entry: "Users" };
    if user.is_empty() {
        return Ok(page.around(html! { (done(ended)) (form(&base, user, None)) }).into_response());
    }
    if let Ok(id) = user.parse::<SessionId>()
        && shared.sessions.info_of(id).await?.is_some()
    {
        return Ok(Redirect::to(&format!("{base}/sessions/{id}")).into_response());
    }
    let sessions = match shared.sessions.list(user).await {
        Ok(sessions) => sessions,
        Err(error) if error.kind() == ErrorKind::InvalidName => {
            let problem = "No user can have this id: it has at most 255 bytes, and no control characters.";
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, wrong(page, &base, user, problem)).into_response());
        }
        Err(error) => return Err(error),
    };
    let token = who.session().form_token().await?;
    let now = shared.sessions.now();
    let found = html! {
        (done(ended))
        (form(&base, user, None))
        @if sessions.is_empty() {
            section class="empty" {
                h2 { "Nobody is logged in as " (user) }
                p { "There is no such user; or he has no session that lives." }
            }
        } @else {
            section { (list(&base, user, &sessions, now, &token)) }
        }
    };
    Ok(Page { title: user, ..page }.around(found).into_response())
}

fn form(base: &Base, asked: &str, problem: Option<&str>) -> Markup {
    html! {
        h1 class="unseen" { "Users" }
        section { (search_form(base, asked, problem)) }
    }
}

fn wrong(page: Page<'_>, base: &Base, asked: &str, problem: &str) -> Html<String> {
    page.around(form(base, asked, Some(problem)))
}

fn done(ended: Option<usize>) -> Markup {
    html! {
        @if let Some(ended) = ended {
            p class="notice" role="status" {
                @if ended == 0 { "It had ended already." } @else { (plural(ended, "session")) " ended, on every node." }
            }
        }
    }
}

fn list(base: &Base, user: &str, sessions: &[SessionInfo], now: Timestamp, token: &str) -> Markup {
    let count = plural(sessions.len(), "session");
    html! {
        h2 { (user) }
        p class="quiet" { (count) }
        ul class="list" {
            @for session in sessions {
                li {
                    div {
                        a class="device" href={ (base) "/sessions/" (session.id()) } { (session.device()) }
                        (facts(session, now))
                    }
                    form method="post" action={ (base) "/end" } {
                        (hidden_token(token))
                        input type="hidden" name="session" value=(session.id());
                        button class="small alarm" { "End" span class="unseen" { " the session on " (session.device()) } }
                    }
                }
            }
        }
        details class="sure foot" {
            summary class="button alarm" { "End all…" }
            div {
                p { "This logs " strong { (user) } " out of " (count) ", here and on every other node, at once." }
                form method="post" action={ (base) "/end-all" } {
                    (hidden_token(token))
                    input type="hidden" name="user" value=(user);
                    button class="alarm" { "End " (count) }
                }
            }
        }
    }
}
