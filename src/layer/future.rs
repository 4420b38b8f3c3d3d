use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{Request, Response, StatusCode};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::{answer, service::Gate};
use crate::{
    carrier::Way,
    record::Record,
    session::{Answer, Arrival, Holding, Session, Settlement},
    sessions::{Admission, Deadline, Error, ErrorKind},
    store::StoreError,
    token::{RefusalKind, Token},
};

pin_project! {
    /// The response of a [`SessionService`](crate::SessionService): it waits for the store, for the handler, and once
    /// more for the store if the session has changed.
    pub struct ResponseFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        gate: Gate,
        #[pin]
        stage: Stage<S, B, S::Future, S::Response>,
    }
}

pin_project! {
    #[project = StageProj]
    enum Stage<S, B, F, R> {
        /// The store is asked for the session.
        Loading { load: Deadline<'static, Option<Arc<Record>>>, waiting: Option<Waiting<S, B>> },
        /// A session is being ended, because a secret of it was stolen.
        Ending { end: Pin<Box<dyn Future<Output = Error> + Send>>, waiting: Option<Waiting<S, B>> },
        /// The handler works.
        Handling { #[pin] handler: F, session: Session },
        /// The change is being stored; the response waits for it.
        Settling { store: Pin<Box<dyn Future<Output = Result<Answer, Error>> + Send>>, response: Option<R> },
        /// The request does not reach the handler.
        Turned { status: StatusCode },
    }
}

/// A request that waits for its session.
pub(super) struct Waiting<S, B> {
    pub(super) request: Request<B>,
    pub(super) inner: S,
    pub(super) token: Token,
    pub(super) way: Way,
}

impl<S: Service<Request<B>>, B> ResponseFuture<S, B> {
    pub(super) const fn loading(
        gate: Gate,
        load: Deadline<'static, Option<Arc<Record>>>,
        waiting: Waiting<S, B>,
    ) -> Self {
        Self { gate, stage: Stage::Loading { load, waiting: Some(waiting) } }
    }

    pub(super) const fn handling(gate: Gate, handler: S::Future, session: Session) -> Self {
        Self { gate, stage: Stage::Handling { handler, session } }
    }

    /// RFC 6750, section 3.1: a request that carries several credentials is malformed.
    pub(super) const fn two_credentials(gate: Gate) -> Self {
        Self { gate, stage: Stage::Turned { status: StatusCode::BAD_REQUEST } }
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
        let gate = &*this.gate;
        loop {
            let next = match this.stage.as_mut().project() {
                StageProj::Loading { load, waiting } => {
                    let record = ready!(Pin::new(load).poll(cx));
                    gate.loaded(record, waiting.take().expect(POLLED_AGAIN))
                }
                StageProj::Ending { end, waiting } => {
                    let error = ready!(end.as_mut().poll(cx));
                    gate.refused(error.kind(), waiting.take().expect(POLLED_AGAIN))
                }
                StageProj::Handling { handler, session } => {
                    let mut response = ready!(handler.poll(cx))?;
                    match session.settle() {
                        Settlement::Done(answer) => {
                            answer::write(&gate.carrier, answer, &mut response);
                            return Poll::Ready(Ok(response));
                        }
                        Settlement::Pending(store) => Stage::Settling { store, response: Some(response) },
                    }
                }
                StageProj::Settling { store, response } => {
                    let settled = ready!(store.as_mut().poll(cx));
                    let mut response = response.take().expect(POLLED_AGAIN);
                    match settled {
                        Ok(answer) => answer::write(&gate.carrier, answer, &mut response),
                        Err(error) => response = answer::turned_away(status_of(error.kind())),
                    }
                    return Poll::Ready(Ok(response));
                }
                StageProj::Turned { status } => return Poll::Ready(Ok(answer::turned_away(*status))),
            };
            this.stage.set(next);
        }
    }
}

impl Gate {
    /// What follows from the store's answer.
    fn loaded<S, B, R>(
        &self,
        record: Result<Option<Arc<Record>>, StoreError>,
        waiting: Waiting<S, B>,
    ) -> Stage<S, B, S::Future, R>
    where
        S: Service<Request<B>>,
    {
        let record = match record {
            Ok(record) => record,
            Err(error) => return self.refused(self.sessions.store_failed(error).kind(), waiting),
        };
        match self.sessions.admit(waiting.token.clone(), record) {
            Admission::Granted(session) => self.handle(waiting, None, Holding::Live(session)),
            Admission::Refused(kind) => {
                self.sessions.refused(kind);
                self.refused(ErrorKind::Refused(kind), waiting)
            }
            Admission::Stolen(id) => {
                let sessions = self.sessions.clone();
                Stage::Ending { end: Box::pin(async move { sessions.end_stolen(id).await }), waiting: Some(waiting) }
            }
        }
    }

    /// A credential that is no good lets the request through as nobody's. One that could not be
    /// checked does not: an outage logs nobody out, and makes nobody anonymous.
    fn refused<S, B, R>(&self, why: ErrorKind, waiting: Waiting<S, B>) -> Stage<S, B, S::Future, R>
    where
        S: Service<Request<B>>,
    {
        match why {
            ErrorKind::Refused(kind) => self.handle(waiting, Some(kind), Holding::Nothing),
            other => Stage::Turned { status: status_of(other) },
        }
    }

    fn handle<S, B, R>(
        &self,
        waiting: Waiting<S, B>,
        refusal: Option<RefusalKind>,
        holding: Holding,
    ) -> Stage<S, B, S::Future, R>
    where
        S: Service<Request<B>>,
    {
        let Waiting { request, mut inner, way, .. } = waiting;
        let (request, session) = self.attach(request, Arrival { way: Some(way), refusal }, holding);
        Stage::Handling { handler: inner.call(request), session }
    }
}

fn status_of(kind: ErrorKind) -> StatusCode {
    StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

impl<S: Service<Request<B>>, B> fmt::Debug for ResponseFuture<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Loading { .. } => "loading",
            Stage::Ending { .. } => "ending",
            Stage::Handling { .. } => "handling",
            Stage::Settling { .. } => "settling",
            Stage::Turned { .. } => "turned away",
        };
        write!(f, "ResponseFuture({stage})")
    }
}

const POLLED_AGAIN: &str = "a future is not polled again once it was ready";
