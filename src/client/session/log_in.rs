use std::{
    fmt,
    future::{Future, IntoFuture},
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use http::{HeaderMap, Uri};

use super::{
    ClientSession,
    linked::LinkedSession,
    parts::SessionParts,
    save,
    saving::malformed,
    state::{Mark, State, Unkept, new_id},
    user::UserInfo,
};
use crate::client::{cookies::CookieJar, error::Error, manager::Rest, storage::Document, tokens::TokenSet};

/// The start of a session, made by [`ClientSession::log_in`]: nothing happens until it is awaited.
#[must_use = "nobody is logged in until this is awaited"]
pub struct LogIn {
    session: ClientSession,
    tokens: Option<TokenSet>,
    parts: SessionParts,
}

impl LogIn {
    pub(super) fn new(session: ClientSession, tokens: Option<TokenSet>) -> Self {
        Self { session, tokens, parts: SessionParts::default() }
    }

    /// Who has logged in.
    pub fn user(mut self, user: UserInfo) -> Self {
        self.parts.set_user(user);
        self
    }

    /// The cookies that came with the answer to the log-in: the `Set-Cookie` headers of a response to a request for
    /// `uri`.
    pub fn cookies_from(mut self, uri: &Uri, headers: &HeaderMap) -> Self {
        let now = self.session.shared.tokens.now();
        self.parts.cookies_mut().take_in(uri, headers, now);
        self
    }

    /// These cookies.
    pub fn cookies(mut self, cookies: CookieJar) -> Self {
        *self.parts.cookies_mut() = cookies;
        self
    }

    /// The cookies that are there by now, as a layer has taken them in with the answer to the log-in. Only where those
    /// from before the log-in may stay.
    pub fn keep_cookies(mut self) -> Self {
        self.parts.cookies = self.session.cookies();
        self
    }

    /// A third party's session that goes with it.
    pub fn link(mut self, name: impl Into<String>, linked: LinkedSession) -> Self {
        self.parts.link(name, linked);
        self
    }

    /// As which `User-Agent` this program calls.
    pub fn user_agent(mut self, user_agent: impl Into<String>) -> Self {
        self.parts.set_user_agent(user_agent);
        self
    }

    /// From which address.
    pub fn address(mut self, address: impl Into<IpAddr>) -> Self {
        self.parts.set_address(address);
        self
    }

    /// By which features the server knows this client again.
    pub fn fingerprint(mut self, fingerprint: impl Into<String>) -> Self {
        self.parts.set_fingerprint(fingerprint);
        self
    }

    async fn begin(mut self) -> Result<(), Error> {
        let now = self.session.shared.tokens.now();
        Arc::make_mut(&mut self.parts.metadata).created_at = Some(now);
        let Self { session, tokens, parts } = self;
        session.in_turn(move |session| session.begin(tokens, parts)).await
    }
}

impl IntoFuture for LogIn {
    type Output = Result<(), Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.begin())
    }
}

impl fmt::Debug for LogIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogIn").field("parts", &self.parts).finish_non_exhaustive()
    }
}

/// What the step has found: it may run on another thread, and more than once.
#[derive(Clone, Default)]
struct Found(Arc<Mutex<FoundThere>>);

#[derive(Clone, Default)]
struct FoundThere {
    /// Which session was there, if the storage could be read.
    over: Option<Option<String>>,
    refused: Option<Error>,
}

impl ClientSession {
    async fn begin(self, tokens: Option<TokenSet>, parts: SessionParts) -> Result<(), Error> {
        let now = self.shared.tokens.now();
        let mark = Mark { id: new_id()?, tokens: tokens.is_some() };
        let known = self.shared.state.load().mark.as_ref().map(|mark| mark.id.clone());
        // In use at once, as the tokens are: nothing of the former session goes along with them.
        let state = State {
            unkept: Some(Unkept { over: known.clone() }),
            base: SessionParts::default(),
            ..State::kept(Some(mark.clone()), parts.clone(), now)
        };
        self.swap(|_| state.clone());
        let found = Found::default();
        let step = {
            let (found, mark, parts) = (found.clone(), mark.clone(), parts.clone());
            move |document: &mut _| {
                let mut found = found.0.lock().unwrap_or_else(PoisonError::into_inner);
                found.over = Some(save::mark_of(document));
                found.refused = save::begin(document, &mark, &parts).err().map(malformed);
            }
        };
        let late: Rest = {
            let (found, parts, known) = (found.clone(), parts.clone(), known);
            Arc::new(move |document: &mut Document| {
                let found = found.0.lock().unwrap_or_else(PoisonError::into_inner);
                let over = found.over.as_ref().unwrap_or(&known);
                save::begin_late(document, over.as_deref(), &mark, &parts);
            })
        };
        let kept = self.shared.tokens.put_with(tokens, step, Some(late)).await;
        let found = found.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let kept = kept.and(found.refused.map_or(Ok(()), Err));
        self.note(&kept);
        self.swap(|current| match &kept {
            _ if !current.is_of(&state) => current.clone(),
            Ok(()) => State { unkept: None, base: parts, ..current.clone() },
            // The server has begun this session, and ended the one before: a later save keeps it.
            Err(_) => {
                let unkept = found.over.map_or_else(|| current.unkept.clone(), |over| Some(Unkept { over }));
                State { unkept, ..current.clone() }
            }
        });
        kept
    }
}
