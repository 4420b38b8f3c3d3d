use std::{fmt, sync::Arc, time::Duration};

use http::Request;
use tower_layer::Layer;

use super::{
    Answer, Guarded,
    demand::{Condition, Demand, Denial},
};
use crate::{
    record::Assurance,
    session::Session,
    sessions::{DenialKind, SessionInfo},
};

/// What a route demands of a session: a layer inside of the [`SessionLayer`](crate::SessionLayer), around one route or many.
///
/// Every demand implies that somebody is logged in, with nothing owed. Who does not meet it does not reach the route:
///
/// | what is missing | answer | `WWW-Authenticate: Bearer` |
/// |---|---|---|
/// | nobody is logged in; the second factor, or another proof, is still owed | 401 | as [`Session::challenge`] has it (RFC 6750) |
/// | the last proof is too long ago | 401 | `error="insufficient_user_authentication"`, `max_age="300"` (RFC 9470) |
/// | the assurance level is too low | 401 | `error="insufficient_user_authentication"`, `acr_values="aal2"` (RFC 9470) |
/// | a role, a permission, a condition | 403 | `error="insufficient_scope"` |
/// | the session is [stale](Session::is_stale), and more than a log-in is demanded | 503 and `Retry-After` | |
/// | the layer | 500, and the text names it | |
///
/// Where the settings have a `login_url`, a browser that asks for a page is sent there in place of a 401, with a safe
/// [way back](crate::ReturnTo) in `return_to`; one that owes its second factor to `second_factor.url`, if there is one. Which
/// demand it was stands in the response's extensions, as a [`DenialKind`], and in an [`Event::Denied`](crate::Event::Denied).
///
/// ```
/// use axum::{Router, body::Body, routing::{get, post}};
/// use countersign::{Assurance, Require, SessionLayer, Sessions};
/// use http::{Request, StatusCode};
/// use std::time::Duration;
/// use tower::ServiceExt;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sessions = Sessions::for_tests();
/// let admin: Router = Router::new()
///     .route("/users", get(|| async { "everybody" }))
///     .route("/users/{id}/wipe", post(|| async {}).layer(Require::fresh_login(Duration::from_mins(5))))
///     .layer(Require::role("admin").and(Require::second_factor()))
///     .layer(SessionLayer::new(sessions.clone()));
///
/// let grace = sessions.log_in("grace").roles(["admin"]).method("pwd").method("otp").await?;
/// let ada = sessions.log_in("ada").roles(["editor"]).await?;
/// for (issued, status) in [(grace, StatusCode::OK), (ada, StatusCode::FORBIDDEN)] {
///     let bearer = format!("Bearer {}", *issued.token().reveal());
///     let request = Request::get("/users").header("authorization", bearer).body(Body::empty())?;
///     assert_eq!(admin.clone().oneshot(request).await?.status(), status);
/// }
/// # Ok(()) }
/// ```
///
/// # Without Axum
///
/// It goes around any service over HTTP whose response bodies can be made of a text, as `Full<Bytes>`, `String` and Axum's
/// `Body` can. Bodies in a box become one of these on the way, by `map_response`, or by tower-http's `map_response_body`:
///
/// ```
/// use axum::body::Body;
/// use countersign::{Require, SessionLayer, Sessions};
/// use http::{Request, Response, StatusCode};
/// use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
/// use hyper::body::Bytes;
/// use std::convert::Infallible;
/// use tower::{ServiceBuilder, ServiceExt};
///
/// type Boxed = UnsyncBoxBody<Bytes, Infallible>;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let service = ServiceBuilder::new()
///     .layer(SessionLayer::new(Sessions::for_tests()))
///     .layer(Require::logged_in())
///     .map_response(|response: Response<Boxed>| response.map(Body::new))
///     .service_fn(|_: Request<()>| async {
///         Ok::<_, Infallible>(Response::new(Full::from("hello").boxed_unsync()))
///     });
/// assert_eq!(service.oneshot(Request::new(())).await?.status(), StatusCode::UNAUTHORIZED);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Require {
    demand: Arc<Demand>,
}

impl Require {
    /// Somebody is logged in. The one demand that a [stale](Session::is_stale) session meets.
    #[must_use]
    pub fn logged_in() -> Self {
        Self::of(Demand::LoggedIn)
    }

    /// The session has this role.
    #[must_use]
    pub fn role(role: impl Into<String>) -> Self {
        Self::any_role([role])
    }

    /// It has at least one of these roles. If there are none, nobody passes.
    #[must_use]
    pub fn any_role<R: Into<String>>(roles: impl IntoIterator<Item = R>) -> Self {
        Self::of(Demand::AnyRole(names(roles)))
    }

    /// It has each of these roles. If there are none, nobody passes.
    #[must_use]
    pub fn all_roles<R: Into<String>>(roles: impl IntoIterator<Item = R>) -> Self {
        Self::of(Demand::AllRoles(names(roles)))
    }

    /// One of its roles has this permission, by what was [granted](crate::SessionsBuilder::grant).
    ///
    /// ```
    /// use axum::{Router, routing::post};
    /// use countersign::{KeyRing, MemoryStore, Require, SessionLayer, Sessions};
    ///
    /// let sessions = Sessions::builder(KeyRing::generate()?, MemoryStore::new())
    ///     .grant("editor", ["posts.read", "posts.write"])
    ///     .build()?;
    /// let app: Router = Router::new()
    ///     .route("/posts", post(|| async { "written" }).layer(Require::permission("posts.write")))
    ///     .layer(SessionLayer::new(sessions));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn permission(permission: impl Into<String>) -> Self {
        Self::of(Demand::Permission(permission.into().into()))
    }

    /// A condition of the application's own. It is asked on each request, while the request's session is held for it: it should
    /// decide by what it is given, and at once.
    ///
    /// ```
    /// use countersign::Require;
    ///
    /// let staff = Require::that(|session| session.user().ends_with("@example.org"));
    /// ```
    #[must_use]
    pub fn that(holds: impl Fn(&SessionInfo) -> bool + Send + Sync + 'static) -> Self {
        Self::of(Demand::That(Condition(Box::new(holds))))
    }

    /// The user has proved by two factors who he is: [`Assurance::Aal2`] or more.
    #[must_use]
    pub fn second_factor() -> Self {
        Self::assurance(Assurance::Aal2)
    }

    /// It is at least so sure that the user is who he says.
    #[must_use]
    pub fn assurance(level: Assurance) -> Self {
        Self::of(Demand::Assurance(level))
    }

    /// The user's last proof of who he is was at most so long ago: his log-in, or a [step-up](Session::step_up) since. The client
    /// is told this age in whole seconds.
    #[must_use]
    pub fn fresh_login(age: Duration) -> Self {
        Self::of(Demand::Fresh(age))
    }

    /// Both: this first, then the other. What is told is the first that is not met.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::of(Demand::Both(self.demand, other.demand))
    }

    /// One of the two. If neither is met, what is told is the one that can be mended more easily: a stronger or a fresh log-in
    /// before a role.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::of(Demand::Either(self.demand, other.demand))
    }

    fn of(demand: Demand) -> Self {
        Self { demand: Arc::new(demand) }
    }

    /// What a request is answered with, if it may not pass.
    pub(super) fn refuses<B>(&self, request: &Request<B>) -> Option<Answer> {
        let Some(session) = request.extensions().get::<Session>() else {
            return Some(Answer::missing_layer());
        };
        self.check(session).err().map(|denial| Answer::to(denial, session, request.method(), request.headers()))
    }

    fn check(&self, session: &Session) -> Result<(), Denial> {
        let sessions = session.home().ok_or(DenialKind::MissingLayer)?;
        session.examine(|live| self.demand.decide(live, sessions.permissions(), &|| sessions.now()))
    }
}

fn names<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Vec<Box<str>> {
    names.into_iter().map(|name| name.into().into()).collect()
}

impl<S> Layer<S> for Require {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded::new(inner, self.clone())
    }
}

impl fmt::Debug for Require {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Require").field(&self.demand).finish()
    }
}
