use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{
    ServiceIdentity,
    answer::{self, Answer},
};
use crate::sessions::Error;

pin_project! {
    /// The response of an [`Identified`](crate::Identified) service: it waits for the store, then for the handler.
    pub struct IdentifiedFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        stage: Stage<S, B, S::Future>,
    }
}

pin_project! {
    #[project = StageProj]
    enum Stage<S, B, F> {
        /// The store is asked for the service.
        Verifying { verify: Verifying, permission: Option<Arc<str>>, parked: Option<Box<(Request<B>, S)>> },
        /// The handler works.
        Handling { #[pin] handler: F },
        /// The request does not reach the handler.
        TurnedAway { answer: Option<Box<Answer>> },
    }
}

/// A token that is being checked.
pub(super) type Verifying = Pin<Box<dyn Future<Output = Result<ServiceIdentity, Error>> + Send>>;

impl<S: Service<Request<B>>, B> IdentifiedFuture<S, B> {
    pub(super) fn verifying(verify: Verifying, permission: Option<Arc<str>>, request: Request<B>, inner: S) -> Self {
        Self { stage: Stage::Verifying { verify, permission, parked: Some(Box::new((request, inner))) } }
    }

    pub(super) fn turned_away(answer: Answer) -> Self {
        Self { stage: Stage::TurnedAway { answer: Some(Box::new(answer)) } }
    }
}

impl<S, B, R> Future for IdentifiedFuture<S, B>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: From<String>,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.stage.as_mut().project() {
                StageProj::Verifying { verify, permission, parked } => {
                    let verified = ready!(verify.as_mut().poll(cx));
                    let (mut request, mut inner) = *parked.take().expect(POLLED_AGAIN);
                    match verified {
                        Ok(service) => {
                            request.extensions_mut().insert(service);
                            Stage::Handling { handler: inner.call(request) }
                        }
                        Err(error) => {
                            let answer = answer::to(&error, permission.as_deref());
                            Stage::TurnedAway { answer: Some(Box::new(answer)) }
                        }
                    }
                }
                StageProj::Handling { handler } => return handler.poll(cx),
                StageProj::TurnedAway { answer } => {
                    return Poll::Ready(Ok(answer.take().expect(POLLED_AGAIN).into_response()));
                }
            };
            this.stage.set(next);
        }
    }
}

impl<S: Service<Request<B>>, B> fmt::Debug for IdentifiedFuture<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Verifying { .. } => "verifying",
            Stage::Handling { .. } => "handling",
            Stage::TurnedAway { .. } => "turned away",
        };
        write!(f, "IdentifiedFuture({stage})")
    }
}

const POLLED_AGAIN: &str = "a future is not polled again once it was ready";
