//! REST routes for log-in, refresh, list and revoke, to mount anywhere; and the OpenAPI document that is made of them.
//!
//! | request | does | answers |
//! |---|---|---|
//! | `POST /sessions` | logs in: name and password, or the second factor that is owed | 201; 202 if a second factor is owed |
//! | `GET /sessions` | lists one's own sessions, the current one in front and marked | 200 |
//! | `DELETE /sessions` | ends all of one's sessions but this one; with `?all=true` this one too | 200, with their ids |
//! | `GET /sessions/{id}` | one of them, with the time that it has left | 200 |
//! | `PUT /sessions/{id}` | exchanges the secret of the current one | 200 |
//! | `DELETE /sessions/{id}` | ends one of them | 204 |
//! | `GET /openapi.json` | this table for programs: OpenAPI 3.1 | 200 |
//!
//! Who logs in is checked by an [`Authenticator`] of the application. Clients with cookies and clients with Bearer tokens use the
//! same routes: a log-in is answered by a cookie, and with `"token": true` by a token in the body, and no cookie. From there on
//! the credential decides: a token is put into a body for whoever sent one, never for a cookie, so that no script gets hold of
//! what `HttpOnly` keeps from it.
//!
//! Whatever is refused is answered by a problem (RFC 9457): `application/problem+json`, whose `code` is stable, and stands in the
//! document. That holds of malformed requests and unknown paths too, as long as they reach the router: what the
//! [`SessionLayer`] turns away before that is a problem as well with [`Api::behind`].
//!
//! ```
//! use axum::Router;
//! use countersign::{SessionLayer, Sessions, api::{Api, Authenticator, Failed, Verdict}};
//!
//! struct Users;
//!
//! impl Authenticator for Users {
//!     async fn check(&self, user: Option<&str>, password: &str) -> Result<Verdict, Failed> {
//!         // Compare with a hash; with that of nobody if there is no such user, so that both take as long.
//!         Ok(if (user, password) == (Some("ada"), "lovelace") { Verdict::right() } else { Verdict::wrong() })
//!     }
//! }
//!
//! # let sessions = Sessions::for_tests();
//! let app: Router = Router::new().nest("/api", Api::new(Users).behind(SessionLayer::new(sessions)));
//! ```

mod answer;
mod authenticator;
mod body;
mod code;
mod document;
mod log_in;
mod operation;
mod own;
mod problem;
mod second_factor;
mod view;
mod who;

pub use authenticator::{Authenticator, Failed, Verdict};

use std::{fmt, sync::Arc};

use axum::{Router, extract::DefaultBodyLimit, middleware::map_response, routing::any};

use crate::{config::Config, layer::SessionLayer};
use authenticator::Erased;
use code::Code;
use operation::Operation;
use problem::Problem;

/// The REST routes, and who checks those that log in by them.
#[derive(Clone)]
pub struct Api {
    authenticator: Arc<dyn Erased>,
}

impl Api {
    /// Routes for the users that this authenticator knows.
    #[must_use]
    pub fn new(authenticator: impl Authenticator) -> Self {
        Self { authenticator: Arc::new(authenticator) }
    }

    /// The routes, to be nested anywhere below a [`SessionLayer`]. What that layer turns away never reaches them: it has no body.
    ///
    /// ```
    /// # use axum::Router;
    /// # use countersign::{SessionLayer, Sessions, api::{Api, Authenticator, Failed, Verdict}};
    /// # struct Users;
    /// # impl Authenticator for Users {
    /// #     async fn check(&self, _: Option<&str>, _: &str) -> Result<Verdict, Failed> { Ok(Verdict::wrong()) }
    /// # }
    /// # let sessions = Sessions::for_tests();
    /// let app: Router = Router::new().nest("/api", Api::new(Users).router()).layer(SessionLayer::new(sessions));
    /// ```
    pub fn router(&self) -> Router {
        let add = |router: Router<Self>, operation: Operation| router.route(operation.path(), operation.handler());
        let routes = Operation::ALL.into_iter().fold(Router::new(), add);
        routes
            // Not by a fallback: Axum nests none below a path that has parameters.
            .route("/{*path}", any(async || Problem::new(Code::NotFound).with_detail("there is nothing at this path")))
            .method_not_allowed_fallback(async || Problem::new(Code::MethodNotAllowed))
            .layer(DefaultBodyLimit::max(body::LARGEST))
            .with_state(self.clone())
    }

    /// The routes with a session layer of their own, so that all that it turns away is answered by a problem too. Nest them beside
    /// what has a layer, not below it: two would look each session up twice.
    ///
    /// ```
    /// # use axum::{Router, routing::get};
    /// # use countersign::{LoggedIn, SessionLayer, Sessions, api::{Api, Authenticator, Failed, Verdict}};
    /// # struct Users;
    /// # impl Authenticator for Users {
    /// #     async fn check(&self, _: Option<&str>, _: &str) -> Result<Verdict, Failed> { Ok(Verdict::wrong()) }
    /// # }
    /// # let sessions = Sessions::for_tests();
    /// let app: Router = Router::new()
    ///     .route("/me", get(|who: LoggedIn| async move { who.user().to_owned() }))
    ///     .layer(SessionLayer::new(sessions.clone()))
    ///     .nest("/api", Api::new(Users).behind(SessionLayer::new(sessions)));    // after the layer: not below it
    /// ```
    pub fn behind(&self, layer: SessionLayer) -> Router {
        self.router().layer(layer).layer(map_response(problem::of_layer))
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").finish_non_exhaustive()
    }
}

/// The OpenAPI 3.1 document of the routes, as JSON, under these settings: they decide about the cookie's name, and which
/// credentials there are. `GET /openapi.json` answers with the same, and says where the routes are mounted.
///
/// ```
/// let document = countersign::api::openapi(&countersign::Config::production());
/// assert!(document.contains("\"/sessions/{id}\""));
/// ```
#[must_use]
pub fn openapi(config: &Config) -> String {
    document::as_json(config, "/")
}
