//! Signed, revocable sessions for Tower, Axum and Hyper.
//!
//! One [layer](SessionLayer) puts a [`Session`] into every request: it finds the token (cookie or
//! `Authorization: Bearer`), checks its signature before any store is asked, loads the session,
//! slides its window, and stores what the handler has written, as one change, before the response
//! leaves. What was logged out stays logged out, on every node; what two requests write at once is
//! merged.
//!
//! ```
//! use axum::{Json, Router, extract::Path, routing::{get, post}};
//! use countersign::{
//!     Error, Issued, KeyRing, LoggedIn, MemoryStore, Session, SessionLayer, Sessions,
//! };
//!
//! // Once the password was checked: a new id and token, the user's limit enforced.
//! async fn log_in(session: Session, user: Path<String>) -> Result<Json<Issued>, Error> {
//!     Ok(Json(session.log_in(&*user).roles(["editor"]).await?))
//! }
//! // Everybody without a session gets a 401.
//! async fn me(who: LoggedIn) -> String {
//!     format!("hello {}", who.user())
//! }
//! // Two tabs at once: both count. Stored before the answer leaves.
//! async fn visit(session: Session) -> Result<String, Error> {
//!     session.increment("visits", 1)?;
//!     Ok(format!("{:?} visits", session.get::<u64>("visits")?))
//! }
//! // Now, on every node.
//! async fn log_out(session: Session) -> Result<(), Error> {
//!     session.log_out().await
//! }
//!
//! let sessions = Sessions::new(KeyRing::generate()?, MemoryStore::new());
//! let app: Router = Router::new()
//!     .route("/login/{user}", post(log_in))
//!     .route("/me", get(me))
//!     .route("/visit", post(visit))
//!     .route("/logout", post(log_out))
//!     .layer(SessionLayer::new(sessions));
//! # Ok::<(), countersign::KeyError>(())
//! ```
//!
//! # Where to look
//!
//! | for | see |
//! |---|---|
//! | the handle in a handler | [`Session`], [`LoggedIn`] |
//! | the middleware, and what it answers when | [`SessionLayer`] |
//! | what a route demands: a role, a permission, a second factor, a fresh log-in | [`Require`], [`SessionsBuilder::grant`] |
//! | a log-in by two factors, and proof anew | [`LogIn::pending_second_factor`], [`PendingSecondFactor`], [`Session::step_up`] |
//! | guessing, slowed down | [`Session::attempt`], [`Throttle`] |
//! | requests of other sites, and forms | [`CrossSite`], [`Session::form_token`] |
//! | a session that is used from elsewhere | [`Binding`], [`SessionsBuilder::on_suspicion`] |
//! | the way back after a log-in | [`ReturnTo`] |
//! | a WebSocket or a stream that ends with its session | [`Session::ended`], [`Session::until_ended`], [`Session::touch`] |
//! | a warning before the end | [`Session::remaining`], [`Session::ends_soon`], [`Config::warn_before`] |
//! | sessions without a request: jobs, support tools, tests | [`Sessions`] |
//! | services that act for the users of another one | [`Services`], [`ServiceLayer`], [`ServiceIdentity`] |
//! | keys and their rotation | [`KeyRing`] |
//! | settings, from code, a file or the environment | [`Config`] |
//! | stores, and a store of your own | [`MemoryStore`], [`SqliteStore`], [`PostgresStore`], [`MySqlStore`], [`RedisStore`], [`store`], [`conformance`] |
//! | what can be put before a store, and between two | [`CachedStore`], [`Sealed`], [`Moving`] |
//! | pages to mount: for operators, and "your devices" | [`Dashboard`], [`AccountPage`] |
//! | what happens, in numbers | [`SessionsBuilder::metrics`], [`Metrics`] |
//! | who has done what, kept and found again | [`audit`] |
//! | REST routes for all that, with an OpenAPI document | [`api`] |
//! | the program at the other end | [`client`] |
//! | tests of your application | `Sessions::for_tests` (feature `testing`) |
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `server` | yes | the side that checks tokens: everything but [`client`] |
//! | `client` | no | [`client`]: the side that holds them. Alone, it compiles nothing of the server's |
//! | `keyring` | no | [`client::KeyringStorage`] |
//! | `axum` | yes | [`LoggedIn`], extractors, errors as responses |
//! | `api` | no | [`api`]: REST routes, with their OpenAPI document |
//! | `sqlite` | yes | [`SqliteStore`] |
//! | `redis` | no | [`RedisStore`] |
//! | `postgres` | no | [`PostgresStore`] |
//! | `mysql` | no | [`MySqlStore`] |
//! | `toml` | yes | `Config::from_file`, `Config::from_toml` |
//! | `user-agent` | yes | names of browser and system in [`Device`] |
//! | `cache` | no | [`CachedStore`] |
//! | `dashboard` | no | [`Dashboard`] for operators, [`AccountPage`] for users: pages to mount |
//! | `service` | no | [`Services`]: identities of services |
//! | `metrics` | no | [`Metrics`]: for a recorder of the `metrics` facade, and as a snapshot |
//! | `audit` | no | [`audit`]: who has done what, in a log, a table or a stream |
//! | `conformance` | no | the suite that states the store contract as tests |
//! | `testing` | no | `Sessions::for_tests` |
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(all(
        feature = "client",
        feature = "keyring",
        feature = "axum",
        feature = "api",
        feature = "sqlite",
        feature = "postgres",
        feature = "mysql",
        feature = "redis",
        feature = "cache",
        feature = "audit",
        feature = "conformance",
        feature = "dashboard",
        feature = "service",
        feature = "metrics"
    )),
    allow(rustdoc::broken_intra_doc_links, reason = "the overview names what a feature adds")
)]

#[cfg(feature = "dashboard")]
mod account;
#[cfg(feature = "api")]
pub mod api;
#[cfg(feature = "audit")]
pub mod audit;
#[cfg(feature = "server")]
mod carrier;
#[cfg(feature = "client")]
pub mod client;
#[cfg(any(feature = "client", feature = "server"))]
mod clock;
#[cfg(feature = "server")]
mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "server")]
mod cross_site;
#[cfg(feature = "dashboard")]
mod dashboard;
#[cfg(feature = "axum")]
mod extract;
#[cfg(feature = "server")]
mod guard;
#[cfg(any(feature = "client", feature = "server"))]
mod key;
#[cfg(feature = "server")]
mod layer;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "dashboard")]
mod page;
#[cfg(feature = "server")]
mod peer;
#[cfg(feature = "server")]
mod record;
#[cfg(feature = "service")]
mod service;
#[cfg(feature = "server")]
mod session;
#[cfg(feature = "server")]
mod sessions;
#[cfg(feature = "server")]
pub mod store;
#[cfg(feature = "server")]
mod throttle;
#[cfg(feature = "server")]
mod token;

#[cfg(feature = "metrics")]
pub use crate::metrics::{Census, Metrics, MetricsTask, Sample, Snapshot, Spread};
#[cfg(feature = "dashboard")]
pub use account::AccountPage;
#[cfg(any(feature = "client", feature = "server"))]
pub use clock::{Clock, Timestamp};
#[cfg(feature = "server")]
pub use config::{
    Assurances, Binding, Bounds, Carriers, Config, ConfigError, Cookie, CrossSite, CrossSiteCheck, DeviceCookie,
    ForwardedHeader, Lifetime, Limit, Monitoring, Pace, Proxies, Reaction, Rotation, SameSite, SecondFactor, Spans,
    Sweep, Throttle, WhenFull, WithoutHeaders,
};
#[cfg(feature = "dashboard")]
pub use dashboard::{Dashboard, Figure, ServiceLine, TrailLine};
#[cfg(all(feature = "axum", feature = "service"))]
pub use extract::MissingServiceLayer;
#[cfg(feature = "axum")]
pub use extract::{LoggedIn, LoginRequired, MissingLayer, NotPending};
#[cfg(feature = "server")]
pub use guard::{GuardFuture, Guarded, Require, ReturnTo};
#[cfg(any(feature = "client", feature = "server"))]
pub use key::{KeyError, KeyErrorKind, KeyRing, RandomError};
#[cfg(feature = "server")]
pub use layer::{Outage, ResponseFuture, SessionLayer, SessionService};
#[cfg(feature = "server")]
pub use peer::{ClientAddress, OverTls};
#[cfg(feature = "server")]
pub use record::{
    Assurance, Attributes, Change, ChangeRefused, Device, DeviceHints, DeviceKind, FieldChange, FirstFactor,
    InvalidSessionId, Keep, Pending, Record, Remaining, SecretHash, SecretStep, SessionId, Standing, Succession,
};
#[cfg(feature = "service")]
pub use service::{Identified, IdentifiedFuture, ServiceIdentity, ServiceInfo, ServiceLayer, ServiceSession, Services};
#[cfg(feature = "server")]
pub use session::{PendingSecondFactor, Proof, Session, UntilEnded};
#[cfg(feature = "server")]
pub use sessions::{
    Attempt, Authenticated, Counters, DenialKind, End, EndReason, Ended, Error, ErrorKind, Event, Issued, Limiter,
    LogIn, Maintenance, Reason, ServiceStep, SessionInfo, Sessions, SessionsBuilder, Suspicion, SuspicionKind, Whence,
};
#[cfg(feature = "cache")]
pub use store::cached::CachedStore;
#[cfg(feature = "mysql")]
pub use store::mysql::MySqlStore;
#[cfg(feature = "postgres")]
pub use store::postgres::PostgresStore;
#[cfg(feature = "redis")]
pub use store::redis::RedisStore;
#[cfg(feature = "sqlite")]
pub use store::sqlite::SqliteStore;
#[cfg(feature = "server")]
pub use store::{Moving, Progress, Sealed, SessionStore, StoreError, StoreErrorKind, memory::MemoryStore};
#[cfg(feature = "service")]
pub use token::ServiceToken;
#[cfg(feature = "server")]
pub use token::{MalformedToken, RefusalKind, Token};

/// The examples in the documents compile.
#[cfg(all(
    doctest,
    feature = "axum",
    feature = "sqlite",
    feature = "toml",
    feature = "redis",
    feature = "cache",
    feature = "service",
    feature = "audit",
    feature = "metrics",
    feature = "api",
    feature = "dashboard"
))]
mod documents {
    #[doc = include_str!("../README.md")]
    mod readme {}
    #[doc = include_str!("../docs/migrating.md")]
    mod migrating {}
    #[doc = include_str!("../docs/configuration.md")]
    mod configuration {}
    #[cfg(feature = "metrics")]
    #[doc = include_str!("../docs/metrics.md")]
    mod metrics {}
}

/// The same for the pages.
#[cfg(all(doctest, feature = "dashboard"))]
mod pages_document {
    #[doc = include_str!("../docs/dashboard.md")]
    mod dashboard {}
}

/// The same for the audit log.
#[cfg(all(doctest, feature = "audit", feature = "sqlite"))]
mod audit_document {
    #[doc = include_str!("../docs/audit.md")]
    mod audit {}
}

/// The same for the client half, which needs nothing of the server's.
#[cfg(all(doctest, feature = "client", feature = "axum"))]
mod client_document {
    #[doc = include_str!("../docs/client.md")]
    mod client {}
}

#[cfg(all(doctest, feature = "api"))]
mod api_document {
    #[doc = include_str!("../docs/api.md")]
    mod api {}
}
