use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};

use super::Page;
use crate::{
    dashboard::{TrailLine, shared::Shared},
    extract::LoggedIn,
    page::{Base, ago, end, hidden_token, in_query, left, moment},
    record::SessionId,
    sessions::{Error, ErrorKind, SessionInfo},
};

/// One session, and what has happened to it: also when it has ended, as long as the trail tells of it.
pub(in crate::dashboard) async fn session(
    State(shared): State<Arc<Shared>>,
    base: Base,
    who: LoggedIn,
    Path(id): Path<SessionId>,
) -> Result<Response, Error> {
    let found = shared.sessions.info_of(id).await?;
    let trail = match &shared.slots.trail {
        Some(read) => Some(read(id).await),
        None => None,
    };
    match (&found, &trail) {
        (None, None) => return Err(Error::new(ErrorKind::NotFound)),
        (None, Some(Some(lines))) if lines.is_empty() => return Err(Error::new(ErrorKind::NotFound)),
        // Whether there was one, only the trail could tell.
        (None, Some(None)) => return Err(Error::new(ErrorKind::Unavailable)),
        _ => {}
    }
    let token = who.session().form_token().await?;
    let page = Page { shared: &shared, base: &base, who: &who, title: "Session", entry: "Users" };
    let page = page.around(html! {
        section {
            @match &found {
                Some(session) => (about(&shared, &base, session, &token)),
                None => { h1 { "A session that has ended" } p class="quiet" { code { (id) } } },
            }
        }
        @if let Some(lines) = &trail { section { h2 { "What has happened" } (told(lines.as_deref())) } }
    });
    Ok(page.into_response())
}

fn about(shared: &Shared, base: &Base, session: &SessionInfo, token: &str) -> Markup {
    let now = shared.sessions.now();
    let address = session.address().map_or_else(|| "unknown".to_owned(), |address| address.to_string());
    let listed = |words: Vec<&str>, none: &str| if words.is_empty() { none.to_owned() } else { words.join(", ") };
    let proved = format!("{} ({})", listed(session.methods().collect(), "not said"), session.assurance().name());
    let rows = [
        ("User", user(base, session)),
        ("Roles", html! { (listed(session.roles().collect(), "none")) }),
        ("Address at the start", html! { (address) }),
        ("Proved by", html! { (proved) }),
        ("Begun", moment(session.created_at())),
        ("Last proof", moment(session.authenticated_at())),
        ("Last seen", ago(now, session.last_seen())),
        ("Ends", end(session, now)),
        ("At the latest", left(now, now.after(session.remaining().absolute))),
    ];
    html! {
        div class="head" {
            h1 { (session.device()) }
            form method="post" action={ (base) "/end" } {
                (hidden_token(token))
                input type="hidden" name="session" value=(session.id());
                button class="alarm" { "End this session" }
            }
        }
        dl {
            @for (name, value) in rows { div { dt { (name) } dd { (value) } } }
            div class="long" { dt { "Session id" } dd { code { (session.id()) } } }
        }
    }
}

fn user(base: &Base, session: &SessionInfo) -> Markup {
    html! {
        @match (session.record().user(), session.first_factor()) {
            (Some(user), _) => a href={ (base) "/search?q=" (in_query(user)) } { (user) },
            (None, Some(_)) => "nobody yet: the second factor is owed",
            (None, None) => "nobody is logged in",
        }
    }
}

fn told(lines: Option<&[TrailLine]>) -> Markup {
    html! {
        @match lines {
            None => p class="alarm" role="alert" { "The audit trail cannot be read just now. The log says why." },
            Some([]) => p class="quiet" { "Nothing has been written down about it." },
            Some(lines) => ol class="trail" {
                @for line in lines {
                    li class=[line.is_alarming.then_some("alarming")] {
                        p {
                            @if line.is_alarming { span class="unseen" { "Look at this: " } }
                            (line.what)
                            @if let Some(by) = &line.by { span class="quiet" { " by " (by) } }
                        }
                        p class="facts" { span { (moment(line.at)) } @if let Some(note) = &line.note { " " span { (note) } } }
                    }
                }
            },
        }
    }
}
