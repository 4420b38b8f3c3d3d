use std::sync::Arc;

use axum::{extract::State, response::Html};
use maud::{Markup, html};

use super::{Page, search_form};
use crate::{
    dashboard::{
        Figure,
        figure::{HOUR, ROOM, ROW, STEP},
        shared::Shared,
    },
    extract::LoggedIn,
    page::Base,
};

pub(in crate::dashboard) async fn overview(
    State(shared): State<Arc<Shared>>,
    base: Base,
    who: LoggedIn,
) -> Html<String> {
    let figures = shared.figures();
    let page = Page { shared: &shared, base: &base, who: &who, title: "Overview", entry: "Overview" };
    page.around(html! {
        h1 class="unseen" { "Overview" }
        section { (search_form(&base, "", None)) }
        div {
            div class="head" {
                h2 { "The last hour on this node" }
                div class="live" data-live={ (base) "/live" } data-state="off" {
                    span class="dot" aria-hidden="true" {}
                    span class="state" role="status" { "As of when this page was loaded" }
                    button type="button" class="small" hidden { "Pause" }
                }
            }
            div class="figures" { @for (at, of) in figures.iter().enumerate() { (figure(at, of)) } }
        }
    })
}

fn figure(at: usize, figure: &Figure) -> Markup {
    let drawn = figure.draw();
    // Bars for what happened; an area, without gaps, for what is there.
    let (class, gap) = if figure.is_level() { ("plot level", 0) } else { ("plot", 1) };
    html! {
        article class="card figure" id={ "figure-" (at) } aria-labelledby={ "title-" (at) } {
            h3 id={ "title-" (at) } { (figure.title) }
            p class="value" { span class="number" { (drawn.value) } " " small { (figure.period()) } }
            p class="quiet" { (figure.hint) }
            svg class=(class) viewBox={ "0 0 " (HOUR as u32 * STEP) " " (ROOM) } preserveAspectRatio="none" role="img"
                aria-labelledby={ "title-" (at) " desc-" (at) } {
                desc id={ "desc-" (at) } { (drawn.summary) }
                @for (minute, height) in (0_u32..).zip(&drawn.bars) {
                    rect x=(minute * STEP) y=(ROOM - height) width=(STEP - gap) height=(height) {}
                }
            }
            p class="scale" aria-hidden="true" {
                span { "1 h ago" } span { "at most " span class="most" { (drawn.most) } } span { "now" }
            }
            details {
                summary { "In numbers" span class="unseen" { ": " (figure.title) } }
                table {
                    thead { tr { th scope="col" { "Minutes ago" } th scope="col" { (figure.title) } } }
                    tbody {
                        @for (row, value) in drawn.rows.iter().enumerate() {
                            tr { th scope="row" { (row * ROW) "–" (row * ROW + ROW) } td { (value) } }
                        }
                    }
                }
            }
        }
    }
}
