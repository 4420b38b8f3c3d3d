//! One request's business: where it goes, and what it may carry there.

use http::{Request, Uri, header::AUTHORIZATION};

use super::{
    carry::{self, WithoutTokens},
    origin,
    settings::Settings,
};
use crate::client::{
    error::Error,
    tokens::{AccessToken, TokenState},
};

/// Where a request goes, and whether it may carry our token.
pub(super) struct Errand {
    uri: Uri,
    /// Which of the layer's origins that is.
    origin: Option<usize>,
    carries: bool,
}

/// What can be said about the token without waiting.
pub(super) enum Token {
    /// This one, or none.
    Known(Option<AccessToken>),
    /// It is time to renew it.
    Due,
}

impl Errand {
    pub(super) fn of<B>(settings: &Settings, request: &Request<B>) -> Self {
        let uri = request.uri().clone();
        let origin = settings.origins.iter().position(|origin| origin.is_of(&uri));
        let carries = origin.is_some()
            && !request.headers().contains_key(AUTHORIZATION)
            && !origin::has_userinfo(&uri)
            && !has_token(&uri)
            && request.extensions().get::<WithoutTokens>().is_none();
        Self { uri, origin, carries }
    }

    /// Where the request goes.
    pub(super) const fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Whether it goes to one of the layer's origins.
    pub(super) const fn is_ours(&self) -> bool {
        self.origin.is_some()
    }

    /// Whether this, which has answered, is of the origin that was asked, and that is one of the layer's.
    pub(super) fn is_of_same_origin(&self, settings: &Settings, other: &Uri) -> bool {
        self.origin.is_some_and(|origin| settings.origins[origin].is_of(other))
    }

    /// The token to go out with, if that is known.
    pub(super) fn token_now(&self, settings: &Settings) -> Token {
        let manager = settings.session.tokens();
        match self.carries.then(|| manager.tokens()).flatten() {
            None => Token::Known(None),
            Some(tokens) if manager.state_of(&tokens) == TokenState::Valid => {
                Token::Known(Some(tokens.access_token().clone()))
            }
            Some(_) => Token::Due,
        }
    }

    /// The token to go out with, renewed if it is time. Without tokens, it goes out without, unless there have been
    /// some since the call was made: then somebody has logged out.
    pub(super) fn token(
        &self,
        settings: &Settings,
        had_some: bool,
    ) -> impl Future<Output = Result<Option<AccessToken>, Error>> + Send + use<> {
        let tokens = settings.session.tokens();
        let tokens = (self.carries && (had_some || tokens.is_authenticated())).then(|| tokens.clone());
        async move {
            match tokens {
                Some(tokens) => tokens.access_token().await.map(Some),
                None => Ok(None),
            }
        }
    }

    /// Gives a request that is about to be sent what belongs to it, and counts it.
    pub(super) fn load<B>(&self, settings: &Settings, request: &mut Request<B>, token: Option<&AccessToken>) {
        let headers = request.headers_mut();
        if let Some(token) = token {
            carry::add_token(headers, token);
        }
        if let Some(cookies) = settings.session.cookie_header(&self.uri) {
            carry::add_cookies(headers, cookies, token);
        }
        if !request.method().is_safe() {
            carry::add_origin(request.headers_mut(), &self.uri);
        }
        if let Some(origin) = self.origin {
            settings.session.record_call(settings.origins[origin].name());
        }
    }
}

/// Whether a token stands in the URI itself (RFC 6750, section 2.3).
fn has_token(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| query.split('&').any(|pair| pair.starts_with("access_token=")))
}
