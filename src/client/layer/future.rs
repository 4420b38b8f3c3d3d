use std::{
    fmt,
    future::Future,
    ops::ControlFlow,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tokio::time::{Sleep, sleep};
use tower_service::Service;

use super::{
    CallError, NotReplayed, RetryAfter,
    answer::{self, Asked, Verdict},
    errand::Errand,
    intake::{self, Brought, Intake},
    settings::Settings,
};
use crate::client::{
    error::{Error, ErrorKind},
    session::SessionMoment,
    tokens::{AccessToken, TokenSet},
};

pin_project! {
    /// The response of a [`ClientService`](crate::client::ClientService): it waits for a token if it has to, for the
    /// client, and once more for both if the token was refused. Dropping it cuts off no refresh.
    pub struct ResponseFuture<S, B>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        stage: Stage<S::Future, S::Response>,
        call: Call<S, B>,
    }
}

pin_project! {
    #[project = StageProj]
    enum Stage<F, R> {
        /// A token is being renewed, or waited for.
        Acquiring { token: Boxed<Option<AccessToken>> },
        /// The client gets ready for the request.
        Readying { token: Option<AccessToken> },
        /// The request is on its way.
        Calling { #[pin] response: F },
        /// Cookies and a new token are being taken in; the response waits for it.
        TakingIn { intake: Intake, response: Option<R> },
        /// The token was refused, and is being renewed; the response waits only if it will be needed.
        Renewing { tokens: Boxed<Arc<TokenSet>>, response: Option<R> },
        /// The server wants to be left alone.
        Waiting { sleep: Pin<Box<Sleep>> },
    }
}

type Boxed<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// A request that is under way.
pub(super) struct Call<S, B> {
    settings: Arc<Settings>,
    errand: Errand,
    /// Who sends what is sent later.
    service: Option<S>,
    /// What has not been sent yet.
    first: Option<Box<Request<B>>>,
    /// A copy of what has been sent.
    spare: Option<Request<B>>,
    /// Which session it was when the call was made.
    moment: SessionMoment,
    /// The token that went along.
    sent: Option<AccessToken>,
    renewed: bool,
}

impl<S, B> Call<S, B> {
    pub(super) fn new(
        settings: Arc<Settings>,
        moment: SessionMoment,
        errand: Errand,
        spare: Option<Request<B>>,
    ) -> Self {
        Self { settings, errand, service: None, first: None, spare, moment, sent: None, renewed: false }
    }

    pub(super) const fn has_spare(&self) -> bool {
        self.spare.is_some()
    }

    fn acquire<F, R>(&self, had_some: bool) -> Stage<F, R> {
        Stage::Acquiring { token: Box::pin(self.errand.token(&self.settings, had_some)) }
    }

    /// Whether what was ready to be sent has become another session's business while it waited.
    fn is_over(&self) -> bool {
        !self.settings.session.is_at(&self.moment)
    }

    /// Whether this is no more the token to go out with: somebody has renewed it, or logged out.
    fn is_stale(&self, token: &AccessToken) -> bool {
        self.settings.session.tokens().tokens().is_none_or(|tokens| tokens.access_token() != token)
    }
}

impl<S, B, R> ResponseFuture<S, B>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    /// Sends at once. `again` is for sending once more.
    pub(super) fn calling(
        service: &mut S,
        again: Option<S>,
        request: Request<B>,
        token: Option<AccessToken>,
        mut call: Call<S, B>,
    ) -> Self {
        call.service = again;
        let response = call.send(service, request, token);
        Self { stage: Stage::Calling { response }, call }
    }

    /// Waits for a token first.
    pub(super) fn acquiring(service: S, request: Request<B>, mut call: Call<S, B>) -> Self {
        call.service = Some(service);
        call.first = Some(Box::new(request));
        Self { stage: call.acquire(true), call }
    }
}

impl<S, B, R> Future for ResponseFuture<S, B>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Output = Result<S::Response, CallError<S::Error>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let call = this.call;
        loop {
            let next = match this.stage.as_mut().project() {
                StageProj::Acquiring { token } => Stage::Readying { token: ready!(token.as_mut().poll(cx))? },
                StageProj::Readying { token } => {
                    let mut service = call.service.take().expect(SENT_LATER);
                    if service.poll_ready(cx).map_err(CallError::Call)?.is_pending() {
                        call.service = Some(service);
                        return Poll::Pending;
                    }
                    if call.is_over() {
                        let error = Error::because(ErrorKind::NotAuthenticated, ENDED);
                        return Poll::Ready(Err(CallError::Session(error)));
                    }
                    if token.as_ref().is_some_and(|token| call.is_stale(token)) {
                        call.service = Some(service);
                        this.stage.set(call.acquire(true));
                        continue;
                    }
                    let request = call.first.take().map(|request| *request).or_else(|| call.spare.take());
                    let response = call.send(&mut service, request.expect(SENT_LATER), token.take());
                    call.service = Some(service);
                    Stage::Calling { response }
                }
                StageProj::Calling { response } => {
                    let response = ready!(response.poll(cx)).map_err(CallError::Call)?;
                    let (brought, response) = Brought::look(&call.settings, &call.errand, call.sent.as_ref(), response);
                    match brought {
                        Some(brought) => {
                            let intake = brought.take_in(&call.settings, call.moment.clone());
                            Stage::TakingIn { intake, response: Some(response) }
                        }
                        None => match call.answered(response) {
                            ControlFlow::Break(response) => return Poll::Ready(Ok(response)),
                            ControlFlow::Continue(next) => next,
                        },
                    }
                }
                StageProj::TakingIn { intake, response } => {
                    ready!(intake.as_mut().poll(cx));
                    match call.answered(response.take().expect(POLLED_AGAIN)) {
                        ControlFlow::Break(response) => return Poll::Ready(Ok(response)),
                        ControlFlow::Continue(next) => next,
                    }
                }
                StageProj::Renewing { tokens, response } => {
                    let tokens = ready!(tokens.as_mut().poll(cx))?;
                    match response.take() {
                        Some(response) => return Poll::Ready(Ok(with(response, NotReplayed))),
                        None => Stage::Readying { token: Some(tokens.access_token().clone()) },
                    }
                }
                StageProj::Waiting { sleep } => {
                    ready!(sleep.as_mut().poll(cx));
                    call.acquire(call.sent.is_some())
                }
            };
            this.stage.set(next);
        }
    }
}

impl<S, B, R> Call<S, B>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    fn send(&mut self, service: &mut S, mut request: Request<B>, token: Option<AccessToken>) -> S::Future {
        self.errand.load(&self.settings, &mut request, token.as_ref());
        self.sent = token;
        service.call(request)
    }

    /// The response that is the caller's, or what comes before there is one.
    fn answered(&mut self, response: Response<R>) -> ControlFlow<Response<R>, Stage<S::Future, Response<R>>> {
        if !answer::asks_for_something(response.status()) {
            return ControlFlow::Break(response);
        }
        let asked = Asked {
            ours: intake::is_ours(&self.settings, &self.errand, &response),
            carried: self.sent.is_some(),
            renewed: self.renewed,
            replayable: self.spare.is_some(),
            idempotent: self.spare.as_ref().is_some_and(|request| request.method().is_idempotent()),
            longest_wait: self.settings.longest_wait,
        };
        let now = self.settings.session.tokens().now();
        match (answer::judge(response.status(), response.headers(), asked, now), &self.sent) {
            (Verdict::Renew, Some(sent)) => {
                self.renewed = true;
                let (tokens, sent) = (self.settings.session.tokens().clone(), sent.clone());
                let tokens = Box::pin(async move { tokens.replace(&sent).await });
                ControlFlow::Continue(Stage::Renewing { tokens, response: self.spare.is_none().then_some(response) })
            }
            (Verdict::HandOut | Verdict::Renew, _) => ControlFlow::Break(response),
            (Verdict::StepUp(step_up), _) => ControlFlow::Break(with(response, step_up)),
            (Verdict::Told(wait), _) => ControlFlow::Break(with(response, RetryAfter(wait))),
            (Verdict::Wait(wait), _) => ControlFlow::Continue(Stage::Waiting { sleep: Box::pin(sleep(wait)) }),
        }
    }
}

impl<S: Service<Request<B>>, B> fmt::Debug for ResponseFuture<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = match &self.stage {
            Stage::Acquiring { .. } => "acquiring",
            Stage::Readying { .. } => "readying",
            Stage::Calling { .. } => "calling",
            Stage::TakingIn { .. } => "taking in",
            Stage::Renewing { .. } => "renewing",
            Stage::Waiting { .. } => "waiting",
        };
        write!(f, "ResponseFuture({stage})")
    }
}

fn with<R, T: Clone + Send + Sync + 'static>(mut response: Response<R>, what: T) -> Response<R> {
    response.extensions_mut().insert(what);
    response
}

const SENT_LATER: &str = "a request that is sent later is there, with a service, until it is sent";
const ENDED: &str = "the session in which this call was made has ended: it is not sent with what another one has";
const POLLED_AGAIN: &str = "a future is not polled after it has returned";
