use std::{
    mem,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_service::Service;

use super::{ClientAddress, ResponseFuture, future::Waiting};
use crate::{
    carrier::{Carried, Carrier},
    session::{Arrival, Client, Holding, Session},
    sessions::Sessions,
};

/// The middleware that [`SessionLayer`](crate::SessionLayer) puts around a service.
#[derive(Clone, Debug)]
pub struct SessionService<S> {
    inner: S,
    gate: Gate,
}

/// What each request is held against.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    pub(super) sessions: Sessions,
    pub(super) carrier: Arc<Carrier>,
}

impl<S> SessionService<S> {
    pub(super) const fn new(inner: S, sessions: Sessions, carrier: Arc<Carrier>) -> Self {
        Self { inner, gate: Gate { sessions, carrier } }
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
        // The service that was polled ready is the one that must be called: the clone takes its
        // place and is polled ready anew.
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        let gate = self.gate.clone();
        match gate.carrier.read(request.headers(), gate.sessions.keys()) {
            Carried::Nothing => {
                let (request, session) = gate.attach(request, Arrival::default(), Holding::Nothing);
                ResponseFuture::handling(gate, inner.call(request), session)
            }
            Carried::TwoCredentials => ResponseFuture::two_credentials(gate),
            Carried::Credential(way, Err(kind)) => {
                gate.sessions.refused(kind);
                let arrival = Arrival { way: Some(way), refusal: Some(kind) };
                let (request, session) = gate.attach(request, arrival, Holding::Nothing);
                ResponseFuture::handling(gate, inner.call(request), session)
            }
            Carried::Credential(way, Ok(token)) => {
                let load = gate.sessions.load(token.id());
                ResponseFuture::loading(gate, load, Waiting { request, inner, token, way })
            }
        }
    }
}

impl Gate {
    /// Puts the session into the request's extensions, and keeps a hold of it for the response.
    pub(super) fn attach<B>(
        &self,
        mut request: Request<B>,
        arrival: Arrival,
        holding: Holding,
    ) -> (Request<B>, Session) {
        let address = request.extensions().get().map(|ClientAddress(address)| *address);
        let client = Client::new(request.headers(), address);
        let session = Session::new(self.sessions.clone(), arrival, client, holding);
        request.extensions_mut().insert(session.clone());
        (request, session)
    }
}
