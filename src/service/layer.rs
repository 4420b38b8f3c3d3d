use std::{
    mem,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::{IdentifiedFuture, ServiceIdentity, Services, answer};
use crate::{
    carrier::{Bearer, read_bearer},
    peer::{ClientAddress, OverTls},
    sessions::Error,
    token::{RefusalKind, ServiceToken},
};

/// Lets services in by their tokens, and nobody else: puts a [`ServiceIdentity`] into the extensions of each request.
///
/// | what came | status | `WWW-Authenticate: Bearer` (RFC 6750) |
/// |---|---|---|
/// | a good token, as `Authorization: Bearer` | as the handler says | |
/// | no such header | 401 | without more |
/// | a bad token, a session's token | 401 | `error="invalid_token"` |
/// | several `Authorization` headers, one of them Bearer | 400 | `error="invalid_request"` |
/// | a good token of a service without the permission that is [required](Self::requiring) | 403, and the body names it | `error="insufficient_scope"`, `scope="…"` |
/// | not by https, where the settings want that (`require_https`) | 403 | |
/// | store unreachable | 503 and `Retry-After` | |
///
/// Cookies are not looked at. Why a token was refused stands in the response's extensions, as a
/// [`RefusalKind`](crate::RefusalKind); a missing permission as a [`DenialKind`](crate::DenialKind).
///
/// It goes around routes of services, beside those of users, which have a [`SessionLayer`](crate::SessionLayer) around them: one
/// header carries one credential.
///
/// ```
/// use axum::{Router, body::Body, extract::Path, routing::{get, put}};
/// use countersign::{Error, ServiceIdentity, ServiceLayer, SessionId, Sessions};
/// use http::{Request, StatusCode};
/// use tower::ServiceExt;
///
/// async fn set(service: ServiceIdentity, Path(id): Path<SessionId>, body: String) -> Result<(), Error> {
///     service.session(id).await?.set("last_order", &body)?.commit().await?;
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sessions = Sessions::for_tests();
/// let services = sessions.services();
/// let app: Router = Router::new()
///     .route("/internal/{id}/last-order", put(set))
///     .layer(ServiceLayer::new(services.clone()));
///
/// let ada = sessions.log_in("ada").await?.session_id();
/// let orders = services.register("orders", ["session.read", "session.write"]).await?;
/// let statistics = services.register("statistics", ["session.read"]).await?;
/// for (token, status) in [(orders, StatusCode::OK), (statistics, StatusCode::FORBIDDEN)] {
///     let request = Request::put(format!("/internal/{ada}/last-order"))
///         .header("authorization", format!("Bearer {}", *token.reveal()))
///         .body(Body::from("4711"))?;
///     assert_eq!(app.clone().oneshot(request).await?.status(), status);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct ServiceLayer {
    services: Services,
    permission: Option<Arc<str>>,
}

impl ServiceLayer {
    /// A layer that lets these services in.
    #[must_use]
    pub const fn new(services: Services) -> Self {
        Self { services, permission: None }
    }

    /// Those alone that have this permission, by its whole name. For several, see [`ServiceIdentity::require`].
    #[must_use]
    pub fn requiring(self, permission: &str) -> Self {
        Self { permission: Some(permission.into()), ..self }
    }
}

impl<S> Layer<S> for ServiceLayer {
    type Service = Identified<S>;

    fn layer(&self, inner: S) -> Identified<S> {
        Identified { inner, services: self.services.clone(), permission: self.permission.clone() }
    }
}

/// The middleware that [`ServiceLayer`] puts around a service.
#[derive(Clone, Debug)]
pub struct Identified<S> {
    inner: S,
    services: Services,
    permission: Option<Arc<str>>,
}

impl<S, ReqBody, ResBody> Service<Request<ReqBody>> for Identified<S>
where
    S: Service<Request<ReqBody>, Response = Response<ResBody>> + Clone,
    ResBody: From<String>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = IdentifiedFuture<S, ReqBody>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<ReqBody>) -> Self::Future {
        // The service that was polled ready is the one that must be called: a clone takes its place.
        let clone = self.inner.clone();
        let inner = mem::replace(&mut self.inner, clone);
        let token = match read_bearer(request.headers()) {
            _ if self.is_insecure(&request) => return IdentifiedFuture::turned_away(answer::insecure()),
            Bearer::Nothing => return IdentifiedFuture::turned_away(answer::no_credential()),
            Bearer::Several => return IdentifiedFuture::turned_away(answer::several_credentials()),
            Bearer::One(text) => ServiceToken::parse(text),
        };
        match token {
            Ok(token) => {
                let identify = identify(self.services.clone(), token, self.permission.clone());
                IdentifiedFuture::verifying(Box::pin(identify), self.permission.clone(), request, inner)
            }
            Err(_) => {
                let error = self.services.refused(None, RefusalKind::Malformed);
                IdentifiedFuture::turned_away(answer::to(&error, None))
            }
        }
    }
}

impl<S> Identified<S> {
    fn is_insecure<B>(&self, request: &Request<B>) -> bool {
        let (sessions, extensions) = (&self.services.sessions, request.extensions());
        let socket = extensions.get().map(|ClientAddress(address)| *address);
        let over_tls = extensions.get::<OverTls>().is_some();
        sessions.config().require_https && !sessions.proxies().peer(socket, over_tls, request.headers()).secure
    }
}

async fn identify(
    services: Services,
    token: ServiceToken,
    permission: Option<Arc<str>>,
) -> Result<ServiceIdentity, Error> {
    let service = services.authenticate(&token).await?;
    match permission {
        Some(permission) => service.require(&permission).map(|()| service),
        None => Ok(service),
    }
}
