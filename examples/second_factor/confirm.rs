//! Step-up: before something dangerous, a user proves again who he is (ASVS 7.5.1, 7.5.3).

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use countersign::{Error, Issued, LoggedIn};
use serde::Deserialize;

use crate::{
    App,
    answer::{JsonOrForm, Wants},
    page,
    users::Users,
};

/// What `POST /confirm` takes: one of the two.
#[derive(Deserialize)]
pub(crate) struct Proof {
    #[serde(default)]
    password: String,
    #[serde(default)]
    code: String,
}

/// Where the guard before what is dangerous sends a browser, whoever it is: a program it answers by a challenge, as RFC 9470 has
/// it.
pub(crate) async fn form(State(app): State<App>, who: Option<LoggedIn>) -> Response {
    match who {
        Some(who) => page::confirm(ASKED, app.users.is_enrolled(who.user())).into_response(),
        None => Redirect::to("/").into_response(),
    }
}

/// The password, or a code, once more: a new id and a new token, and the log-in is fresh again.
pub(crate) async fn confirm(
    State(app): State<App>,
    who: LoggedIn,
    wants: Wants,
    JsonOrForm(proof): JsonOrForm<Proof>,
) -> Response {
    match prove(&app.users, &who, proof).await {
        Ok(issued) => wants.answer(&issued),
        Err(error) => {
            let is_enrolled = app.users.is_enrolled(who.user());
            wants.refused(error, "That was not right.", |message| page::confirm(message, is_enrolled))
        }
    }
}

/// Attempts count as those at a log-in: a stolen session is no way to guess more often.
async fn prove(users: &Users, who: &LoggedIn, proof: Proof) -> Result<Issued, Error> {
    let attempt = who.session().attempt(who.user()).await?;
    let method = if proof.code.is_empty() { "pwd" } else { "totp" };
    let proved = match method {
        "totp" => users.spend_code(who.user(), &proof.code),
        _ => users.has_password(who.user(), proof.password).await,
    };
    if !proved {
        return Err(attempt.refuse().await);
    }
    who.session().step_up(method).since(&attempt).await
}

const ASKED: &str = "What is dangerous needs a log-in that is more recent: confirm that it is you, then try again.";
