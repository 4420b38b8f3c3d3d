use axum::response::Html;
use maud::{Markup, html};

use super::AccountPage;
use crate::{
    clock::Timestamp,
    extract::LoggedIn,
    page::{Base, Frame, facts, hidden_token, plural},
    sessions::{SessionInfo, Sessions},
};

/// The whole page. `ended` is how many sessions the user has just ended from it.
pub(super) fn devices(
    account: &AccountPage,
    base: &Base,
    who: &LoggedIn,
    sessions: &[SessionInfo],
    token: &str,
    ended: Option<usize>,
) -> Html<String> {
    let now = who.session().home().map_or_else(|| who.last_seen(), Sessions::now);
    let others = sessions.iter().filter(|session| !session.is_current()).count();
    let top = html! {
        a class="name" href=(base.home()) { (account.look.name) }
        @if let Some((address, text)) = &account.back {
            nav aria-label="Application" { ul { li { a href=(address) { (text) } } } }
        }
        p class="who quiet" { (who.user()) }
    };
    Frame { look: &account.look, base, title: "Your devices", top }.around(html! {
        @if let Some(ended) = ended {
            p class="notice" role="status" { "Logged out of " (plural(ended, "other device")) "." }
        }
        section {
            h1 { "Your devices" }
            p class="quiet" { "Where you are logged in. Log out of whatever you do not know, and change your password then." }
            ul class="list" { @for session in sessions { (device(base, session, now, token)) } }
            div class="foot" {
                @if others > 0 {
                    form method="post" action={ (base) "/end-others" } {
                        (hidden_token(token))
                        button { "Log out everywhere else" }
                    }
                } @else {
                    p class="quiet" { "You are logged in nowhere else." }
                }
            }
        }
    })
}

fn device(base: &Base, session: &SessionInfo, now: Timestamp, token: &str) -> Markup {
    let name = session.device().to_string();
    html! {
        li {
            div {
                h2 class="device" {
                    (name)
                    @if session.is_current() { " " span class="badge" { "this device" } }
                }
                (facts(session, now))
            }
            form method="post" action={ (base) "/end" } {
                (hidden_token(token))
                input type="hidden" name="session" value=(session.id());
                button class="small alarm" {
                    "Log out"
                    span class="unseen" { @if session.is_current() { " here" } @else { " of " (name) } }
                }
            }
        }
    }
}
