use std::sync::Arc;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};

use super::Page;
use crate::{
    clock::Timestamp,
    dashboard::{ServiceLine, shared::Shared},
    extract::LoggedIn,
    page::{Base, ago, plural},
};

/// Who else uses the sessions, if the application says.
pub(in crate::dashboard) async fn services(State(shared): State<Arc<Shared>>, base: Base, who: LoggedIn) -> Response {
    let Some(read) = &shared.slots.services else { return StatusCode::NOT_FOUND.into_response() };
    let services = read().await;
    let now = shared.sessions.now();
    let page = Page { shared: &shared, base: &base, who: &who, title: "Services", entry: "Services" };
    let page = page.around(html! {
        @match services.as_deref() {
            None => section class="empty" {
                h1 { "The services cannot be listed just now" }
                p role="alert" { "The log says why. Load the page again in a while." }
            },
            Some([]) => section class="empty" {
                h1 { "No services" }
                p { "None has been registered with these sessions." }
            },
            Some(services) => section {
                h1 { "Services" }
                p class="quiet" { (plural(services.len(), "service")) }
                ul class="list" { @for one in services { (service(one, now)) } }
            },
        }
    });
    page.into_response()
}

fn service(service: &ServiceLine, now: Timestamp) -> Markup {
    html! {
        li {
            div {
                h2 class="device" {
                    (service.name)
                    @if service.is_revoked { " " span class="badge off" { "revoked" } }
                }
                p class="facts" {
                    @match service.last_used {
                        Some(at) => span { "last used " (ago(now, at)) },
                        None => span { "not used yet" },
                    }
                    @for permission in &service.permissions { " " code { (permission) } }
                }
            }
        }
    }
}
