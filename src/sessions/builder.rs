use std::{fmt, sync::Arc};

use tokio::sync::watch;

use super::{
    Event, Inner, Sessions,
    events::{Events, Listener},
};
use crate::{
    carrier::Carrier,
    clock::Clock,
    config::{Config, ConfigError},
    key::KeyRing,
    store::{ErasedStore, SessionStore},
    token::TokenKeys,
};

/// Makes a [`Sessions`] with settings of its own.
///
/// ```
/// use countersign::{Config, Event, KeyRing, MemoryStore, Sessions};
///
/// let sessions = Sessions::builder(KeyRing::generate()?, MemoryStore::new())
///     .config(Config::development())
///     .on_event(|event| {
///         if let Event::Ended { session, reason } = event {
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
    listener: Option<Listener>,
}

impl SessionsBuilder {
    pub(super) fn new(keys: KeyRing, store: impl SessionStore) -> Self {
        let store = Arc::new(store);
        Self { keys, store, config: Config::production(), clock: Clock::system(), listener: None }
    }

    /// Replaces the settings.
    pub fn config(self, config: Config) -> Self {
        Self { config, ..self }
    }

    /// Replaces the clock.
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Calls `listener` whenever something happens to a session. It runs on the request's path: it
    /// should hand long work to somebody else.
    pub fn on_event(self, listener: impl Fn(&Event<'_>) + Send + Sync + 'static) -> Self {
        Self { listener: Some(Box::new(listener)), ..self }
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
            carrier: Carrier::new(&self.config),
            store: self.store,
            config: self.config,
            clock: self.clock,
            events: Events::to(self.listener),
            alive: watch::Sender::new(()),
        };
        Sessions { inner: Arc::new(inner) }
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
