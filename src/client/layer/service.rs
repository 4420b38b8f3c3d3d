use std::{
    fmt, mem,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::{
    CallError, CloneBody, Replay, ResponseFuture,
    errand::{Errand, Token},
    future::Call,
    replay,
    settings::Settings,
};

/// The middleware that [`ClientLayer`](crate::client::ClientLayer) puts around a client.
#[derive(Clone)]
pub struct ClientService<S, P = CloneBody> {
    inner: S,
    settings: Arc<Settings>,
    replay: P,
}

impl<S, P> ClientService<S, P> {
    pub(super) const fn new(inner: S, settings: Arc<Settings>, replay: P) -> Self {
        Self { inner, settings, replay }
    }
}

impl<S, P, B, R> Service<Request<B>> for ClientService<S, P>
where
    S: Service<Request<B>, Response = Response<R>> + Clone,
    P: Replay<B>,
{
    type Response = S::Response;
    type Error = CallError<S::Error>;
    type Future = ResponseFuture<S, B>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(CallError::Call)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // Asked before the token: of two sessions, an answer may at worst be taken for the former one's, and come to
        // nothing.
        let moment = self.settings.session.moment();
        let errand = Errand::of(&self.settings, &request);
        let token = errand.token_now(&self.settings);
        let has_token = !matches!(token, Token::Known(None));
        let may_wait = errand.is_ours() && request.method().is_idempotent() && !self.settings.longest_wait.is_zero();
        let spare = match has_token || may_wait {
            true => replay::copy(&self.replay, &request),
            false => None,
        };
        let call = Call::new(Arc::clone(&self.settings), moment, errand, spare);
        match token {
            Token::Known(token) => {
                let again = call.has_spare().then(|| self.inner.clone());
                ResponseFuture::calling(&mut self.inner, again, request, token, call)
            }
            Token::Due => ResponseFuture::acquiring(self.take_ready(), request, call),
        }
    }
}

impl<S: Clone, P> ClientService<S, P> {
    /// The service that was polled ready is the one that must be called: a clone takes its place, and is polled
    /// ready anew.
    fn take_ready(&mut self) -> S {
        let clone = self.inner.clone();
        mem::replace(&mut self.inner, clone)
    }
}

impl<S, P> fmt::Debug for ClientService<S, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt_as("ClientService", f)
    }
}
