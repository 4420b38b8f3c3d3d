use std::{fmt, sync::Arc, time::Duration};

use http::{HeaderName, Request, response};
use tower_layer::Layer;

use super::{
    ClientService,
    errand::Errand,
    origin::{InvalidOrigin, Origin},
    replay::CloneBody,
};
use crate::client::{error::Error, session::ClientSession, tokens::TokenSet};

/// Carries a session's tokens and cookies on outgoing requests: a [`Layer`] for any client that is a
/// [`Service`](tower_service::Service) of [`http::Request`]s.
///
/// ```
/// use countersign::client::{CallError, ClientLayer, TokenManager, TokenSet};
/// use http::{Request, Response};
/// use std::convert::Infallible;
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// // Stands in for hyper-util's client, or for reqwest's.
/// let api = service_fn(|request: Request<String>| async move {
///     let authorization = request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
///     Ok::<_, Infallible>(Response::new(authorization))
/// });
///
/// let tokens = TokenManager::in_memory(TokenSet::new("an.access.token")?);
/// let client = ClientLayer::new("https://api.example.com", tokens)?.layer(api);
///
/// let request = Request::get("https://api.example.com/notes").body(String::new())?;
/// assert_eq!(client.clone().oneshot(request).await?.into_body().unwrap(), "Bearer an.access.token");
///
/// // Any other origin gets nothing.
/// let request = Request::get("https://example.org/notes").body(String::new())?;
/// assert_eq!(client.oneshot(request).await?.into_body(), None);
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # What a request gets
///
/// - `Authorization: Bearer` with the access token, renewed first if it is time: if the request's own URI has one of
///   the layer's origins (scheme, host and port; `ws` is `http`, `wss` is `https`), if it has no `Authorization`
///   already, no user in its URI and no `access_token` in its query (one way is enough, RFC 6750, section 2), and if
///   there are tokens. Without any, it goes out as it is: that is how a log-in passes. Where there may be old ones, mark it as [`WithoutTokens`].
/// - `Cookie` with the cookies of its host and path, by the jar's rules, for any origin. What the caller has set stays,
///   and wins.
///
/// # What becomes of a response
///
/// Its `Set-Cookie` headers are taken in before it is handed out, and so is a renewed token, if
/// [`renewed_by`](Self::renewed_by) says where it stands. A call is counted for each request that goes to one of the
/// origins. And, from those only:
///
/// - A 401 to our token: one refresh, and the request is sent once more. If its body cannot be
///   [copied](Self::replay_with), or it was sent twice already, the 401 is handed out with
///   [`NotReplayed`](crate::client::NotReplayed) in its extensions. A second 401 is handed out.
/// - A 401 that asks for a fresh or stronger log-in (RFC 9470) is handed out at once, with
///   [`StepUpRequired`](crate::client::StepUpRequired). A 403 is handed out.
/// - A 503 or 429 with `Retry-After`: a wait of up to [`longest_wait`](Self::longest_wait), and the request is sent
///   once more, if its method is idempotent and its body can be copied; else it is handed out, with
///   [`RetryAfter`](crate::client::RetryAfter). Other requests do not wait.
///
/// A request is sent twice at most. If there is no good token to be had, the call ends with [`CallError::Session`],
/// whose [advice](Error::advice) tells "log in again" from "try again"; also after a 401, whose response is then
/// gone: it would tell the caller to log in when the truth is that the server could not be asked.
///
/// A call belongs to the session in which it was made. Should that end while the call waits, for a token, for the client
/// below or for a busy server, it ends too, and is not sent with what another session has brought.
///
/// # Redirects
///
/// The layer goes *inside* of what follows redirects: `ServiceBuilder` names the follower first. Each hop then is a
/// request of its own, and gets what its own URI is entitled to. A client that follows by itself, below the layer
/// (reqwest does, unless told `redirect::Policy::none()`), decides alone what becomes of the headers, and hides who has
/// answered; if it has to be, say so by [`AnsweredBy`](crate::client::AnsweredBy).
///
/// [`WithoutTokens`]: crate::client::WithoutTokens
/// [`CallError::Session`]: crate::client::CallError::Session
#[derive(Clone)]
pub struct ClientLayer<P = CloneBody> {
    settings: Arc<Settings>,
    replay: P,
}

/// What all requests of a layer share.
#[derive(Clone)]
pub(super) struct Settings {
    pub(super) session: ClientSession,
    pub(super) origins: Vec<Origin>,
    pub(super) renewed_by: Option<RenewedBy>,
    pub(super) longest_wait: Duration,
}

type RenewedBy = Arc<dyn Fn(&response::Parts) -> Option<TokenSet> + Send + Sync>;

impl ClientLayer {
    /// A layer that carries the tokens of this session (or of this [`TokenManager`](crate::client::TokenManager)) to
    /// this origin: `https://HOST` or `https://HOST:PORT`. Without encryption only this machine is an origin:
    /// `localhost`, `127.0.0.0/8`, `[::1]`.
    ///
    /// # Errors
    /// If that is no such origin.
    pub fn new(origin: impl AsRef<str>, session: impl Into<ClientSession>) -> Result<Self, InvalidOrigin> {
        let origins = vec![Origin::parse(origin.as_ref())?];
        let settings = Settings { session: session.into(), origins, renewed_by: None, longest_wait: LONGEST_WAIT };
        Ok(Self { settings: Arc::new(settings), replay: CloneBody })
    }
}

impl<P> ClientLayer<P> {
    /// Carries the tokens to this origin as well.
    ///
    /// # Errors
    /// If that is no such origin as [`new`](ClientLayer::new) takes.
    pub fn and_origin(mut self, origin: impl AsRef<str>) -> Result<Self, InvalidOrigin> {
        let origin = Origin::parse(origin.as_ref())?;
        Arc::make_mut(&mut self.settings).origins.push(origin);
        Ok(self)
    }

    /// Takes new tokens out of answers to requests that carried one. Asked for each of them, so it should be quick to
    /// say `None`. Tokens that are newer than the one that was sent are never overwritten; a log-out wins.
    #[must_use]
    pub fn renewed_by(
        mut self,
        renewed: impl Fn(&response::Parts) -> Option<TokenSet> + Send + Sync + 'static,
    ) -> Self {
        Arc::make_mut(&mut self.settings).renewed_by = Some(Arc::new(renewed));
        self
    }

    /// The same, for servers that put a new access token into a header of this name, alone or after `Bearer`. What
    /// cannot be a token is passed over.
    #[must_use]
    pub fn renewed_by_header(self, name: HeaderName) -> Self {
        self.renewed_by(move |parts| {
            let text = parts.headers.get(&name)?.to_str().ok()?.trim();
            TokenSet::new(text.strip_prefix("Bearer ").unwrap_or(text)).ok()
        })
    }

    /// The longest wait for a server that answers 503 or 429 with `Retry-After`: 10 seconds by default, and with
    /// zero such answers are handed out at once.
    #[must_use]
    pub fn longest_wait(mut self, wait: Duration) -> Self {
        Arc::make_mut(&mut self.settings).longest_wait = wait;
        self
    }

    /// How bodies are copied, to be sent once more: [`CloneBody`](crate::client::CloneBody), if nothing is said;
    /// [`NoReplay`](crate::client::NoReplay), or a function from `&B` to `Option<B>`.
    ///
    /// Bodies that are not `Clone` need this: without it, the compiler says of `call` or `oneshot` that its trait bounds
    /// were not satisfied.
    #[must_use]
    pub fn replay_with<Q>(self, replay: Q) -> ClientLayer<Q> {
        ClientLayer { settings: self.settings, replay }
    }

    /// Gives a request what it would get on its way through the layer: for the handshake of a WebSocket, and for
    /// clients that are no service. A call is counted. What comes back is the caller's to look at.
    ///
    /// Some of these print a handshake with all its headers into their log: tungstenite does, at the level `trace`.
    ///
    /// # Errors
    /// If tokens have expired and could not be renewed.
    pub async fn authorize<B>(&self, request: &mut Request<B>) -> Result<(), Error> {
        let errand = Errand::of(&self.settings, request);
        let token = errand.token(&self.settings, false).await?;
        errand.load(&self.settings, request, token.as_ref());
        Ok(())
    }
}

impl<S, P: Clone> Layer<S> for ClientLayer<P> {
    type Service = ClientService<S, P>;

    fn layer(&self, inner: S) -> Self::Service {
        ClientService::new(inner, Arc::clone(&self.settings), self.replay.clone())
    }
}

impl<P> fmt::Debug for ClientLayer<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.settings.fmt_as("ClientLayer", f)
    }
}

impl Settings {
    /// Prints the origins.
    pub(super) fn fmt_as(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origins: Vec<&str> = self.origins.iter().map(Origin::name).collect();
        f.debug_struct(name).field("origins", &origins).finish_non_exhaustive()
    }
}

const LONGEST_WAIT: Duration = Duration::from_secs(10);
