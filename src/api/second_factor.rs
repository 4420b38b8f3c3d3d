//! The second factor of a log-in, sent with the credential that the first one was answered by.

use axum::response::Response;
use utoipa::ToSchema;

use super::{
    Api, Code, Problem,
    body::Fields,
    log_in::{METHOD, opened},
    who::Anybody,
};
use crate::sessions::DenialKind;

/// Another proof, of the kind that the log-in has asked for.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SecondFactor {
    /// One of the factors that the log-in has named.
    #[schema(min_length = 1, max_length = 64)]
    factor: String,
    /// What proves it.
    #[schema(min_length = 1, max_length = 1024)]
    code: String,
}

impl SecondFactor {
    pub(super) fn read(fields: &mut Fields) -> Result<Self, Problem> {
        Ok(Self { factor: fields.text("factor", 64)?, code: fields.text("code", 1024)? })
    }
}

/// Only of a log-in that waits for one. A session that is suspended, because it was used from elsewhere, is proved by logging in.
pub(super) async fn pass(api: &Api, who: &Anybody, second: SecondFactor) -> Result<Response, Problem> {
    let passed = check(api, who, second).await;
    if passed.is_err() {
        // Of two clicks the second is refused, and may be answered last: what the first was given stays.
        who.session.leaves_the_cookie();
    }
    passed
}

async fn check(api: &Api, who: &Anybody, second: SecondFactor) -> Result<Response, Problem> {
    let pending = who.session.pending().filter(|pending| pending.info().first_factor().is_some());
    let Some(pending) = pending else {
        let kind = if who.session.is_logged_in() { DenialKind::NothingPending } else { who.lacks() };
        return Err(Problem::denied(kind, &who.session, &METHOD));
    };
    if !pending.accepts(&second.factor) {
        return Err(Problem::new(Code::WrongFactor));
    }
    let attempt = pending.attempt(&second.factor).await?;
    match api.authenticator.check_factor(pending.user(), &second.factor, &second.code).await {
        Ok(true) => {}
        Ok(false) => return Err(attempt.refuse().await.into()),
        Err(failed) => {
            attempt.withdraw().await;
            return Err(failed.into());
        }
    }
    let issued = pending.pass(&second.factor).since(&attempt).await?;
    Ok(opened(who, &issued, who.session.takes_bearer()))
}
