//! The pages, without a template engine: an application would have one. None has a script.

use axum::{
    http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY},
    response::{Html, IntoResponse, Response},
};
use countersign::LoggedIn;

use crate::users::{Proposal, Standing};

/// A page, made of safe HTML.
pub(crate) struct Page(String);

/// The first step, under a message unless it is empty.
pub(crate) fn log_in(message: &str) -> Page {
    let alarm = alarm(message);
    narrow(&format!(
        r#"<h1>Log in</h1>
        <p class="quiet">Try ada / lovelace, who has a second factor, or grace / hopper, who has none yet.</p>
        <form method="post" action="/login">
          {alarm}
          <label>User name <input name="username" autocomplete="username" autocapitalize="none" required autofocus></label>
          <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
          <button class="main">Continue</button>
        </form>"#
    ))
}

/// The second step.
pub(crate) fn totp(message: &str) -> Page {
    second_step(message, "")
}

/// The same, where a recovery code was refused.
pub(crate) fn recovery(message: &str) -> Page {
    second_step("", message)
}

fn second_step(about_code: &str, about_recovery: &str) -> Page {
    let open = if about_recovery.is_empty() { "" } else { "open" };
    let (about_code, about_recovery) = (alarm(about_code), alarm(about_recovery));
    narrow(&format!(
        r#"<p class="quiet">Step 2 of 2</p>
        <h1>Enter the code</h1>
        <p class="quiet">Your authenticator app shows six digits. Each code is good once.</p>
        <form method="post" action="/totp">
          {about_code}
          <label>Code {CODE_INPUT}</label>
          <button class="main">Log in</button>
        </form>
        <details {open}>
          <summary>Use a recovery code</summary>
          <form method="post" action="/recovery">
            {about_recovery}
            <label>Recovery code <input name="code" class="code" autocomplete="off" autocapitalize="characters"
              spellcheck="false" placeholder="ABCD-EFGH-…" required></label>
            <button>Log in by recovery code</button>
          </form>
        </details>
        <form class="plain" method="post" action="/logout"><button class="link">Log in as somebody else</button></form>"#
    ))
}

/// What a user sees.
pub(crate) fn home(who: &LoggedIn, standing: &Standing) -> Page {
    let (user, methods) = (escape(who.user()), escape(&who.methods().collect::<Vec<_>>().join(" + ")));
    let (level, documents, left) = (who.assurance().name(), standing.documents, standing.recovery_codes);
    let (second_factor, set_up) = if standing.is_enrolled {
        (format!("Authenticator app, and {left} recovery codes left."), "Replace it")
    } else {
        ("None yet: whoever learns your password is you.".to_owned(), "Set it up")
    };
    page(&format!(
        r#"<main>
        <section class="row">
          <div><p class="quiet">Logged in as</p><h1>{user}</h1><p class="quiet">{methods} · {level}</p></div>
          <form class="plain" method="post" action="/logout"><button>Log out</button></form>
        </section>
        <section class="row">
          <div><h2>Second factor</h2><p class="quiet">{second_factor}</p></div>
          <form class="plain" method="post" action="/enrol"><button>{set_up}</button></form>
        </section>
        <section class="row">
          <div><h2>{documents} documents</h2><p class="quiet">To delete them takes a fresh log-in.</p></div>
          <form class="plain" method="post" action="/wipe"><button class="alarm">Delete all</button></form>
        </section>
        </main>"#
    ))
}

/// Step-up: by a code, for whoever has them, or by the password.
pub(crate) fn confirm(message: &str, is_enrolled: bool) -> Page {
    let alarm = alarm(message);
    let by_code = format!(
        r#"<form method="post" action="/confirm">
          <label>Code of your authenticator app {CODE_INPUT}</label>
          <button class="main">Confirm by code</button>
        </form>"#
    );
    let by_code = if is_enrolled { &*by_code } else { "" };
    narrow(&format!(
        r#"<h1>Is it you?</h1>
        {alarm}
        {by_code}
        <form method="post" action="/confirm">
          <label>Password <input name="password" type="password" autocomplete="current-password" required></label>
          <button>Confirm by password</button>
        </form>
        <p class="quiet"><a href="/">Back</a></p>"#
    ))
}

/// A secret for an authenticator app, and the form for its first code.
pub(crate) fn enrol(proposal: &Proposal, message: &str) -> Page {
    let (secret, url, alarm) = (escape(&proposal.secret), escape(&proposal.url), alarm(message));
    narrow(&format!(
        r#"<h1>Set up an authenticator app</h1>
        <p><a href="{url}">Open it in your app</a>, or type in this secret:</p>
        <p class="code shown">{secret}</p>
        <form method="post" action="/enrol/confirm">
          {alarm}
          <label>The code that the app shows now {CODE_INPUT}</label>
          <button class="main">Confirm</button>
        </form>
        <p class="quiet"><a href="/">Not now</a></p>"#
    ))
}

/// Shown once.
pub(crate) fn recovery_codes(codes: &[String]) -> Page {
    let list: String = codes.iter().map(|code| format!("<li>{}</li>", escape(code))).collect();
    narrow(&format!(
        r#"<h1>Your recovery codes</h1>
        <p>For the day when you have lost your phone. Each is good once. Print them, or write them down: nobody can show
        them to you again.</p>
        <ol class="code shown">{list}</ol>
        <p><a href="/">I have them</a></p>"#
    ))
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let headers =
            [(CONTENT_SECURITY_POLICY, POLICY), (CACHE_CONTROL, "no-store"), (REFERRER_POLICY, "same-origin")];
        (headers, Html(self.0)).into_response()
    }
}

fn narrow(section: &str) -> Page {
    page(&format!(r#"<main class="narrow"><section>{section}</section></main>"#))
}

fn page(main: &str) -> Page {
    Page(include_str!("page.html").replace("{{main}}", main))
}

fn alarm(message: &str) -> String {
    if message.is_empty() { String::new() } else { format!(r#"<p class="alarm" role="alert">{}</p>"#, escape(message)) }
}

/// Text that may stand anywhere in HTML, attributes included.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

const CODE_INPUT: &str = r#"<input name="code" class="code" inputmode="numeric" autocomplete="one-time-code" pattern="[0-9]{6}"
    maxlength="6" placeholder="123456" title="six digits" required autofocus>"#;
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'";
