//! What an operator does. All of it ends sessions, in his name.

use std::sync::Arc;

use axum::{Form, extract::State, response::Redirect};
use serde::Deserialize;

use super::shared::Shared;
use crate::{
    extract::LoggedIn,
    page::{Base, in_query},
    record::SessionId,
    sessions::{Error, ErrorKind, Reason},
};

#[derive(Deserialize)]
pub(super) struct One {
    session: SessionId,
    form_token: String,
}

#[derive(Deserialize)]
pub(super) struct All {
    user: String,
    form_token: String,
}

pub(super) async fn end(
    State(shared): State<Arc<Shared>>,
    base: Base,
    who: LoggedIn,
    Form(form): Form<One>,
) -> Result<Redirect, Error> {
    who.session().check_form_token(&form.form_token)?;
    let found = shared.sessions.info_of(form.session).await?.ok_or_else(|| Error::new(ErrorKind::NotFound))?;
    let ended = shared.sessions.by(who.user()).end_known(found.record(), Reason::ByOperator).await?;
    Ok(back(&base, found.record().user(), usize::from(ended)))
}

pub(super) async fn end_all(
    State(shared): State<Arc<Shared>>,
    base: Base,
    who: LoggedIn,
    Form(form): Form<All>,
) -> Result<Redirect, Error> {
    who.session().check_form_token(&form.form_token)?;
    let ended = shared.sessions.by(who.user()).revoke_user(&form.user, Reason::ByOperator).await?;
    Ok(back(&base, Some(&form.user), ended.len()))
}

fn back(base: &Base, user: Option<&str>, ended: usize) -> Redirect {
    Redirect::to(&format!("{base}/search?q={}&ended={ended}", in_query(user.unwrap_or_default())))
}
