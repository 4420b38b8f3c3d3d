//! The handle that a request carries in its extensions.
//!
//! Reads are local. Writes are buffered, seen by this request's own reads at once, and stored as
//! one change before the answer leaves. What ends or begins a session is stored when it is awaited.

mod applicant;
mod attempt;
mod client;
mod examine;
mod form;
#[cfg(feature = "api")]
mod handing;
mod live;
mod pending;
mod proof;
mod settle;
mod state;
#[cfg(test)]
mod tests;
mod verbs;
mod write;

pub(crate) use client::Client;
pub use live::UntilEnded;
pub use pending::PendingSecondFactor;
pub use proof::Proof;
pub(crate) use settle::{Answer, Settlement};
pub(crate) use state::{Holding, Mark};

use std::{
    collections::BTreeMap,
    fmt,
    net::IpAddr,
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use http::{Extensions, HeaderValue, Request};
use serde::de::DeserializeOwned;

use crate::{
    carrier::{Way, challenge},
    record::{SessionId, is_reserved},
    sessions::{Authenticated, Error, ErrorKind, Event, SessionInfo, Sessions, Watch, entries, from_json},
    token::RefusalKind,
};
use state::State;

/// The session of a request: always there behind a [`SessionLayer`](crate::SessionLayer), also for
/// a client that has none yet.
///
/// Cheap to clone; all clones are one. A session without a user touches no store until something
/// is written to it.
///
/// ```
/// use countersign::{Error, Session};
///
/// async fn visit(session: Session) -> Result<String, Error> {
///     session.increment("visits", 1)?;                // merged by the store: two tabs both count
///     let visits: i64 = session.get("visits")?.unwrap_or(0);
///     Ok(format!("visit number {visits}"))            // stored before this leaves
/// }
/// ```
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
}

struct Shared {
    /// `None` where the layer is missing: then nothing can be written.
    sessions: Option<Sessions>,
    arrival: Arrival,
    client: Client,
    state: Mutex<State>,
    /// Kept from the first time that somebody waits for the end, so that to wait again costs nothing.
    watch: Mutex<Option<Arc<Watch>>>,
}

/// How the request's credential came, and what was wrong with it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Arrival {
    pub(crate) way: Option<Way>,
    pub(crate) refusal: Option<RefusalKind>,
    /// Which site made the browser send this request.
    pub(crate) from: From,
    /// The address of its sender, as far as it is known.
    pub(crate) address: Option<IpAddr>,
    /// Whether the answer depends on what the request says about that.
    pub(crate) judged: bool,
}

/// Which site a request comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum From {
    /// This one; or it does not matter.
    #[default]
    OwnSite,
    /// Another. Then it begins no session if it is to be refused.
    OtherSite { refused: bool },
}

impl From {
    /// Whether a session may begin from there, with a user or without, and whether somebody may try to log in. The browser keeps a
    /// cookie back from what another site makes it send, and still stores the one that it is answered with: so any session that
    /// begins there takes the place of the user's own.
    fn check(self) -> Result<(), Error> {
        match self {
            Self::OtherSite { refused: true } => Err(Error::new(ErrorKind::CrossSite)),
            Self::OtherSite { refused: false } | Self::OwnSite => Ok(()),
        }
    }
}

impl Session {
    pub(crate) fn new(
        sessions: Sessions,
        arrival: Arrival,
        client: Client,
        holding: Holding,
        mark: Option<Mark>,
    ) -> Self {
        let mut state = State::new(holding);
        if let Some(mark) = mark {
            state.mark(mark);
        }
        Self::with(Some(sessions), arrival, client, state)
    }

    /// The session of a request. Where the layer is missing this is a session that nobody is logged
    /// in to, and every write to it is an error that names the layer.
    #[must_use]
    pub fn of<B>(request: &Request<B>) -> Self {
        Self::in_extensions(request.extensions()).unwrap_or_else(Self::without_layer)
    }

    /// The session among a request's extensions, if the request has passed through the layer.
    #[must_use]
    pub fn in_extensions(extensions: &Extensions) -> Option<Self> {
        extensions.get::<Self>().cloned()
    }

    /// Tells of a session that begins though another site made the browser send the request: it would be refused, were it not
    /// only to be reported.
    fn tell_where_from(&self) {
        if let (From::OtherSite { .. }, Some(sessions)) = (self.shared.arrival.from, &self.shared.sessions) {
            sessions.emit(&Event::CrossSiteReported { session: None });
        }
    }

    fn without_layer() -> Self {
        Self::with(None, Arrival::default(), Client::default(), State::new(Holding::Nothing))
    }

    fn with(sessions: Option<Sessions>, arrival: Arrival, client: Client, state: State) -> Self {
        let (state, watch) = (Mutex::new(state), Mutex::default());
        Self { shared: Arc::new(Shared { sessions, arrival, client, state, watch }) }
    }

    /// The public handle of the session, if there is one.
    #[must_use]
    pub fn id(&self) -> Option<SessionId> {
        self.look().record().map(|record| record.id())
    }

    /// The user, if one is logged in.
    #[must_use]
    pub fn user(&self) -> Option<String> {
        self.look().open()?.record.user().map(ToOwned::to_owned)
    }

    /// Whether a user is logged in.
    #[must_use]
    pub fn is_logged_in(&self) -> bool {
        self.look().open().is_some_and(|session| session.record.user().is_some())
    }

    /// Everything about the session as it was last read from the store, without this request's own
    /// writes; `None` if there is no session, or if its user has to prove again who he is.
    #[must_use]
    pub fn info(&self) -> Option<SessionInfo> {
        self.look().open().map(Authenticated::info)
    }

    /// Whether the session is shown as it was remembered, because the store could not be asked: only
    /// where the layer has an [`Outage`](crate::Outage) policy that allows it. It may have ended
    /// since. What is dangerous should be refused then; a write is stored, or the answer is 503.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.look().live().is_some_and(|session| session.stale)
    }

    /// Why the request's credential was refused, if it carried one that was.
    #[must_use]
    pub fn refusal(&self) -> Option<RefusalKind> {
        self.look().looked_at = true;
        self.shared.arrival.refusal
    }

    /// Whether the request came with a Bearer token: then its client takes a new one from the body of the answer. To whoever came
    /// with the cookie no body should give one: a script on the page, which cannot read the cookie, could read that (ASVS 3.3.4).
    #[must_use]
    pub fn takes_bearer(&self) -> bool {
        self.shared.arrival.way == Some(Way::Bearer)
    }

    /// What a 401 to this request has to say in `WWW-Authenticate` (RFC 6750, section 3): an error
    /// code only if a credential came and was refused. [`LoggedIn`](crate::LoggedIn) says it by itself.
    #[must_use]
    pub fn challenge(&self) -> HeaderValue {
        challenge(self.refusal().is_some())
    }

    /// An attribute, with this request's own writes; `None` if it is not there.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`] if it is there, but is not a `T`; [`ErrorKind::Unreadable`] if it is
    /// [withheld](crate::Sealed#when-something-does-not-open).
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Error> {
        let state = self.look();
        state.value(name)?.map(|value| from_json(name, &value)).transpose()
    }

    /// All attributes whose names start with `prefix`, keyed by the rest of the name.
    ///
    /// ```
    /// use countersign::{Error, Session};
    /// use std::collections::BTreeMap;
    ///
    /// fn cart(session: &Session) -> Result<BTreeMap<u64, u32>, Error> {
    ///     session.entries("cart.")                    // {"cart.17": 2} becomes {17: 2}
    /// }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::InvalidValue`] if one of them is not a `V`, or the rest of its name not a `K`;
    /// [`ErrorKind::Unreadable`] if one is withheld.
    pub fn entries<K: FromStr + Ord, V: DeserializeOwned>(&self, prefix: &str) -> Result<BTreeMap<K, V>, Error> {
        let attributes = self.look().attributes(prefix)?;
        entries(prefix, attributes.iter().filter(|(name, _)| !is_reserved(name)))
    }

    /// Shows the session's id, and its user if one is logged in, to somebody on whom the response does not depend: a trace.
    pub(crate) fn seen_by_a_trace<T>(&self, see: impl FnOnce(SessionId, Option<&str>) -> T) -> Option<T> {
        let state = self.lock();
        let id = state.record()?.id();
        Some(see(id, state.open().and_then(|session| session.record.user())))
    }

    /// The state, for reading: from now on the response depends on the session.
    fn look(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        state.looked_at = true;
        state
    }

    /// The state. A panic of the application while it was locked leaves it whole: it is changed in
    /// single steps only.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn manager(&self) -> Result<&Sessions, Error> {
        self.shared.sessions.as_ref().ok_or_else(|| Error::new(ErrorKind::MissingLayer))
    }

    /// Whether this request's client can be handed a new token unasked.
    fn takes_cookies(&self) -> bool {
        self.shared.arrival.way == Some(Way::Cookie)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        let record = state.record();
        f.debug_struct("Session")
            .field("id", &record.map(|record| record.id()))
            .field("user", &record.and_then(|record| record.user()))
            .finish_non_exhaustive()
    }
}
