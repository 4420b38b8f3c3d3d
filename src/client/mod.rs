//! The other side: a program that keeps, refreshes and carries its tokens.

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
