//! The page on which a user sees where he is logged in, and ends what he does not know.

mod page;

use std::sync::Arc;

use axum::{
    Form, Router,
    extract::{Query, State, rejection::QueryRejection},
    http::StatusCode,
    middleware::from_fn_with_state,
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use serde::Deserialize;

use crate::{
    extract::LoggedIn,
    page::{Base, Look, finish, style_sheet},
    record::SessionId,
    sessions::Error,
};

/// The page "your devices", to mount in an application, inside of its [`SessionLayer`](crate::SessionLayer).
///
/// A user sees his live sessions, the one he is using marked, and logs out of one of them, or of all others. It needs no script, is
/// made for telephones and for keyboards too, and every form carries a [token](crate::Session::form_token). Whoever is not logged in
/// gets 401, or the way to the log-in, as [`LoggedIn`] has it. Its style sheet names its colours as custom properties: an
/// application's [own](Self::style_sheet) may set them anew.
///
/// ```
/// use axum::Router;
/// use countersign::{AccountPage, SessionLayer, Sessions};
///
/// # let sessions = Sessions::for_tests();
/// let app: Router = Router::new()
///     .nest("/account", AccountPage::new().back_to("/", "Back to the shop").router())
///     .layer(SessionLayer::new(sessions));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct AccountPage {
    look: Look,
    back: Option<(Arc<str>, Arc<str>)>,
}

impl AccountPage {
    /// The page as it is.
    pub const fn new() -> Self {
        Self { look: Look { name: "Your account", wide: false, style_sheet: None }, back: None }
    }

    /// Puts a link to another page of the application on top.
    pub fn back_to(self, address: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> Self {
        Self { back: Some((address.into(), text.into())), ..self }
    }

    /// Adds a style sheet of the application, by its address on the same host. It may set `--accent`, `--ground`, `--card` and
    /// what else the built-in one begins with.
    pub fn style_sheet(mut self, address: impl Into<Arc<str>>) -> Self {
        self.look.style_sheet = Some(address.into());
        self
    }

    /// Its routes, wherever they are nested.
    pub fn router<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        let look = self.look.clone();
        Router::new()
            .route("/", get(devices))
            .route("/end", post(end))
            .route("/end-others", post(end_others))
            .route("/style.css", get(style_sheet))
            .fallback(|| async { StatusCode::NOT_FOUND })
            .layer(from_fn_with_state(look, finish))
            .with_state(self)
    }
}

impl Default for AccountPage {
    fn default() -> Self {
        Self::new()
    }
}

/// What has just been done, as the page says it.
#[derive(Clone, Copy, Default, Deserialize)]
struct Done {
    ended: Option<usize>,
}

#[derive(Deserialize)]
struct One {
    session: SessionId,
    form_token: String,
}

#[derive(Deserialize)]
struct Others {
    form_token: String,
}

async fn devices(
    State(account): State<AccountPage>,
    base: Base,
    who: LoggedIn,
    done: Result<Query<Done>, QueryRejection>,
) -> Result<Response, Error> {
    let token = who.session().form_token().await?;
    let sessions = who.sessions().await?;
    let ended = done.ok().and_then(|Query(done)| done.ended);
    Ok(page::devices(&account, &base, &who, &sessions, &token, ended).into_response())
}

/// To end the session that is in use is to log out.
async fn end(base: Base, who: LoggedIn, Form(form): Form<One>) -> Result<Redirect, Error> {
    who.session().check_form_token(&form.form_token)?;
    who.revoke(form.session).await?;
    Ok(if form.session == who.id() { Redirect::to(base.home()) } else { back(&base, 1) })
}

async fn end_others(base: Base, who: LoggedIn, Form(form): Form<Others>) -> Result<Redirect, Error> {
    who.session().check_form_token(&form.form_token)?;
    let ended = who.revoke_others().await?;
    Ok(back(&base, ended.len()))
}

fn back(base: &Base, ended: usize) -> Redirect {
    Redirect::to(&format!("{}?ended={ended}", base.home()))
}
