//! One session as a whole: tokens, cookies, linked sessions, and what is known about it.
//!
//! All of it is kept in the one document of the manager's storage, beside the tokens: `session` (which one it is),
//! `cookies`, `linked`, `metadata`, `user`. A save touches no other field, and brings together what several
//! processes have changed, inside of the storage's atomic step. There it also finds out whether the session has ended
//! meanwhile: then nothing is written, and this process knows that it is logged out (R-17).

mod activity;
mod ending;
mod judging;
mod linked;
mod log_in;
mod merge;
mod metadata;
mod moving;
mod named;
mod parts;
mod save;
mod saving;
mod state;
mod user;
mod validity;

pub use ending::SecurelyCleared;
pub use linked::{LinkedSession, LinkedState};
pub use log_in::LogIn;
pub use metadata::SessionMetadata;
pub use named::{CleanUp, ClientSessions, UnknownSession};
pub use parts::SessionParts;
pub use user::UserInfo;
pub use validity::{CookieState, SessionState, Validity};

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use arc_swap::{ArcSwap, ArcSwapOption};
use http::{HeaderMap, HeaderValue, Uri};

use crate::client::{cookies::CookieJar, error::Error, manager::TokenManager, tokens::TokenSet};
use activity::Activity;
use state::State;

/// A session that this program holds: clones are one session.
///
/// Reads take no lock. Changes are in use at once, and saved by themselves unless
/// [`auto_save`](Self::auto_save) is off; an error tells that they could not be. Once polled, a save runs to its
/// end, whether or not the caller waits for it. Verbs that are `async` need a Tokio runtime.
///
/// ```
/// use countersign::client::{ClientSession, NoRefresh, TokenManager, TokenSet, UserInfo};
/// use std::{error::Error, time::{Duration, SystemTime}};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let session = ClientSession::new(TokenManager::builder(NoRefresh).build()?);
/// let tokens = TokenSet::new("an.access.token")?.with_lifetime(Duration::from_secs(3600), SystemTime::now());
/// session.log_in(tokens).user(UserInfo::new("ada")).user_agent("app/1.0").await?;
/// session.record_call("api.example.com");
///
/// assert!(session.is_valid());
/// assert_eq!(session.user().unwrap().id(), "ada");
/// assert_eq!(
///     session.validity().to_string(),
///     "Session: VALID | Tokens: VALID | Cookies: MISSING | Age: 0s | Last call: 0s ago",
/// );
///
/// session.clear().await?;
/// assert!(!session.is_valid() && session.user().is_none());
/// # Ok::<(), Box<dyn Error>>(()) })?;
/// # Ok::<(), Box<dyn Error>>(())
/// ```
#[derive(Clone)]
pub struct ClientSession {
    shared: Arc<Shared>,
}

struct Shared {
    tokens: TokenManager,
    state: ArcSwap<State>,
    /// Held for the length of a change in memory.
    changing: Mutex<()>,
    /// Held for the length of a step in the storage, and of what follows from it in memory.
    turn: Arc<tokio::sync::Mutex<()>>,
    auto_save: AtomicBool,
    required: ArcSwap<Vec<String>>,
    storage_error: ArcSwapOption<Error>,
}

/// Which session this was at some moment: so that an answer that comes late is not taken for another session's.
#[derive(Clone)]
pub struct SessionMoment(Arc<Activity>);

impl ClientSession {
    /// A session over these tokens; its other parts are read from where the tokens are kept. This blocks for as long
    /// as a small file takes.
    ///
    /// If they cannot be read, that is logged, [`storage_error`](Self::storage_error) tells why, and the session starts
    /// without them.
    #[must_use]
    pub fn new(tokens: TokenManager) -> Self {
        let (state, error) = match Self::open(&tokens) {
            Ok(state) => (state, None),
            Err(error) => {
                tracing::error!(%error, "the parts of a session could not be read");
                (State::empty(tokens.now()), Some(Arc::new(error)))
            }
        };
        let shared = Shared {
            tokens,
            state: ArcSwap::from_pointee(state),
            changing: Mutex::default(),
            turn: Arc::default(),
            auto_save: AtomicBool::new(true),
            required: ArcSwap::default(),
            storage_error: ArcSwapOption::new(error),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Whether changes are saved by themselves. They are, if nothing is said; else by [`save`](Self::save). Log-ins and
    /// ends always are. Holds for all clones.
    #[must_use]
    pub fn auto_save(self, auto_save: bool) -> Self {
        self.shared.auto_save.store(auto_save, Ordering::Relaxed);
        self
    }

    /// Without cookies of these names the session is [incomplete](SessionState::Incomplete). Holds for all clones.
    #[must_use]
    pub fn require_cookies<N: Into<String>>(self, names: impl IntoIterator<Item = N>) -> Self {
        self.shared.required.store(Arc::new(names.into_iter().map(Into::into).collect()));
        self
    }

    /// Begins a session with these tokens, or with none if the server goes by cookies alone. Await what this returns:
    /// all of the former session, here and in the storage, is replaced in one atomic step, which runs to its end once
    /// polled. Requests that are sent meanwhile may carry parts of either.
    ///
    /// # Errors
    /// If it could not be kept. It is in use all the same, and a later save tries again.
    pub fn log_in(&self, tokens: impl Into<Option<TokenSet>>) -> LogIn {
        LogIn::new(self.clone(), tokens.into())
    }

    /// Its tokens.
    #[must_use]
    pub fn tokens(&self) -> &TokenManager {
        &self.shared.tokens
    }

    /// Its cookies.
    #[must_use]
    pub fn cookies(&self) -> Arc<CookieJar> {
        Arc::clone(&self.shared.state.load().ours.cookies)
    }

    /// The `Cookie` header of a request for `uri`. None once the tokens that went with the cookies are gone.
    #[must_use]
    pub fn cookie_header(&self, uri: &Uri) -> Option<HeaderValue> {
        let state = self.shared.state.load();
        if state.ours.cookies.is_empty() || self.is_over(&state) {
            return None;
        }
        state.ours.cookies.header(uri, self.shared.tokens.now())
    }

    /// Which session this is now: to be asked before a request is sent.
    #[must_use]
    pub fn moment(&self) -> SessionMoment {
        SessionMoment(Arc::clone(&self.shared.state.load().activity))
    }

    /// Takes in the `Set-Cookie` headers of a response to a request for `uri`.
    ///
    /// # Errors
    /// If they could not be kept. They are in use all the same, unless the session has ended elsewhere.
    pub async fn take_cookies(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Error> {
        self.take_cookies_of(&self.moment(), uri, headers).await
    }

    /// The same for an answer to a request that was sent at that moment: if the session has ended since, or another
    /// has begun, nothing is taken in.
    ///
    /// # Errors
    /// As [`take_cookies`](Self::take_cookies).
    pub async fn take_cookies_of(&self, sent: &SessionMoment, uri: &Uri, headers: &HeaderMap) -> Result<(), Error> {
        if !headers.contains_key(http::header::SET_COOKIE) {
            return Ok(());
        }
        let now = self.shared.tokens.now();
        let mut changed = false;
        self.swap(|state| {
            let mut next = state.clone();
            let mut jar = CookieJar::clone(&state.ours.cookies);
            if Arc::ptr_eq(&state.activity, &sent.0) && jar.take_in(uri, headers, now) {
                next.ours.cookies = Arc::new(jar);
                changed = true;
            }
            next
        });
        if changed { self.auto_saved().await } else { Ok(()) }
    }

    /// Notes that a call was made to this server: counted by atomics, and saved with the next change, or once a
    /// minute.
    pub fn record_call(&self, server: &str) {
        let state = self.shared.state.load();
        let now = self.shared.tokens.now();
        state.activity.record(server, now);
        if self.shared.saves_by_itself() && state.activity.is_due(now) {
            self.save_calls();
        }
    }

    /// Who is logged in.
    #[must_use]
    pub fn user(&self) -> Option<Arc<UserInfo>> {
        self.shared.state.load().ours.user.clone()
    }

    /// The linked session of this name.
    #[must_use]
    pub fn linked(&self, name: &str) -> Option<Arc<LinkedSession>> {
        self.shared.state.load().ours.linked.get(name).cloned()
    }

    /// What is known about it, with all calls up to now.
    #[must_use]
    pub fn metadata(&self) -> SessionMetadata {
        self.shared.state.load().metadata(self.shared.tokens.tokens().as_deref())
    }

    /// Changes several parts, with one save. The change is made when this is first polled; it must not take long,
    /// as other changes wait for it.
    ///
    /// # Errors
    /// If it could not be kept. It is in use all the same, unless the session has ended elsewhere: then it is
    /// discarded, and this is [`NotAuthenticated`](crate::client::ErrorKind::NotAuthenticated).
    pub async fn update(&self, change: impl FnOnce(&mut SessionParts)) -> Result<(), Error> {
        self.change(change);
        self.auto_saved().await
    }

    /// Notes who is logged in.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn set_user(&self, user: impl Into<Option<UserInfo>>) -> Result<(), Error> {
        self.update(|parts| parts.set_user(user)).await
    }

    /// Links a third party's session under this name, in the place of the one that is there.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn link(&self, name: impl Into<String>, linked: LinkedSession) -> Result<(), Error> {
        self.update(|parts| parts.link(name, linked)).await
    }

    /// Keeps what has changed, in one step. Nothing is written if nothing has.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn save(&self) -> Result<(), Error> {
        self.in_turn(Self::keep).await
    }

    /// Whether anything has changed that is not kept yet.
    #[must_use]
    pub fn has_unsaved(&self) -> bool {
        self.shared.state.load().is_unsaved(self.shared.tokens.tokens().is_some())
    }
}

impl From<TokenManager> for ClientSession {
    fn from(tokens: TokenManager) -> Self {
        Self::new(tokens)
    }
}

impl fmt::Debug for ClientSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSession")
            .field("tokens", &self.shared.tokens)
            .field("parts", &self.shared.state.load().ours)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SessionMoment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionMoment")
    }
}
