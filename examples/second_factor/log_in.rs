//! The two steps of a log-in.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use countersign::{Error, Issued, PendingSecondFactor, Session};
use serde::{Deserialize, Serialize};

use crate::{
    App,
    answer::{JsonOrForm, Wants},
    page,
    users::Users,
};

/// What `POST /login` takes, as JSON or as a form.
#[derive(Deserialize)]
pub(crate) struct Login {
    username: String,
    password: String,
}

/// What `POST /totp` and `POST /recovery` take.
#[derive(Deserialize)]
pub(crate) struct Code {
    code: String,
}

/// What a program is told after the first step. Its token is good for the second step, and for nothing else while there is one.
#[derive(Serialize)]
struct First {
    #[serde(flatten)]
    issued: Issued,
    /// Of which one is still to be passed.
    second_factor: &'static [&'static str],
}

/// What a program is told after a recovery code.
#[derive(Serialize)]
struct Recovered {
    #[serde(flatten)]
    issued: Issued,
    /// So many recovery codes are left.
    recovery_codes_left: usize,
}

/// The first step; for whoever has no second factor, the only one.
pub(crate) async fn password(
    State(app): State<App>,
    session: Session,
    wants: Wants,
    JsonOrForm(form): JsonOrForm<Login>,
) -> Response {
    match first_step(&app.users, &session, form).await {
        Ok(first) if first.second_factor.is_empty() => wants.answer(&first),
        Ok(first) => wants.answer_or_go_to("/totp", &first),
        Err(error) => wants.refused(error, "Wrong user name or password.", page::log_in),
    }
}

async fn first_step(users: &Users, session: &Session, form: Login) -> Result<First, Error> {
    let attempt = session.attempt(&form.username).await?; // counted before it is checked
    if !users.has_password(&form.username, form.password).await {
        return Err(attempt.refuse().await);
    }
    let second_factor = if users.is_enrolled(&form.username) { FACTORS } else { &[] };
    let log_in = session.log_in(form.username).method("pwd").since(&attempt);
    let log_in =
        if second_factor.is_empty() { log_in } else { log_in.pending_second_factor(second_factor.iter().copied()) };
    Ok(First { issued: log_in.await?, second_factor })
}

/// The page for the second step.
pub(crate) async fn form(session: Session) -> Response {
    match session.pending() {
        Some(_) => page::totp("").into_response(),
        None => Redirect::to("/").into_response(),
    }
}

/// The second step, by a code of the authenticator app: a new id and a new token, and he is logged in.
pub(crate) async fn totp(
    State(app): State<App>,
    session: Session,
    wants: Wants,
    JsonOrForm(form): JsonOrForm<Code>,
) -> Response {
    let Some(pending) = session.pending() else { return wants.log_in_first(&session) };
    match by_totp(&app.users, &pending, &form.code).await {
        Ok(issued) => wants.answer(&issued),
        Err(error) => wants.refused(error, WRONG_CODE, page::totp),
    }
}

async fn by_totp(users: &Users, pending: &PendingSecondFactor, code: &str) -> Result<Issued, Error> {
    let attempt = pending.attempt("totp").await?;
    if !users.spend_code(pending.user(), code) {
        return Err(attempt.refuse().await);
    }
    pending.pass("totp").since(&attempt).await
}

/// The second step, by a recovery code. Its attempts have a count of their own: who guesses at the other factor locks nobody
/// out of this one.
pub(crate) async fn recovery(
    State(app): State<App>,
    session: Session,
    wants: Wants,
    JsonOrForm(form): JsonOrForm<Code>,
) -> Response {
    let Some(pending) = session.pending() else { return wants.log_in_first(&session) };
    match by_recovery_code(&app.users, &pending, &form.code).await {
        Ok(recovered) => wants.answer(&recovered),
        Err(error) => wants.refused(error, WRONG_CODE, page::recovery),
    }
}

async fn by_recovery_code(users: &Users, pending: &PendingSecondFactor, code: &str) -> Result<Recovered, Error> {
    let attempt = pending.attempt("recovery").await?;
    let Some(recovery_codes_left) = users.spend_recovery_code(pending.user(), code) else {
        return Err(attempt.refuse().await);
    };
    let issued = pending.pass("recovery").since(&attempt).await?;
    Ok(Recovered { issued, recovery_codes_left })
}

/// Either will do.
const FACTORS: &[&str] = &["totp", "recovery"];
/// The same for one that was used before: whoever has looked over a shoulder learns nothing more.
const WRONG_CODE: &str = "This code is wrong, or was used before.";
