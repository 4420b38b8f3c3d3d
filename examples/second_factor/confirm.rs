//! Step-up: before something dangerous, a user proves again who he is (ASVS 7.5.1, 7.5.3).

use std::time::SystemTime;

use axum::{
    Json,
    extract::{Request, State},
    http::{StatusCode, header::WWW_AUTHENTICATE},
    middleware::Next,
    response::{IntoResponse, Response},
};
use countersign::{Error, Issued, LoggedIn, Timestamp};
use serde::Deserialize;
use serde_json::json;

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

/// Lets those through who have proved lately who they are. All others are told what is missing, as RFC 9470 has it: a program
/// by a challenge, a browser by a form as well.
pub(crate) async fn fresh_login(
    State(app): State<App>,
    who: LoggedIn,
    wants: Wants,
    request: Request,
    next: Next,
) -> Response {
    let age = Timestamp::from(SystemTime::now()).since(who.authenticated_at());
    if age < app.fresh_for && !who.is_stale() {
        return next.run(request).await;
    }
    let message = "This needs a log-in that is more recent: confirm that it is you, then try again.";
    let body = match wants {
        Wants::Page => page::confirm(message, app.users.is_enrolled(who.user())).into_response(),
        Wants::Json => Json(json!({ "error": "step_up_required", "message": message })).into_response(),
    };
    let most = app.fresh_for.as_secs();
    let challenge = format!(r#"Bearer error="insufficient_user_authentication", max_age="{most}""#);
    (StatusCode::UNAUTHORIZED, [(WWW_AUTHENTICATE, challenge)], body).into_response()
}

pub(crate) async fn form(State(app): State<App>, who: LoggedIn) -> Response {
    page::confirm("", app.users.is_enrolled(who.user())).into_response()
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
