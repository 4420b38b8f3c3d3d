//! The other side: a program that keeps, refreshes and carries its tokens.
//!
//! A [`TokenManager`] holds the tokens of a program, renews them once for all tasks and processes, and keeps them between
//! two runs; a [`ClientLayer`] carries them on outgoing requests, to their own origin alone. Both work with any API of
//! access tokens, refresh tokens and cookies, and with countersign's own servers.
//!
//! ```
//! use countersign::client::{ClientLayer, RefreshToken, TokenManager, TokenSet};
//! use http::Request;
//! use tower::{Service, ServiceBuilder, ServiceExt};
//!
//! # // Stand in for the server that issues tokens, and for a connection to the one that checks them.
//! # mod api {
//! #     use countersign::client::{RefreshError, RefreshToken, TokenSet};
//! #     pub async fn refresh(token: RefreshToken) -> Result<TokenSet, RefreshError> {
//! #         assert_eq!(token.reveal(), "renews");
//! #         TokenSet::new("the-second").map_err(RefreshError::try_again)
//! #     }
//! #     pub async fn answer(
//! #         request: http::Request<String>,
//! #     ) -> Result<http::Response<String>, std::convert::Infallible> {
//! #         let good = request.headers().get("authorization").is_some_and(|value| value == "Bearer the-second");
//! #         let mut response = http::Response::default();
//! #         *response.status_mut() = if good { http::StatusCode::OK } else { http::StatusCode::UNAUTHORIZED };
//! #         Ok(response)
//! #     }
//! # }
//! # #[cfg(not(unix))]
//! # fn main() {}
//! # #[cfg(unix)]
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("app/tokens.json");
//! # let http = tower::service_fn(api::answer);
//! // Yours are the call that renews tokens, the file, and the HTTP client.
//! let tokens = TokenManager::builder(|token: RefreshToken| api::refresh(token))
//!     .file(&path) // such as `~/.config/app/tokens.json`
//!     .build()?;
//! let mut client = ServiceBuilder::new()
//!     .layer(ClientLayer::new("https://api.example.com", tokens.clone())?)
//!     .service(http);
//!
//! // Once, after the log-in. The next run of the program finds them in the file.
//! let first = TokenSet::new("the-first")?.with_refresh_token("renews")?;
//! tokens.set(first).await?;
//!
//! // The server answers the first token with a 401: it is renewed, and the
//! // request is sent once more.
//! let request = Request::get("https://api.example.com/me").body(String::new())?;
//! let response = client.ready().await?.call(request).await?;
//! assert_eq!(response.status(), 200);
//! assert_eq!(tokens.access_token().await?.reveal(), "the-second");
//! # Ok(()) }
//! ```
//!
//! # Where to look
//!
//! | for | see |
//! |---|---|
//! | tokens, and when they end | [`TokenSet`], [`Margins`] |
//! | the tokens of all tasks, and how they are renewed | [`TokenManager`], [`Refresher`], [`with_tokens`] |
//! | renewing them before anybody has to wait | [`TokenManager::spawn_refresh`] |
//! | where they are kept, and a place of your own | [`FileStorage`], [`KeyringStorage`], [`MemoryStorage`], [`Storage`] |
//! | tokens with all that goes with them: cookies, user, metadata | [`ClientSession`] |
//! | how good a session is, level by level and in one line | [`Validity`] |
//! | a third party's session, attached to it | [`LinkedSession`] |
//! | several sessions, one of them active | [`ClientSessions`] |
//! | cookies alone | [`CookieJar`] |
//! | outgoing requests | [`ClientLayer`]; for WebSockets, [`ClientLayer::authorize`] |
//! | what went wrong, and what to do about it | [`Error`], [`Advice`]; for a call, [`CallError`] |
//!
//! # Runtime and features
//!
//! What reads (tokens, states, cookies, [`Validity`]) works anywhere, and takes no lock. What is `async` needs a Tokio
//! runtime with its timers on. A [`Storage`] may block: it is called on Tokio's threads for that, but by
//! [`TokenManagerBuilder::build`] and [`ClientSession::new`], which read it where they are called.
//!
//! The feature `client` compiles nothing of the server's, and no HTTP client: the layer goes around any Tower service of
//! `http::Request`, such as hyper-util's client. `keyring` adds [`KeyringStorage`]. [`FileStorage`] is for Unix.

mod basics;
mod cookies;
mod error;
mod layer;
mod manager;
mod session;
mod storage;
mod tokens;

pub use cookies::{Cookie, CookieJar, CookieRefusal, CookieRefusalKind, SameSite};
pub use error::{Advice, Error, ErrorKind};
pub use layer::{
    AnsweredBy, CallError, ClientLayer, ClientService, CloneBody, InvalidOrigin, NoReplay, NotReplayed, Replay,
    ResponseFuture, RetryAfter, StepUpRequired, WithoutTokens,
};
pub use manager::{
    BackOff, ChangeReason, NoRefresh, RefreshError, RefreshTask, Refresher, TokenChange, TokenManager,
    TokenManagerBuilder, TokenWatch, WithTokens, with_tokens,
};
pub use session::{
    CleanUp, ClientSession, ClientSessions, CookieState, LinkedSession, LinkedState, LogIn, SecurelyCleared,
    SessionMetadata, SessionMoment, SessionParts, SessionState, UnknownSession, UserInfo, Validity,
};
#[cfg(unix)]
pub use storage::FileStorage;
#[cfg(feature = "keyring")]
pub use storage::KeyringStorage;
pub use storage::{Document, Lease, MalformedDocument, MemoryStorage, Storage, StorageError, StorageErrorKind, Update};
pub use tokens::{AccessToken, InvalidToken, Margins, RefreshToken, TokenSet, TokenState};
