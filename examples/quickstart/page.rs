//! The page, without a template engine: an application would have one.

use axum::{
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY},
    response::{Html, IntoResponse},
};
use countersign::LoggedIn;

/// The form to log in, under a message unless it is empty.
pub(crate) fn log_in(message: &str) -> impl IntoResponse + use<> {
    let message = escape(message);
    page(&format!(
        r#"<main class="narrow"><section>
        <h1>Log in</h1>
        <p class="quiet">Try ada / lovelace, or grace / hopper, who is an operator.</p>
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

/// What a user sees: himself, this session's counter, and the way to his devices.
pub(crate) fn home(who: &LoggedIn, count: i64, sessions: usize) -> impl IntoResponse + use<> {
    let user = escape(who.user());
    let devices =
        if sessions == 1 { "Logged in here only.".to_owned() } else { format!("Logged in {sessions} times.") };
    let operators = if who.has_role("operator") {
        r#"<section class="row">
          <div><h2>Operators</h2><p class="quiet">Everybody's sessions.</p></div>
          <a href="/operators">Open</a>
        </section>"#
    } else {
        ""
    };
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
        <section class="row">
          <div><h2>Your devices</h2><p class="quiet">{devices}</p></div>
          <a href="/account">Show</a>
        </section>
        {operators}
        </main>"#
    ))
}

fn page(main: &str) -> impl IntoResponse + use<> {
    let headers = [(CONTENT_SECURITY_POLICY, POLICY), (CACHE_CONTROL, "no-store")];
    (headers, Html(include_str!("page.html").replace("{{main}}", main)))
}

/// Text that may stand anywhere in HTML, attributes included.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'";
