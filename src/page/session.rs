use maud::{Markup, html};

use super::{ago, left};
use crate::{clock::Timestamp, sessions::SessionInfo};

/// What a line of a list says of a session below the name of its device.
pub(crate) fn facts(session: &SessionInfo, now: Timestamp) -> Markup {
    let address = session.address().map_or_else(|| "unknown address".to_owned(), |address| address.to_string());
    html! {
        p class="facts" {
            span { (address) } " "
            span { "logged in " (ago(now, session.created_at())) } " "
            span { "last seen " (ago(now, session.last_seen())) } " "
            span { "ends " (end(session, now)) }
        }
    }
}

/// When a session ends: by itself if nobody uses it, or however busy it is.
pub(crate) fn end(session: &SessionInfo, now: Timestamp) -> Markup {
    let (remaining, by_itself) = (session.remaining(), session.expires_at());
    html! {
        (left(now, by_itself))
        @if remaining.idle < remaining.absolute { " if unused" } @else { " in any case" }
    }
}

/// By which a form shows that it is of a page of this session.
pub(crate) fn hidden_token(token: &str) -> Markup {
    html! { input type="hidden" name="form_token" value=(token); }
}

/// As in `1 session` and `3 sessions`.
pub(crate) fn plural(count: usize, thing: &str) -> String {
    if count == 1 { format!("1 {thing}") } else { format!("{count} {thing}s") }
}
