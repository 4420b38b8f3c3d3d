use std::{
    mem,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::{GuardFuture, Require};

/// A service that only whoever meets the demand of a [`Require`] reaches.
#[derive(Clone, Debug)]
pub struct Guarded<S> {
    inner: S,
    require: Require,
}

impl<S> Guarded<S> {
    pub(super) const fn new(inner: S, require: Require) -> Self {
        Self { inner, require }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Guarded<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    ResBody: From<&'static str>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = GuardFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        match self.require.refuses(&request) {
            None => GuardFuture::passed(self.inner.call(request)),
            Some(answer) => {
                // What the inner service has reserved for this request is free again: the clone in its place has nothing.
                let clone = self.inner.clone();
                drop(mem::replace(&mut self.inner, clone));
                GuardFuture::refused(answer)
            }
        }
    }
}
