use std::sync::Arc;

use axum::response::Html;
use maud::{DOCTYPE, Markup, html};

use super::Base;

/// How the pages of a router look.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    /// What they are called, in the title and on top.
    pub(crate) name: &'static str,
    /// Whether they take all the room there is.
    pub(crate) wide: bool,
    /// A style sheet of the application, after the one that is built in.
    pub(crate) style_sheet: Option<Arc<str>>,
}

/// What stands around a page.
pub(crate) struct Frame<'a> {
    pub(crate) look: &'a Look,
    pub(crate) base: &'a Base,
    pub(crate) title: &'a str,
    /// What stands on top beside the name: links, and who is logged in.
    pub(crate) top: Markup,
}

impl Frame<'_> {
    pub(crate) fn around(self, main: Markup) -> Html<String> {
        let Self { look, base, title, top } = self;
        let page = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (title) " · " (look.name) }
                    link rel="icon" href="data:,";
                    link rel="stylesheet" href={ (base) "/style.css?" (VERSION) };
                    @if let Some(own) = &look.style_sheet { link rel="stylesheet" href=(own); }
                    @if look.wide { script src={ (base) "/live.js?" (VERSION) } defer {} }
                }
                body class=[look.wide.then_some("wide")] {
                    a class="skip" href="#main" { "Skip to the content" }
                    header { div class="inner" { (top) } }
                    main id="main" tabindex="-1" { (main) }
                }
            }
        };
        Html(page.into_string())
    }
}

/// With another version come other files.
const VERSION: &str = env!("CARGO_PKG_VERSION");
