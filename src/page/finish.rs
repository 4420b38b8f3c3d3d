use axum::{
    body::Body,
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    HeaderName, HeaderValue, Method, StatusCode,
    header::{
        ACCEPT, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
        X_CONTENT_TYPE_OPTIONS,
    },
};
use maud::html;

use super::{Base, Frame, Look};
use crate::sessions::DenialKind;

/// The last thing that happens to a response of a router of pages: a refusal becomes a page, if a browser asked for one, and every
/// response gets the headers that keep others away from it.
pub(crate) async fn finish(State(look): State<Look>, request: Request, next: Next) -> Response {
    let accepted = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok());
    let wants_page = accepted.is_some_and(|accept| accept.contains("text/html"));
    let (mut parts, body) = request.into_parts();
    let Ok(base) = Base::from_request_parts(&mut parts, &()).await;
    let method = parts.method.clone();
    let mut response = next.run(Request::from_parts(parts, body)).await;
    let is_refusal = response.status().is_client_error() || response.status().is_server_error();
    if wants_page && is_refusal && !is_page(&response) {
        response = as_page(response, &look, &base, &method);
    }
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Those that may be kept have said so.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn is_page(response: &Response) -> bool {
    response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// The same status and headers, and what it means in words.
fn as_page(refusal: Response, look: &Look, base: &Base, method: &Method) -> Response {
    let (mut parts, _) = refusal.into_parts();
    let denial: Option<DenialKind> = parts.extensions.get().copied();
    let (title, text) = words(parts.status, denial);
    let way_on = if method == Method::GET { "To the first page" } else { "Back, for another try" };
    let top = html! { a class="name" href=(base.home()) { (look.name) } };
    let page = Frame { look, base, title, top }.around(html! {
        section class="empty" {
            p class="quiet" { (parts.status.as_u16()) }
            h1 { (title) }
            p { (text) }
            @if denial.is_none() { p { a href=(base.home()) { (way_on) } } }
        }
    });
    for name in [CONTENT_LENGTH, CONTENT_TYPE] {
        parts.headers.remove(name);
    }
    let (made, body) = page.into_response().into_parts();
    parts.headers.extend(made.headers);
    Response::from_parts(parts, Body::new(body))
}

fn words(status: StatusCode, denial: Option<DenialKind>) -> (&'static str, &'static str) {
    match (status, denial) {
        (StatusCode::UNAUTHORIZED, Some(kind)) if kind != DenialKind::NotLoggedIn => {
            ("Is it you?", "This needs a log-in that is more recent, or a stronger one: prove once more who you are.")
        }
        (StatusCode::UNAUTHORIZED, _) => ("You are logged out", "Log in, and come back to this page."),
        (StatusCode::FORBIDDEN, Some(_)) => ("This is not open to you", "Your account has not the role that it takes."),
        (StatusCode::FORBIDDEN, None) => (
            "That form was out of date",
            "Nothing was changed. It was made before you last logged in, or somewhere else.",
        ),
        (StatusCode::NOT_FOUND, _) => {
            ("Not here", "There is no such page; or the session that it was about has ended.")
        }
        (StatusCode::SERVICE_UNAVAILABLE, _) => (
            "Sessions cannot be reached",
            "The place where they are kept does not answer. Nobody was logged out by that.",
        ),
        (status, _) if status.is_client_error() => ("That was not understood", "Nothing was changed."),
        _ => ("Something went wrong", "It was written to the log. Whether anything was changed, the list will show."),
    }
}

const HEADERS: [(HeaderName, &str); 3] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: then forms would come with `Origin: null`, and browsers that say nothing else look like another site.
    (REFERRER_POLICY, "same-origin"),
];
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
     form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
