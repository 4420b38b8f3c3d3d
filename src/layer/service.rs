use std::{
    mem,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::{
    Outage, ResponseFuture,
    arrival::{self, Asked, Decision},
    facts::Facts,
    future::Waiting,
    span,
};
use crate::{
    carrier::{Carried, Way},
    config::Binding,
    session::Holding,
    sessions::{LookUp, Sessions},
    token::{RefusalKind, Token},
};

/// The middleware that [`SessionLayer`](crate::SessionLayer) puts around a service.
#[derive(Clone, Debug)]
pub struct SessionService<S> {
    inner: S,
    sessions: Sessions,
    outage: Outage,
    binding: Option<Binding>,
}

impl<S> SessionService<S> {
    pub(super) const fn new(inner: S, sessions: Sessions, outage: Outage, binding: Option<Binding>) -> Self {
        Self { inner, sessions, outage, binding }
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
        let facts = Facts::of(sessions, &request, self.binding);
        let carried = sessions.carrier().read(request.headers(), sessions.keys());
        let decision = match carried {
            _ if sessions.config().require_https && !facts.peer.secure => {
                Decision::forbidden(sessions, RefusalKind::Insecure)
            }
            Carried::Nothing => Decision::Attach(facts.arrival(sessions, None), Holding::Nothing, None),
            Carried::TwoCredentials => Decision::bad_request(),
            Carried::Credential(Way::Cookie, token)
                if facts.is_forgery(sessions, token.as_ref().ok().map(Token::id)) =>
            {
                Decision::forbidden(sessions, RefusalKind::CrossSite)
            }
            Carried::Credential(way, Err(kind)) => arrival::refused(sessions, facts.arrival(sessions, Some(way)), kind),
            Carried::Credential(way, Ok(token)) => {
                let (now, arrival) = (sessions.now(), facts.arrival(sessions, Some(way)));
                match sessions.look_up(token, now) {
                    LookUp::Done(admission) => arrival::decide(sessions, &request, admission, arrival, &facts),
                    LookUp::Asked(token, load) => {
                        let (sessions, outage) = (sessions.clone(), self.outage);
                        let waiting = Waiting { request, inner: self.take_ready(), sessions };
                        let asked = Asked { token, arrival, facts, now, outage };
                        return ResponseFuture::loading(load, asked, waiting);
                    }
                }
            }
        };
        match decision {
            Decision::Attach(arrival, holding, mark) => {
                let (request, session) = arrival::attach(&self.sessions, request, arrival, holding, mark);
                let span = span::of(&self.sessions, &session);
                let handler = span.in_scope(|| self.inner.call(request));
                ResponseFuture::handling(handler, session, span)
            }
            Decision::TurnAway(answer) => {
                // What the inner service has reserved for this request is free again.
                drop(self.take_ready());
                ResponseFuture::turned_away(answer)
            }
            Decision::End { end, arrival } => {
                let sessions = self.sessions.clone();
                let waiting = Waiting { request, inner: self.take_ready(), sessions };
                ResponseFuture::ending(end, arrival, waiting)
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
