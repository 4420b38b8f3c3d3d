//! The page, without a template engine: an application would have one.

use std::time::SystemTime;

use axum::{
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    response::{Html, IntoResponse},
};
use countersign::{SessionInfo, Timestamp};

/// The form to log in, under a message unless it is empty.
pub(crate) fn log_in(message: &str) -> impl IntoResponse + use<> {
    let message = escape(message);
    page(&format!(
        r#"<main class="narrow"><section>
        <h1>Log in</h1>
        <p class="quiet">Try ada / lovelace, or grace / hopper.</p>
        <form class="stack" method="post" action="/login">
          <p class="alarm" role="alert">{message}</p>
          <label>User name <input name="username" autocomplete="username" autocapitalize="none" required autofocus></label>
          <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
          <label class="check"><input name="remember" type="checkbox" value="true"> Remember me</label>
          <button class="main">Log in</button>
        </form>
        </section></main>"#
    ))
}

/// What a user sees: himself, this session's counter, and all his sessions.
pub(crate) fn home(user: &str, count: i64, sessions: &[SessionInfo]) -> impl IntoResponse + use<> {
    let user = escape(user);
    let devices: String = sessions.iter().map(device).collect();
    let alone = if sessions.len() > 1 { "" } else { "disabled" };
    page(&format!(
        r#"<main>
        <section class="row">
          <div><p class="quiet">Logged in as</p><h1>{user}</h1></div>
          <form method="post" action="/logout"><button>Log out</button></form>
        </section>
        <section class="row">
          <div><h2>Counter</h2><p class="quiet">Kept in this session only.</p></div>
          <form class="row" method="post" action="/counter">
            <output class="count">{count}</output> <button class="main">Add one</button>
          </form>
        </section>
        <section>
          <h2>Your devices</h2>
          <ul>{devices}</ul>
          <button data-delete="/sessions?except=current" {alone}>Log out everywhere else</button>
          <noscript><p class="quiet">Ending other sessions needs JavaScript here.</p></noscript>
        </section>
        </main>"#
    ))
}

fn device(session: &SessionInfo) -> String {
    let id = session.id();
    let device = escape(&session.device().to_string());
    let here = if session.is_current() { r#"<span class="here">this device</span>"# } else { "" };
    let address = session.address().map_or_else(|| "unknown address".to_owned(), |address| address.to_string());
    let (created, seen) = (ago(session.created_at()), ago(session.last_seen()));
    format!(
        r#"<li class="row">
          <div><strong>{device}</strong> {here}
          <p class="quiet facts"><span>{address}</span><span>logged in {created}</span><span>last seen {seen}</span></p></div>
          <button class="alarm" data-delete="/sessions/{id}">Revoke</button>
        </li>"#
    )
}

/// `GET /page.js`: beside the page, so that the page may forbid all scripts within it.
pub(crate) async fn script() -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], include_str!("page.js"))
}

fn page(main: &str) -> impl IntoResponse + use<> {
    let headers = [(CONTENT_SECURITY_POLICY, POLICY), (CACHE_CONTROL, "no-store")];
    (headers, Html(include_str!("page.html").replace("{{main}}", main)))
}

/// Text that may stand anywhere in HTML, attributes included.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

fn ago(time: Timestamp) -> String {
    let minutes = Timestamp::from(SystemTime::now()).since(time).as_secs() / 60;
    match minutes {
        0 => "just now".to_owned(),
        1..60 => format!("{minutes} min ago"),
        60..1440 => format!("{} h ago", minutes / 60),
        _ => format!("{} d ago", minutes / 1440),
    }
}

const POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'unsafe-inline'; img-src data:; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
