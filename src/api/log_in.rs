//! `POST /sessions`: a name and a password, or the second factor that is owed after them.

use axum::{
    extract::State,
    http::{HeaderValue, Method, StatusCode, header::LOCATION},
    response::Response,
};
use utoipa::ToSchema;

use super::{
    Api, Problem, answer,
    authenticator::Verdict,
    body::{Fields, invalid},
    second_factor::{self, SecondFactor},
    view::{Opened, Owed},
    who::Anybody,
};
use crate::{clock::Stopwatch, config::Carriers, sessions::Issued};

/// Who somebody says he is, and the proof of it.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FirstFactor {
    /// The name that the user logs in by.
    #[schema(min_length = 1, max_length = 255)]
    username: String,
    /// His password.
    #[schema(min_length = 1, max_length = 1024)]
    password: String,
    /// Whether the session is to outlive the browser.
    #[schema(required = false, default = false)]
    remember: bool,
    /// Whether the answer is to hold the token, in place of a cookie: for programs.
    #[schema(required = false, default = false)]
    token: bool,
    /// The application's own id for the device, to end its sessions by.
    #[schema(min_length = 1, max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]+$", nullable = false)]
    device_id: Option<String>,
}

pub(super) async fn log_in(State(api): State<Api>, who: Anybody, mut fields: Fields) -> Result<Response, Problem> {
    if fields.has("factor") || fields.has("code") {
        let second = SecondFactor::read(&mut fields)?;
        fields.finish()?;
        return second_factor::pass(&api, &who, second).await;
    }
    let first = FirstFactor::read(&mut fields)?;
    fields.finish()?;
    first.pass(&api, &who).await
}

impl FirstFactor {
    fn read(fields: &mut Fields) -> Result<Self, Problem> {
        let device_id = fields.optional_text("device_id", 255)?;
        if device_id.as_deref().is_some_and(|id| id.chars().any(char::is_control)) {
            return Err(invalid("device_id", "must have no control characters"));
        }
        Ok(Self {
            username: fields.text("username", 255)?,
            password: fields.text("password", 1024)?,
            remember: fields.flag("remember")?,
            token: fields.flag("token")?,
            device_id,
        })
    }

    /// However many try at once, no more passwords are checked than the settings allow; and who is refused learns neither by the
    /// text nor by the time whether there is such a user.
    async fn pass(self, api: &Api, who: &Anybody) -> Result<Response, Problem> {
        let Anybody { session, sessions } = who;
        let carriers = sessions.config().carriers;
        if self.token && carriers == Carriers::CookieOnly {
            return Err(invalid("token", "cannot be had: tokens travel by cookie only here"));
        }
        session.may_begin_here()?;
        let begun = Stopwatch::start();
        let user = api.authenticator.find(&self.username).await?;
        // Also of nobody all spellings are one: else the count would tell who is a user.
        let counted = user.clone().unwrap_or_else(|| api.authenticator.spelling(&self.username));
        let attempt = session.attempt(counted).await?.begun_at(begun);
        let verdict = match api.authenticator.check(user.as_deref(), &self.password).await {
            Ok(verdict) => verdict,
            Err(failed) => {
                attempt.withdraw().await;
                return Err(failed.into());
            }
        };
        let (Some(user), Verdict { right: true, roles, keep, factors }) = (user, verdict) else {
            return Err(attempt.refuse().await.into());
        };
        let owes = factors.is_some();
        let log_in = session.log_in(user).since(&attempt).method("pwd").roles(roles).remember(self.remember);
        let log_in = keep.iter().fold(log_in, |log_in, prefix| log_in.keep(prefix));
        let log_in = match self.device_id {
            Some(id) => log_in.device_id(id),
            None => log_in,
        };
        let issued = match factors {
            // Of no factor at all none will do, and nobody is logged in without.
            Some(factors) => log_in.pending_second_factor(factors).await?,
            None => log_in.await?,
        };
        let by_body = self.token || carriers == Carriers::BearerOnly || session.takes_bearer();
        if by_body {
            session.takes_it_from_the_body();
        }
        Ok(if owes { owed(who, &issued, by_body) } else { opened(who, &issued, by_body) })
    }
}

/// 201: the session, where it is, and its token if that is what the client carries.
pub(super) fn opened(who: &Anybody, issued: &Issued, by_body: bool) -> Response {
    let token = by_body.then(|| issued.token().clone());
    let mut response = answer::json(StatusCode::CREATED, &Opened::new(issued, token, who.sessions.now()));
    // Relative to the path of the request, wherever the routes are mounted. An id is of the letters that a header may have.
    if let Ok(location) = HeaderValue::try_from(format!("sessions/{}", issued.session_id())) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// 202: what is owed.
fn owed(who: &Anybody, issued: &Issued, by_body: bool) -> Response {
    let token = by_body.then(|| issued.token().clone());
    answer::json(StatusCode::ACCEPTED, &Owed::new(issued, token, who.sessions.now()))
}

pub(super) const METHOD: Method = Method::POST;
