//! The middleware: a token in, a [`Session`](crate::Session) for the handler, a cookie out if
//! something changed.

mod answer;
mod arrival;
mod facts;
mod future;
mod outage;
mod service;
mod span;

#[cfg(feature = "axum")]
pub(crate) use arrival::status_of;
pub use future::ResponseFuture;
pub use outage::Outage;
pub use service::SessionService;

use tower_layer::Layer;

use crate::{config::Binding, sessions::Sessions};

/// Puts a [`Session`](crate::Session) into the extensions of each request.
///
/// | what happened | status | cookie | store |
/// |---|---|---|---|
/// | no credential, nothing written | as the handler says | none | untouched |
/// | a bad or dead token | as the handler says | cleared, once | untouched (bad), one load (dead) |
/// | valid, only read, inside the refresh interval | as the handler says | none | one load |
/// | valid, window due to slide | as the handler says | renewed only if it is a lasting one | one load, one change |
/// | fields written | as the handler says | only if created, rotated or renewed | one load, one change |
/// | logged in, rotated, logged out | as the handler says | set, set, cleared | one verb |
/// | several `Authorization` headers, one of them Bearer | 400 | untouched | untouched |
/// | a cookie, with a request that another site made the browser send | 403 | untouched | untouched |
/// | not by https, where that is required | 403 | untouched | untouched |
/// | a session used from elsewhere, and bound to where it was begun | as the handler says, to nobody | untouched | one load |
/// | store unreachable | 503 and `Retry-After`, but see [`Outage`] | untouched | |
///
/// A Bearer header decides alone: a bad one never falls back to the cookie. Why a token was refused
/// stands in the response's extensions, as a [`RefusalKind`](crate::RefusalKind).
///
/// The service behind it keeps its error type: the layer answers with responses, never with errors
/// of its own. Its own responses have an empty body, so all that it asks of a body type is a default.
///
/// ```
/// use axum::{Router, routing::get};
/// use countersign::{KeyRing, LoggedIn, MemoryStore, SessionLayer, Sessions};
///
/// async fn me(who: LoggedIn) -> String {
///     format!("hello {}", who.user())
/// }
///
/// let sessions = Sessions::new(KeyRing::generate()?, MemoryStore::new());
/// let app: Router = Router::new().route("/me", get(me)).layer(SessionLayer::new(sessions));
/// # Ok::<(), countersign::KeyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct SessionLayer {
    sessions: Sessions,
    outage: Outage,
    binding: Option<Binding>,
}

impl SessionLayer {
    /// A layer for these sessions.
    #[must_use]
    pub const fn new(sessions: Sessions) -> Self {
        Self { sessions, outage: Outage::Closed, binding: None }
    }

    /// What becomes of a request while the store cannot be asked: a 503, unless this says otherwise.
    #[must_use]
    pub fn outage(self, outage: Outage) -> Self {
        if let Outage::StaleFor(age) = outage {
            self.sessions.remember_for(age);
        }
        Self { outage, ..self }
    }

    /// What happens behind this layer when a session is used from elsewhere than it was begun, in place of what the settings
    /// say (`binding`). What a session was [bound](crate::LogIn::bind) to at log-in counts as well.
    #[must_use]
    pub fn binding(self, binding: Binding) -> Self {
        Self { binding: Some(binding), ..self }
    }
}

impl<S> Layer<S> for SessionLayer {
    type Service = SessionService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        SessionService::new(inner, self.sessions.clone(), self.outage, self.binding)
    }
}
