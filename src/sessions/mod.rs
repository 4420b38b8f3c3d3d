//! Every verb on every session, without HTTP: used by the layer, by jobs, and by tests alike.

mod attempt;
mod authenticate;
#[cfg(feature = "service")]
mod beside;
mod builder;
#[cfg(feature = "metrics")]
mod census;
mod deadline;
mod denial;
mod enter;
mod error;
mod events;
mod everybody;
mod info;
mod info_of;
mod live;
mod log_in;
mod look_up;
mod maintenance;
mod meter;
#[cfg(feature = "service")]
mod noted;
mod permissions;
mod renew;
mod revoke;
mod service_event;
#[cfg(feature = "toml")]
mod setup;
mod suspicion;
mod tell;
#[cfg(feature = "testing")]
mod testing;
#[cfg(test)]
mod tests;
mod throttle;
mod upkeep;
mod verdict;
mod whereabouts;

pub use attempt::{Attempt, Whence};
pub(crate) use authenticate::Admission;
pub use authenticate::Authenticated;
pub use builder::SessionsBuilder;
#[cfg(feature = "metrics")]
pub(crate) use census::WeakSessions;
pub(crate) use deadline::Deadline;
pub use denial::DenialKind;
pub(crate) use enter::{Applicant, Beginning, Origin, check_name};
pub use error::{Error, ErrorKind};
pub(crate) use error::{MISSING_LAYER, RETRY_AFTER_SECONDS};
pub use events::{Event, Limiter, Reason};
pub use info::{Issued, SessionInfo};
pub(crate) use info::{entries, from_json, readable, to_json};
pub(crate) use live::Watch;
pub use live::{End, EndReason, Ended};
pub use log_in::LogIn;
pub(crate) use look_up::LookUp;
pub use maintenance::Maintenance;
#[cfg(feature = "metrics")]
pub(crate) use meter::{Fact, Meter};
pub(crate) use permissions::Permissions;
pub(crate) use renew::Proven;
pub use service_event::ServiceStep;
pub(crate) use suspicion::Watched;
pub use suspicion::{Suspicion, SuspicionKind};
pub use tell::Counters;

pub(crate) use verdict::{Due, Honoured, Verdict, judge};
pub(crate) use whereabouts::{Note, Place};

use std::{fmt, sync::Arc, time::Duration};

use tokio::sync::watch;

use crate::{
    carrier::Carrier,
    clock::{Clock, Timestamp},
    config::Config,
    cross_site::SameSitePolicy,
    key::KeyRing,
    peer::TrustedProxies,
    store::{Command, ErasedStore, Invalidations, SessionStore, StoreErrorKind},
    token::{DeviceKeys, FormKeys, RefusalKind, Token, TokenKeys},
};
use everybody::Everybody;
use live::Live;
#[cfg(feature = "service")]
use noted::Noted;
use suspicion::SuspicionHook;
use tell::Events;
use throttle::Turns;

/// All sessions of an application: the door to every verb.
///
/// Cheap to clone; all clones are one.
///
/// ```
/// use countersign::{KeyRing, MemoryStore, Reason, Sessions};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sessions = Sessions::new(KeyRing::generate()?, MemoryStore::new());
///
/// let issued = sessions.log_in("ada").roles(["editor"]).await?;
/// let session = sessions.authenticate(issued.token()).await?;
/// assert_eq!(session.info().user(), "ada");
///
/// sessions.revoke_user("ada", Reason::PasswordChanged).await?;
/// assert!(sessions.authenticate(issued.token()).await.is_err());
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Sessions {
    inner: Arc<Inner>,
    /// In whose name its verbs are called, if that is not the user's own.
    by: Option<Arc<str>>,
}

struct Inner {
    keys: TokenKeys,
    #[cfg(feature = "service")]
    service_keys: TokenKeys,
    forms: FormKeys,
    devices: DeviceKeys,
    carrier: Carrier,
    proxies: TrustedProxies,
    same_site: SameSitePolicy,
    store: Arc<dyn ErasedStore>,
    config: Config,
    clock: Clock,
    events: Events,
    permissions: Permissions,
    on_suspicion: Option<SuspicionHook>,
    everybody: Everybody,
    turns: Turns,
    live: Live,
    #[cfg(feature = "service")]
    noted: Noted,
    /// Closed when the last handle is dropped: then maintenance stops.
    alive: watch::Sender<()>,
}

impl Sessions {
    /// Sessions with the settings of [`Config::production`].
    pub fn new(keys: KeyRing, store: impl SessionStore) -> Self {
        Self::builder(keys, store).assemble()
    }

    /// Sessions with settings of their own.
    pub fn builder(keys: KeyRing, store: impl SessionStore) -> SessionsBuilder {
        SessionsBuilder::new(keys, store)
    }

    /// Whether a token is genuine: signed by a key of the ring, for this audience. Asks no store,
    /// so it says nothing of whether the session lives.
    ///
    /// # Errors
    /// [`RefusalKind::Forged`].
    pub fn verify(&self, token: &Token) -> Result<(), RefusalKind> {
        if self.inner.keys.verify(token) { Ok(()) } else { Err(RefusalKind::Forged) }
    }

    /// The same sessions, for somebody who ends those of others: an operator, or a program. What he has ended says so in its
    /// [event](Event::Ended). `who` is the application's own name for him.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use countersign::{Reason, Sessions};
    /// # let sessions = Sessions::for_tests();
    /// sessions.by("root").revoke_user("ada", Reason::ByOperator).await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn by(&self, who: &str) -> Self {
        Self { inner: Arc::clone(&self.inner), by: Some(who.into()) }
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.inner.config
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// Listens to the sessions that end, on any node that uses the same store; see
    /// [`SessionStore::invalidations`]. A heartbeat comes about once in `heartbeat`.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn invalidations(&self, heartbeat: Duration) -> Result<Invalidations, Error> {
        self.run(self.store().invalidations(heartbeat)).await
    }

    /// How often things have happened since the start.
    #[must_use]
    pub fn counters(&self) -> Counters {
        self.inner.events.counters()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    pub(crate) fn keys(&self) -> &TokenKeys {
        &self.inner.keys
    }

    pub(crate) fn forms(&self) -> &FormKeys {
        &self.inner.forms
    }

    pub(crate) fn devices(&self) -> &DeviceKeys {
        &self.inner.devices
    }

    pub(crate) fn carrier(&self) -> &Carrier {
        &self.inner.carrier
    }

    pub(crate) fn proxies(&self) -> &TrustedProxies {
        &self.inner.proxies
    }

    pub(crate) fn same_site(&self) -> &SameSitePolicy {
        &self.inner.same_site
    }

    pub(crate) fn permissions(&self) -> &Permissions {
        &self.inner.permissions
    }

    pub(crate) fn emit(&self, event: &Event<'_>) {
        self.inner.events.emit(event, &self.inner.clock);
    }

    fn store(&self) -> &dyn ErasedStore {
        &*self.inner.store
    }

    /// Runs a store command under the deadline, and tells of its failure.
    async fn run<T>(&self, command: Command<'_, T>) -> Result<T, Error> {
        Deadline::new(command, self.inner.config.store_deadline).await.map_err(|error| self.store_failed(error))
    }

    pub(crate) fn store_failed(&self, error: crate::store::StoreError) -> Error {
        self.emit(&Event::StoreFailed { kind: error.kind() });
        match error.kind() {
            // An unreadable record is no session; it is not an outage either.
            StoreErrorKind::Corrupt => Error::because(ErrorKind::Refused(RefusalKind::Gone), error),
            _ => error.into(),
        }
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("keys", &self.inner.keys)
            .field("events", &self.inner.events)
            .finish_non_exhaustive()
    }
}
