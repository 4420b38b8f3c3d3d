//! What is taken in from a response: cookies, and a renewed token.

use std::{pin::Pin, sync::Arc};

use http::{HeaderMap, Response, Uri, header::SET_COOKIE};

use super::{AnsweredBy, errand::Errand, settings::Settings};
use crate::client::{
    session::SessionMoment,
    tokens::{AccessToken, TokenSet},
};

/// The work of taking in what a response brings, once it has begun.
pub(super) type Intake = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a response brings.
pub(super) struct Brought {
    cookies: Option<(Uri, HeaderMap)>,
    renewed: Option<(AccessToken, TokenSet)>,
}

impl Brought {
    /// Looks, without taking anything in. The response comes back as it was.
    pub(super) fn look<R>(
        settings: &Settings,
        errand: &Errand,
        sent: Option<&AccessToken>,
        response: Response<R>,
    ) -> (Option<Self>, Response<R>) {
        let cookies = response.headers().contains_key(SET_COOKIE).then(|| {
            let headers = response.headers().get_all(SET_COOKIE).iter();
            (answered_by(errand, &response).clone(), headers.map(|value| (SET_COOKIE, value.clone())).collect())
        });
        let (Some(renewed_by), Some(sent)) =
            (&settings.renewed_by, sent.filter(|_| is_ours(settings, errand, &response)))
        else {
            return (cookies.map(|cookies| Self { cookies: Some(cookies), renewed: None }), response);
        };
        let (parts, body) = response.into_parts();
        let renewed = renewed_by(&parts).map(|tokens| (sent.clone(), tokens));
        let brought = (cookies.is_some() || renewed.is_some()).then_some(Self { cookies, renewed });
        (brought, Response::from_parts(parts, body))
    }

    /// Takes it in. What could not be kept is in use all the same, and has been logged: the response is worth more than
    /// an error about it.
    pub(super) fn take_in(self, settings: &Arc<Settings>, moment: SessionMoment) -> Intake {
        let settings = Arc::clone(settings);
        Box::pin(async move {
            let session = &settings.session;
            if let Some((uri, headers)) = self.cookies
                && let Err(error) = session.take_cookies_of(&moment, &uri, &headers).await
            {
                tracing::warn!(%error, "cookies of a response are in use, but could not be kept");
            }
            if let Some((sent, tokens)) = self.renewed
                && let Err(error) = session.tokens().renew_from(&sent, tokens).await
            {
                tracing::warn!(%error, "the renewed token of a response was not taken in");
            }
        })
    }
}

/// Whether this answer comes from the origin that was asked, and that is one of the layer's.
pub(super) fn is_ours<R>(settings: &Settings, errand: &Errand, response: &Response<R>) -> bool {
    match response.extensions().get::<AnsweredBy>() {
        Some(AnsweredBy(uri)) => errand.is_of_same_origin(settings, uri),
        None => errand.is_ours(),
    }
}

fn answered_by<'a, R>(errand: &'a Errand, response: &'a Response<R>) -> &'a Uri {
    response.extensions().get::<AnsweredBy>().map_or(errand.uri(), |AnsweredBy(uri)| uri)
}
