//! All of it out of one file: the store is opened, the keys are read, the settings hold.

use std::path::Path;

use super::{Sessions, SessionsBuilder};
use crate::{
    config::{ConfigError, Setup},
    key::KeyRing,
    store::{self, AnyStore, Sealed},
};

impl Sessions {
    /// Sessions out of one TOML file: the store, where the keys are, and all settings.
    ///
    /// ```toml
    /// preset = "production"
    ///
    /// [store]
    /// url = "postgres://app:${DATABASE_PASSWORD}@db.internal/app"
    /// cache = "2s"
    ///
    /// [keys]
    /// env = "COUNTERSIGN_KEYS"
    ///
    /// [lifetime]
    /// idle = "15m"
    /// ```
    ///
    /// `docs/configuration.md` has every field. For a listener, grants and the like, [`SessionsBuilder::from_file`].
    ///
    /// # Errors
    /// If the file cannot be read, a setting is unknown, unreadable or contradicts another, the store cannot be opened, or a key is
    /// missing or no good. The error names the line and the field, and shows nothing of what the environment holds.
    pub async fn from_file(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        SessionsBuilder::from_file(path).await?.build()
    }
}

impl SessionsBuilder {
    /// The same, with more to be said in code.
    ///
    /// ```no_run
    /// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
    /// use countersign::SessionsBuilder;
    ///
    /// let sessions = SessionsBuilder::from_file("sessions.toml").await?.grant("editor", ["posts.write"]).build()?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Sessions::from_file`].
    pub async fn from_file(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let setup = Setup::read(path.as_ref())?;
        let wrong =
            |field: &str, error: &dyn std::error::Error| setup.located(ConfigError::new(field, error.to_string()));
        let keys = KeyRing::from_env(&setup.keys.env).map_err(|error| wrong("keys.env", &error))?;
        let mut store = store::open(&setup.store.url).await.map_err(|error| wrong("store.url", &error))?;
        if let Some(staleness) = setup.store.cache {
            store =
                cached(store, staleness).map_err(|problem| setup.located(ConfigError::new("store.cache", problem)))?;
        }
        if setup.store.sealed {
            store = AnyStore::new(Sealed::new(store, &keys));
        }
        Ok(Self::new(keys, store).config(setup.config))
    }
}

#[cfg(feature = "cache")]
fn cached(store: AnyStore, staleness: std::time::Duration) -> Result<AnyStore, &'static str> {
    use crate::store::cached::CachedStore;
    if staleness < CachedStore::<AnyStore>::LEAST_STALENESS {
        return Err("must be at least 100ms, or \"off\"");
    }
    Ok(AnyStore::new(CachedStore::new(store).staleness(staleness)))
}

#[cfg(not(feature = "cache"))]
fn cached(_: AnyStore, _: std::time::Duration) -> Result<AnyStore, &'static str> {
    Err("needs this crate's feature `cache`, which is not compiled in")
}
