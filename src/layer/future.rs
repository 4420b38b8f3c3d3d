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
use tracing::Span;

use super::{
    answer,
    arrival::{self, Asked, Decision, Ending, TurnedAway},
    span,
};
use crate::{
    record::Record,
    session::{Answer, Arrival, Session, Settlement},
    sessions::{Deadline, Error, Sessions},
};

pin_project! {
    /// The response of a [`SessionService`](crate::SessionService): it waits for the store, for the
    /// handler, and once more for the store if the session has changed.
    pub struct ResponseFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        stage: Stage<S, B, S::Future, S::Response>,
    }
}

pin_project! {
    #[project = StageProj]
    enum Stage<S, B, F, R> {
        /// The store is asked for the session.
        Loading { load: Deadline<'static, Option<Arc<Record>>>, parked: Option<Box<Parked<S, B>>> },
        /// A session is being ended, because it is not its user who uses it.
        Ending { end: Ending, arrival: Arrival, waiting: Option<Box<Waiting<S, B>>> },
        /// The handler works.
        Handling { #[pin] handler: F, session: Session, span: Span },
        /// The change is being stored; the response waits for it.
        Settling { store: Settling, response: Option<R> },
        /// The request does not reach the handler.
        TurnedAway { answer: TurnedAway },
    }
}

type Settling = Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send>>;

/// A request that waits, and the service that was ready for it.
pub(super) struct Waiting<S, B> {
    pub(super) request: Request<B>,
    pub(super) inner: S,
    pub(super) sessions: Sessions,
}

/// A request whose credential is being looked up.
struct Parked<S, B> {
    asked: Asked,
    waiting: Waiting<S, B>,
}

impl<S: Service<Request<B>>, B> ResponseFuture<S, B> {
    pub(super) fn loading(load: Deadline<'static, Option<Arc<Record>>>, asked: Asked, waiting: Waiting<S, B>) -> Self {
        Self { stage: Stage::Loading { load, parked: Some(Box::new(Parked { asked, waiting })) } }
    }

    pub(super) fn ending(end: Ending, arrival: Arrival, waiting: Waiting<S, B>) -> Self {
        Self { stage: Stage::Ending { end, arrival, waiting: Some(Box::new(waiting)) } }
    }

    pub(super) const fn handling(handler: S::Future, session: Session, span: Span) -> Self {
        Self { stage: Stage::Handling { handler, session, span } }
    }

    pub(super) const fn turned_away(answer: TurnedAway) -> Self {
        Self { stage: Stage::TurnedAway { answer } }
    }
}

impl<S, B, R> Future for ResponseFuture<S, B>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: Default,
{
    type Output = Result<S::Response, S::Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        loop {
            let next = match this.stage.as_mut().project() {
                StageProj::Loading { load, parked } => {
                    let record = ready!(Pin::new(load).poll(cx));
                    let Parked { asked, waiting } = *parked.take().expect(POLLED_AGAIN);
                    let decision = asked.answered(&waiting.sessions, &waiting.request, record);
                    waiting.go_on(decision)
                }
                StageProj::Ending { end, arrival, waiting } => {
                    let error = ready!(end.as_mut().poll(cx));
                    let decision = arrival::failed(error.kind(), *arrival);
                    waiting.take().expect(POLLED_AGAIN).go_on(decision)
                }
                StageProj::Handling { handler, session, span } => {
                    let mut response = ready!(span.in_scope(|| handler.poll(cx)))?;
                    match session.settle() {
                        Settlement::Done(answer) => {
                            answer::write(answer, &mut response);
                            return Poll::Ready(Ok(response));
                        }
                        Settlement::Pending(store) => Stage::Settling { store, response: Some(response) },
                    }
                }
                StageProj::Settling { store, response } => {
                    let settled = ready!(store.as_mut().poll(cx));
                    let mut response = response.take().expect(POLLED_AGAIN);
                    match settled {
                        Ok(answer) => answer::write(answer, &mut response),
                        Err(error) => response = answer::turned_away(TurnedAway::by(error.kind())),
                    }
                    return Poll::Ready(Ok(response));
                }
                StageProj::TurnedAway { answer } => return Poll::Ready(Ok(answer::turned_away(*answer))),
            };
            this.stage.set(next);
        }
    }
}

impl<S: Service<Request<B>>, B> Waiting<S, B> {
    /// The stage that follows a decision.
    fn go_on<R>(self, decision: Decision) -> Stage<S, B, S::Future, R> {
        match decision {
            Decision::Attach(arrival, holding, mark) => {
                let Self { request, mut inner, sessions } = self;
                let (request, session) = arrival::attach(&sessions, request, arrival, holding, mark);
                let span = span::of(&sessions, &session);
                let handler = span.in_scope(|| inner.call(request));
                Stage::Handling { handler, session, span }
            }
            Decision::TurnAway(answer) => Stage::TurnedAway { answer },
            Decision::End { end, arrival } => Stage::Ending { end, arrival, waiting: Some(Box::new(self)) },
        }
    }
}

impl<S: Service<Request<B>>, B> fmt::Debug for ResponseFuture<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Loading { .. } => "loading",
            Stage::Ending { .. } => "ending",
            Stage::Handling { .. } => "handling",
            Stage::Settling { .. } => "settling",
            Stage::TurnedAway { .. } => "turned away",
        };
        write!(f, "ResponseFuture({stage})")
    }
}

const POLLED_AGAIN: &str = "a future is not polled again once it was ready";
