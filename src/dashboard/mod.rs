//! The operators' view: figures and their last hour, a user's sessions, what has happened to one, services.

#[cfg(feature = "audit")]
mod audited;
mod figure;
mod history;
mod live;
#[cfg(feature = "metrics")]
mod metered;
mod pages;
mod shared;
mod slots;
mod verbs;

use std::{fmt, future::Future, sync::Arc, time::Duration};

use axum::{
    Router,
    http::StatusCode,
    middleware::from_fn_with_state,
    routing::{get, post},
};

pub use figure::Figure;
use shared::{End, Shared};
use slots::Slots;
pub use slots::{ServiceLine, TrailLine};

#[cfg(feature = "service")]
use crate::sessions::Error;
use crate::{
    guard::Require,
    page::{Look, finish, script, style_sheet},
    record::SessionId,
    sessions::Sessions,
};

/// The page for operators, to mount inside of a [`SessionLayer`](crate::SessionLayer).
///
/// It shows how often what has happened in the last hour, live, and, where the sessions are measured (`SessionsBuilder::metrics`),
/// how many there are and how the store does; a user's sessions, which can be ended there one by one or all at
/// once; what is known of a session; and, where the application [says](Self::trail) [so](Self::services), what has happened to it,
/// and who the services are. Only whoever has the [role](Self::role) gets to see anything of it: the guard is part of the router.
/// What an operator ends, ends in his name ([`Sessions::by`]) and for
/// [`Reason::ByOperator`](crate::Reason::ByOperator).
///
/// Every form carries a [token](crate::Session::form_token), no page has a script or a style within, and none may be framed or
/// cached. Without JavaScript everything works but the figures' going on by themselves.
///
/// ```
/// use axum::Router;
/// use countersign::{Dashboard, Require, SessionLayer, Sessions};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # let sessions = Sessions::for_tests();
/// let operators = Dashboard::new(sessions.clone())
///     .role("support")
///     .require(Require::second_factor())
///     .fresh_login(Duration::from_mins(15));      // to end a session, not to look
/// let app: Router = Router::new()
///     .nest("/operators", operators.router())
///     .layer(SessionLayer::new(sessions));
/// # }
/// ```
#[must_use]
pub struct Dashboard {
    sessions: Sessions,
    require: Require,
    role: Box<str>,
    fresh: Option<Duration>,
    slots: Slots,
    end: Option<End>,
    look: Look,
}

impl Dashboard {
    /// Of these sessions, for whoever has the role `operator`. They need not be those of the operators themselves.
    pub fn new(sessions: Sessions) -> Self {
        let look = Look { name: "Sessions", wide: true, style_sheet: None };
        let (role, require, slots) = ("operator".into(), Require::logged_in(), Slots::default());
        Self { sessions, role, require, fresh: None, slots, end: None, look }
    }

    /// Replaces the role that it takes.
    pub fn role(self, role: impl Into<Box<str>>) -> Self {
        Self { role: role.into(), ..self }
    }

    /// Demands something beside the role, as a [second factor](Require::second_factor).
    pub fn require(self, require: Require) -> Self {
        Self { require: self.require.and(require), ..self }
    }

    /// To end sessions, demands a log-in that is at most so long ago.
    pub fn fresh_login(self, age: Duration) -> Self {
        Self { fresh: Some(age), ..self }
    }

    /// Shows figures of the application's own, before those that are counted here. It is asked about once a second, and should
    /// answer at once.
    ///
    /// ```
    /// use countersign::{Dashboard, Figure, Sessions};
    ///
    /// # let sessions = Sessions::for_tests();
    /// let dashboard = Dashboard::new(sessions).figures(|| vec![Figure::level("Users in the shop", [12.0, 14.0, 13.0])]);
    /// ```
    pub fn figures(mut self, read: impl Fn() -> Vec<Figure> + Send + Sync + 'static) -> Self {
        self.slots.set_figures(read);
        self
    }

    /// Shows what has happened to a session, as `read` says it: the newest in front, and no more than a page holds.
    ///
    /// ```
    /// use countersign::{Dashboard, Sessions, TrailLine};
    ///
    /// # let sessions = Sessions::for_tests();
    /// # async fn look_up(_: countersign::SessionId) -> Result<Vec<TrailLine>, std::io::Error> { Ok(Vec::new()) }
    /// let dashboard = Dashboard::new(sessions).trail(|id| look_up(id));
    /// ```
    pub fn trail<F, E>(mut self, read: impl Fn(SessionId) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Vec<TrailLine>, E>> + Send + 'static,
        E: std::error::Error + Send + Sync + 'static,
    {
        self.slots.set_trail(read);
        self
    }

    /// Adds a page of the services that use these sessions, as `read` lists them.
    pub fn services<F, E>(mut self, read: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Vec<ServiceLine>, E>> + Send + 'static,
        E: std::error::Error + Send + Sync + 'static,
    {
        self.slots.set_services(read);
        self
    }

    /// The same of the services that are [registered](crate::Sessions::services) with these sessions.
    #[cfg(feature = "service")]
    pub fn registered_services(self) -> Self {
        let services = self.sessions.services();
        self.services(move || {
            let services = services.clone();
            async move { Ok::<_, Error>(services.list().await?.iter().map(ServiceLine::from).collect()) }
        })
    }

    /// Ends all live streams when `end` is there: a server that waits for its connections, as Axum's graceful shutdown does, would
    /// wait for whoever has the page open.
    pub fn live_until(self, end: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { end: Some(Box::pin(end)), ..self }
    }

    /// Adds a style sheet of the application, by its address on the same host. It may set `--accent`, `--ground`, `--card` and
    /// what else the built-in one begins with.
    pub fn style_sheet(mut self, address: impl Into<Arc<str>>) -> Self {
        self.look.style_sheet = Some(address.into());
        self
    }

    /// Its routes, wherever they are nested. From now on it counts, until the last router of it is dropped.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn router<S: Clone + Send + Sync + 'static>(self) -> Router<S> {
        let look = self.look.clone();
        let guard = Require::role(self.role).and(self.require);
        let mut verbs = Router::new().route("/end", post(verbs::end)).route("/end-all", post(verbs::end_all));
        if let Some(age) = self.fresh {
            verbs = verbs.route_layer(Require::fresh_login(age));
        }
        Router::new()
            .route("/", get(pages::overview))
            .route("/search", get(pages::search))
            .route("/sessions/{id}", get(pages::session))
            .route("/services", get(pages::services))
            .route("/live", get(live::live))
            .merge(verbs)
            .fallback(|| async { StatusCode::NOT_FOUND })
            .layer(guard)
            // Not guarded: who is refused is to read so as well, and there is nothing to see in them.
            .route("/style.css", get(style_sheet))
            .route("/live.js", get(script))
            .layer(from_fn_with_state(look.clone(), finish))
            .with_state(Shared::start(self.sessions, self.slots, look, self.end))
    }
}

impl fmt::Debug for Dashboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dashboard").field("role", &self.role).field("require", &self.require).finish_non_exhaustive()
    }
}
