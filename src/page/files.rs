//! What a page is made of beside itself: it forbids the browser whatever stands within.

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

pub(crate) async fn style_sheet() -> Response {
    file("text/css; charset=utf-8", include_str!("style.css"))
}

pub(crate) async fn script() -> Response {
    file("text/javascript; charset=utf-8", include_str!("live.js"))
}

fn file(kind: &'static str, text: &'static str) -> Response {
    ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "private, max-age=600")], text).into_response()
}
