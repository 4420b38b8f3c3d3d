use std::{
    mem,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::{
    Outage, ResponseFuture,
    arrival::{self, Asked, Decision},
    future::Waiting,
};
use crate::{
    carrier::Carried,
    session::{Arrival, Holding},
    sessions::{LookUp, Sessions},
};

/// The middleware that [`SessionLayer`](crate::SessionLayer) puts around a service.
#[derive(Clone, Debug)]
pub struct SessionService<S> {
    inner: S,
    sessions: Sessions,
    outage: Outage,
}

impl<S> SessionService<S> {
    pub(super) const fn new(inner: S, sessions: Sessions, outage: Outage) -> Self {
        Self { inner, sessions, outage }
    }
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for SessionService<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    ResBody: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ResponseFuture<S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        let sessions = &self.sessions;
        let decision = match sessions.carrier().read(request.headers(), sessions.keys()) {
            Carried::Nothing => Decision::Attach(Arrival::default(), Holding::Nothing),
            Carried::TwoCredentials => Decision::bad_request(),
            Carried::Credential(way, Err(kind)) => arrival::refused(sessions, way, kind),
            Carried::Credential(way, Ok(token)) => {
                let now = sessions.now();
                match sessions.look_up(token, now) {
                    LookUp::Done(admission) => arrival::decide(sessions, admission, way),
                    LookUp::Asked(token, load) => {
                        let (sessions, outage) = (sessions.clone(), self.outage);
                        let waiting = Waiting { request, inner: self.take_ready(), sessions };
                        return ResponseFuture::loading(load, Asked { token, way, now, outage }, waiting);
                    }
                }
            }
        };
        match decision {
            Decision::Attach(arrival, holding) => {
                let (request, session) = arrival::attach(&self.sessions, request, arrival, holding);
                ResponseFuture::handling(self.inner.call(request), session)
            }
            Decision::TurnAway(status) => {
                // What the inner service has reserved for this request is free again.
                drop(self.take_ready());
                ResponseFuture::turned_away(status)
            }
            Decision::End { end, way } => {
                let sessions = self.sessions.clone();
                let waiting = Waiting { request, inner: self.take_ready(), sessions };
                ResponseFuture::ending(end, way, waiting)
            }
        }
    }
}

impl<S: Clone> SessionService<S> {
    /// The service that was polled ready is the one that must be called: a clone takes its place,
    /// and is polled ready anew.
    fn take_ready(&mut self) -> S {
        let clone = self.inner.clone();
        mem::replace(&mut self.inner, clone)
    }
}
