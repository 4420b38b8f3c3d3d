//! What whoever does not meet a demand is told: the one place that decides about status, headers, body, and the way to a page.

use http::{
    HeaderMap, HeaderValue, Method, Response, StatusCode,
    header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER, WWW_AUTHENTICATE},
    uri::PathAndQuery,
};

use super::{
    ReturnTo,
    demand::{Denial, Remedy},
};
use crate::{
    carrier::step_up_challenge,
    config::Config,
    session::Session,
    sessions::{DenialKind, Event, MISSING_LAYER, RETRY_AFTER_SECONDS},
};

/// A refusal: an error, or for a browser the way to a page.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) kind: DenialKind,
    page: Option<HeaderValue>,
    challenge: Option<HeaderValue>,
}

impl Answer {
    /// To a request with this session, which does not meet a demand. Tells of it.
    pub(crate) fn to(denial: impl Into<Denial>, session: &Session, method: &Method, headers: &HeaderMap) -> Self {
        let denial = denial.into();
        let Some(sessions) = session.home() else { return Self::missing_layer() };
        sessions.emit(&Event::Denied { session: session.id(), kind: denial.kind });
        let asked_for = session.asked_for().filter(|_| method == Method::GET || method == Method::HEAD);
        let page = page_for(denial.kind, sessions.config()).filter(|_| wants_page(headers));
        Self {
            kind: denial.kind,
            page: page.and_then(|page| HeaderValue::try_from(way_to(page, asked_for)).ok()),
            challenge: challenge(denial, session),
        }
    }

    /// To a request that did not pass through the layer: nobody is there who could be told of it.
    pub(crate) const fn missing_layer() -> Self {
        Self { kind: DenialKind::MissingLayer, page: None, challenge: None }
    }

    pub(crate) fn into_response<B: From<&'static str>>(self) -> Response<B> {
        let Self { kind, page, challenge } = self;
        let body = if page.is_some() { "" } else { body_of(kind) };
        let mut response = Response::new(B::from(body));
        *response.status_mut() = match page {
            Some(_) => StatusCode::SEE_OTHER,
            None => StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
        };
        response.extensions_mut().insert(kind);
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(page) = page {
            headers.insert(LOCATION, page);
            return response;
        }
        if let Some(challenge) = challenge {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        if kind == DenialKind::Unchecked {
            headers.insert(RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
        }
        let is_json = body.starts_with('{');
        let content_type = if is_json { "application/json" } else { "text/plain; charset=utf-8" };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        response
    }
}

/// The challenge of a 401, and of the 403 of RFC 6750, section 3.1. Each 401 has one, also for clients with cookies (RFC 9110,
/// section 15.5.2).
fn challenge(denial: Denial, session: &Session) -> Option<HeaderValue> {
    let stronger = match (denial.remedy, denial.kind) {
        (Some(Remedy::MaxAge(age)), _) => {
            format!(r#"error_description="the last log-in is too long ago", max_age="{}""#, age.as_secs())
        }
        (Some(Remedy::Level(level)), _) => {
            format!(r#"error_description="this needs a stronger log-in", acr_values="{}""#, level.name())
        }
        (None, DenialKind::MissingRole | DenialKind::MissingPermission | DenialKind::ConditionFailed) => {
            return Some(HeaderValue::from_static(r#"Bearer error="insufficient_scope""#));
        }
        (None, DenialKind::SecondFactorPending | DenialKind::StepUpDemanded) => return Some(step_up_challenge()),
        (None, kind) => return (kind.status() == 401).then(|| session.challenge()),
    };
    // RFC 9470, section 3.
    HeaderValue::try_from(format!(r#"Bearer error="insufficient_user_authentication", {stronger}"#)).ok()
}

/// Where the settings send a browser in place of this refusal.
fn page_for(kind: DenialKind, config: &Config) -> Option<&str> {
    match kind {
        DenialKind::SecondFactorPending => config.second_factor.url.as_deref(),
        _ if kind.status() == 401 => config.login_url.as_deref(),
        _ => None,
    }
}

/// Whether a browser asks for a page, by a link or by a form: only then does a redirect make sense.
fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    accepted.is_some_and(|accept| accept.contains("text/html"))
}

/// The page's address, with the way back to what was asked for, if that is safe and short.
fn way_to(page: &str, asked_for: Option<&PathAndQuery>) -> String {
    let asked_for = asked_for.map(PathAndQuery::as_str).filter(|path| path.len() <= LONGEST_WAY_BACK);
    match asked_for.and_then(ReturnTo::parse) {
        Some(back) => back.beside(page),
        None => page.to_owned(),
    }
}

/// Says no more than the status tells.
const fn body_of(kind: DenialKind) -> &'static str {
    match kind {
        DenialKind::NotLoggedIn => {
            r#"{"error":"login_required","message":"log in first, then send the session cookie or `Authorization: Bearer <token>`"}"#
        }
        DenialKind::SecondFactorPending
        | DenialKind::StepUpDemanded
        | DenialKind::NotFresh
        | DenialKind::AssuranceTooLow => {
            r#"{"error":"step_up_required","message":"prove again, or by another factor, who you are"}"#
        }
        DenialKind::MissingRole | DenialKind::MissingPermission | DenialKind::ConditionFailed => {
            r#"{"error":"forbidden","message":"this is not open to you"}"#
        }
        DenialKind::NothingPending => r#"{"error":"nothing_pending","message":"you are logged in already"}"#,
        DenialKind::Unchecked => {
            r#"{"error":"unavailable","message":"sessions are unavailable at the moment: try again"}"#
        }
        DenialKind::MissingLayer => MISSING_LAYER,
    }
}

/// Bytes of a path and query that are taken along to a page.
const LONGEST_WAY_BACK: usize = 1024;
