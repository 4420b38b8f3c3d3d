//! What an operator sees.

mod overview;
mod search;
mod services;
mod session;

pub(super) use overview::overview;
pub(super) use search::search;
pub(super) use services::services;
pub(super) use session::session;

use axum::response::Html;
use maud::{Markup, html};

use super::shared::Shared;
use crate::{
    extract::LoggedIn,
    page::{Base, Frame},
};

/// What is on top of each page is the same.
struct Page<'a> {
    shared: &'a Shared,
    base: &'a Base,
    who: &'a LoggedIn,
    title: &'a str,
    /// The entry of the navigation that it belongs to.
    entry: &'a str,
}

impl Page<'_> {
    fn around(self, main: Markup) -> Html<String> {
        let Self { shared, base, who, title, entry } = self;
        let link = |address: &str, text: &str| {
            let here = (text == entry).then_some("page");
            html! { li { a href=(address) aria-current=[here] { (text) } } }
        };
        let top = html! {
            a class="name" href=(base.home()) { (shared.look.name) }
            nav aria-label="Pages" {
                ul {
                    (link(base.home(), "Overview"))
                    (link(&format!("{base}/search"), "Users"))
                    @if shared.slots.services.is_some() { (link(&format!("{base}/services"), "Services")) }
                }
            }
            p class="who quiet" { span class="unseen" { "You are " } (who.user()) }
        };
        Frame { look: &shared.look, base, title, top }.around(main)
    }
}

/// The form by which a user or a session is looked for.
fn search_form(base: &Base, asked: &str, problem: Option<&str>) -> Markup {
    html! {
        form method="get" action={ (base) "/search" } role="search" {
            label for="q" { "User, or session id" }
            div class="search" {
                input id="q" type="search" name="q" value=(asked) required maxlength="255" autocapitalize="none"
                    autocomplete="off" spellcheck="false" aria-describedby="q-about" aria-invalid=[problem.map(|_| "true")];
                button class="main" { "Search" }
            }
            @match problem {
                Some(problem) => p id="q-about" class="alarm" role="alert" { (problem) },
                None => p id="q-about" class="quiet" { "The exact id: capital and small letters differ." },
            }
        }
    }
}
