//! Setting up an authenticator app: a secret is shown, and is good once a code has shown that the app has it.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use countersign::{Error, Issued, LoggedIn};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    App,
    answer::{JsonOrForm, Wants},
    page, totp,
};

/// What `POST /enrol/confirm` takes.
#[derive(Deserialize)]
pub(crate) struct Code {
    code: String,
}

/// What a program is told when all is set up.
#[derive(Serialize)]
struct Enrolled {
    #[serde(flatten)]
    issued: Issued,
    recovery_codes: Vec<String>,
}

/// The secret, as a link for the app and to type in. Until it is confirmed all is as it was.
pub(crate) async fn begin(State(app): State<App>, who: LoggedIn, wants: Wants) -> Result<Response, StatusCode> {
    let secret = totp::new_secret().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let proposal = app.users.propose(who.user(), secret).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(match wants {
        Wants::Page => page::enrol(&proposal, "").into_response(),
        Wants::Json => wants.answer(&json!({ "secret": proposal.secret, "url": proposal.url })),
    })
}

/// The first code, and in return the recovery codes. Whoever guesses here guesses at a secret that he has been shown: nothing
/// is counted.
pub(crate) async fn finish(
    State(app): State<App>,
    who: LoggedIn,
    wants: Wants,
    JsonOrForm(form): JsonOrForm<Code>,
) -> Result<Response, StatusCode> {
    let enrolled = app.users.enrol(who.user(), &form.code).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let Some(recovery_codes) = enrolled else { return Ok(not_yet(&app, &who, wants)) };
    Ok(match strengthen(&who).await {
        Ok(issued) => match wants {
            Wants::Page => page::recovery_codes(&recovery_codes).into_response(),
            Wants::Json => wants.answer(&Enrolled { issued, recovery_codes }),
        },
        Err(error) => error.into_response(),
    })
}

/// This session has now passed both factors. His others have not: they end (ASVS 7.4.3), and so does a log-in that has read
/// from the table, a moment ago, that one factor will do.
async fn strengthen(who: &LoggedIn) -> Result<Issued, Error> {
    let issued = who.session().step_up("totp").await?;
    who.revoke_others().await?;
    Ok(issued)
}

/// The code was wrong: the same secret once more.
fn not_yet(app: &App, who: &LoggedIn, wants: Wants) -> Response {
    let message = "This is no code of this secret: wait for the next one.";
    let body = match (wants, app.users.proposal(who.user())) {
        (Wants::Page, Some(proposal)) => page::enrol(&proposal, message).into_response(),
        _ => Json(json!({ "error": "wrong_code", "message": message })).into_response(),
    };
    (StatusCode::UNPROCESSABLE_ENTITY, body).into_response()
}
