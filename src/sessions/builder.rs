use std::{fmt, sync::Arc};

use tokio::sync::watch;

#[cfg(feature = "service")]
use super::noted::Noted;
use super::{
    Event, Inner, Permissions, Sessions, Suspicion,
    everybody::Everybody,
    live::Live,
    meter::Meter,
    suspicion::SuspicionHook,
    tell::{Events, Listener},
    throttle::Turns,
};
#[cfg(feature = "metrics")]
use crate::store::AnyStore;
use crate::{
    carrier::Carrier,
    clock::Clock,
    config::{Config, ConfigError, Reaction},
    cross_site::SameSitePolicy,
    key::KeyRing,
    peer::TrustedProxies,
    store::{ErasedStore, SessionStore},
    token::{DeviceKeys, FormKeys, TokenKeys},
};

/// Makes a [`Sessions`] with settings of its own.
///
/// ```
/// use countersign::{Config, Event, KeyRing, MemoryStore, Sessions};
///
/// let sessions = Sessions::builder(KeyRing::generate()?, MemoryStore::new())
///     .config(Config::development())
///     .on_event(|event| {
///         if let Event::Ended { session, reason, .. } = event {
///             println!("{session} ended: {reason:?}");
///         }
///     })
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub struct SessionsBuilder {
    keys: KeyRing,
    store: Arc<dyn ErasedStore>,
    config: Config,
    clock: Clock,
    listeners: Vec<Listener>,
    permissions: Permissions,
    on_suspicion: Option<SuspicionHook>,
    meter: Option<Arc<dyn Meter>>,
}

impl SessionsBuilder {
    pub(super) fn new(keys: KeyRing, store: impl SessionStore) -> Self {
        let store = Arc::new(store);
        let (config, clock) = (Config::production(), Clock::system());
        Self {
            keys,
            store,
            config,
            clock,
            listeners: Vec::new(),
            permissions: Permissions::default(),
            on_suspicion: None,
            meter: None,
        }
    }

    /// Replaces the settings.
    pub fn config(self, config: Config) -> Self {
        Self { config, ..self }
    }

    /// Replaces the clock.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Calls `listener` whenever something happens to a session, besides those that are called already. It runs on the request's
    /// path: it should hand long work to somebody else.
    pub fn on_event(mut self, listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        self.listeners.push(Box::new(listener));
        self
    }

    /// Grants permissions to a role, beside those that it has: for [`Require::permission`](crate::Require::permission) and
    /// [`Sessions::permits`]. A role has what is granted to it by name, and nothing else: there is no wildcard, no order among
    /// roles, and no role that may do everything (ASVS 8.2.1).
    ///
    /// Another table is another deployment. What one user may do changes with his roles, at once:
    /// [`Session::change_roles`](crate::Session::change_roles) (ASVS 8.3.2).
    ///
    /// ```
    /// use countersign::{KeyRing, MemoryStore, Sessions};
    ///
    /// let sessions = Sessions::builder(KeyRing::generate()?, MemoryStore::new())
    ///     .grant("reader", ["posts.read"])
    ///     .grant("editor", ["posts.read", "posts.write"])
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn grant<P: Into<String>>(mut self, role: impl Into<String>, permissions: impl IntoIterator<Item = P>) -> Self {
        let permissions = permissions.into_iter().map(|permission| permission.into().into());
        self.permissions.grant(role.into().into(), permissions);
        self
    }

    /// Asks `hook` what is to follow when a session is used from elsewhere than before; without it the settings decide
    /// (`binding`), whose answer is the suspicion's [`reaction`](Suspicion::reaction). To allow it is [`Reaction::Off`]: then the
    /// place is known. It runs on the request's path: it should decide by what it is told.
    ///
    /// ```
    /// use countersign::{KeyRing, MemoryStore, Reaction, Sessions, SuspicionKind};
    ///
    /// let sessions = Sessions::builder(KeyRing::generate()?, MemoryStore::new())
    ///     .on_suspicion(|suspicion| match suspicion.kind() {
    ///         SuspicionKind::TwoPlaces => Reaction::StepUp,
    ///         _ => suspicion.reaction(),
    ///     })
    ///     .build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_suspicion(self, hook: impl Fn(&Suspicion<'_>) -> Reaction + Send + Sync + 'static) -> Self {
        Self { on_suspicion: Some(Box::new(hook)), ..self }
    }

    /// Tells `meter` of all that is counted, and asks the store by way of what `wrap` makes of it. Once is enough.
    #[cfg(feature = "metrics")]
    pub(crate) fn metered<S: SessionStore>(self, meter: Arc<dyn Meter>, wrap: impl FnOnce(AnyStore) -> S) -> Self {
        if self.meter.is_some() {
            return self;
        }
        let store = Arc::new(wrap(AnyStore::of(self.store)));
        Self { store, meter: Some(meter), ..self }
    }

    /// The sessions.
    ///
    /// # Errors
    /// If the settings contradict each other; the error names the field.
    pub fn build(self) -> Result<Sessions, ConfigError> {
        self.config.validate()?;
        Ok(self.assemble())
    }

    /// For settings that are known to be valid.
    pub(super) fn assemble(self) -> Sessions {
        let inner = Inner {
            keys: TokenKeys::new(&self.keys, &self.config.audience),
            #[cfg(feature = "service")]
            service_keys: TokenKeys::of_services(&self.keys, &self.config.audience),
            forms: FormKeys::new(&self.keys, &self.config.audience),
            devices: DeviceKeys::new(&self.keys, &self.config.audience),
            carrier: Carrier::new(&self.config),
            proxies: TrustedProxies::new(&self.config.proxies),
            same_site: SameSitePolicy::new(&self.config.cross_site),
            store: self.store,
            config: self.config,
            clock: self.clock,
            events: Events::to(self.listeners, self.meter),
            permissions: self.permissions,
            on_suspicion: self.on_suspicion,
            everybody: Everybody::default(),
            turns: Turns::default(),
            live: Live::default(),
            #[cfg(feature = "service")]
            noted: Noted::default(),
            alive: watch::Sender::new(()),
        };
        Sessions { inner: Arc::new(inner), by: None }
    }
}

impl fmt::Debug for SessionsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionsBuilder")
            .field("keys", &self.keys)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
