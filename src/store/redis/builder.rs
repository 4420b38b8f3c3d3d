//! How a store is opened: where the servers are, and the few settings.

use std::{sync::Arc, time::Duration};

use super::{
    Inner, RedisStore,
    keys::Keys,
    node::{Replicas, Settings},
    place::{Mode, Place},
    servers::Servers,
};
use crate::store::StoreError;

/// Opens a [`RedisStore`] with other settings than the usual ones.
///
/// ```no_run
/// # async fn start() -> Result<(), countersign::StoreError> {
/// use std::time::Duration;
///
/// let store = countersign::RedisStore::builder()
///     .prefix("shop:sessions")
///     .command_timeout(Duration::from_millis(250))
///     .open("rediss://app:geheim@redis.example/0")
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RedisBuilder {
    prefix: String,
    settings: Settings,
    sentinel_login: Option<(Option<String>, String)>,
}

impl RedisBuilder {
    pub(super) fn new() -> Self {
        let settings = Settings {
            tls: false,
            root_certificates: None,
            user: None,
            password: None,
            database: 0,
            connect: CONNECT,
            command: COMMAND,
            replicas: None,
        };
        Self { prefix: PREFIX.into(), settings, sentinel_login: None }
    }

    /// What the names of all keys and channels begin with: `countersign`, unless set. Without braces. Stores with
    /// different prefixes know nothing of each other.
    #[must_use]
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// How long it may take to connect to a server: 2 s, unless set.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connect = timeout;
        self
    }

    /// How long a server may take to answer: 1 s, unless set. Then the verb fails, and whether it was done is unknown.
    #[must_use]
    pub fn command_timeout(mut self, timeout: Duration) -> Self {
        self.settings.command = timeout;
        self
    }

    /// Makes every verb that begins, ends or changes a session wait until so many replicas have acknowledged it
    /// (Redis' `WAIT`); where fewer have within `timeout`, the verb fails.
    ///
    /// What this gives: a verb that has succeeded is in the memory of the master and of `replicas` others. If the
    /// master dies and one of *those* follows it, nothing is lost.
    ///
    /// What it does not give: Redis stays a system that acknowledges first and agrees later. A verb that *failed* for
    /// want of replicas has been done on the master, and lasts unless that dies. Which replica follows is for Sentinel
    /// or the cluster to choose: they prefer the most advanced, but nothing makes them take one that has acknowledged,
    /// unless all have. And a master that is cut off from the others goes on answering to whoever still reaches it,
    /// until it finds out: set `min-replicas-to-write` there, too. None of it says that anything is on a disk.
    #[must_use]
    pub fn wait_for_replicas(mut self, replicas: usize, timeout: Duration) -> Self {
        self.settings.replicas = (replicas > 0).then_some(Replicas { number: replicas, within: timeout });
        self
    }

    /// The certificates, as PEM, that servers are trusted by with `rediss:`; unless set, the system's.
    #[must_use]
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.settings.root_certificates = Some(pem.into());
        self
    }

    /// How to log in to the sentinels, if they ask for it. What a URL says is for the servers that they watch.
    #[must_use]
    pub fn sentinel_login(self, user: Option<&str>, password: impl Into<String>) -> Self {
        Self { sentinel_login: Some((user.map(Into::into), password.into())), ..self }
    }

    /// Opens the store at a URL: see [`RedisStore::open`].
    ///
    /// # Errors
    /// As [`RedisStore::open`].
    pub async fn open(self, url: &str) -> Result<RedisStore, StoreError> {
        self.open_at(Place::parse(url)).await
    }

    /// Opens the store on a cluster: see [`RedisStore::cluster`].
    ///
    /// # Errors
    /// As [`RedisStore::open`].
    pub async fn cluster(self, urls: impl IntoIterator<Item = impl AsRef<str>>) -> Result<RedisStore, StoreError> {
        self.open_at(Place::merge(urls, Mode::Cluster)).await
    }

    /// Opens the store on the master that sentinels name: see [`RedisStore::sentinel`].
    ///
    /// # Errors
    /// As [`RedisStore::open`].
    pub async fn sentinel(
        self,
        urls: impl IntoIterator<Item = impl AsRef<str>>,
        master: &str,
    ) -> Result<RedisStore, StoreError> {
        self.open_at(Place::merge(urls, Mode::Sentinel(master.to_owned()))).await
    }

    async fn open_at(self, place: Result<Place, String>) -> Result<RedisStore, StoreError> {
        let place =
            place.map_err(|wrong| StoreError::unavailable(format!("its URL {wrong}")).while_opening("on Redis"))?;
        self.opened(&place).await.map_err(|error| error.while_opening(&place))
    }

    async fn opened(self, place: &Place) -> Result<RedisStore, StoreError> {
        let keys = Keys::new(place.prefix.as_ref().unwrap_or(&self.prefix)).map_err(StoreError::unavailable)?;
        if place.tls {
            trust_in_ring();
        }
        let settings = self.settings.at(place);
        let (user, password) = self.sentinel_login.map_or((None, None), |(user, password)| (user, Some(password)));
        let to_sentinels = Settings { user, password, database: 0, replicas: None, ..settings.clone() };
        let command = settings.command;
        let servers = Servers::open(place, settings, to_sentinels).await?;
        Ok(RedisStore { inner: Arc::new(Inner { servers, keys, command }) })
    }
}

/// Says by which cryptography TLS is done in this process, unless the application has said so already.
fn trust_in_ring() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        // Somebody else may have been faster: then it is theirs.
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
}

/// Without passwords.
impl std::fmt::Debug for RedisBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisBuilder")
            .field("prefix", &self.prefix)
            .field("connect_timeout", &self.settings.connect)
            .field("command_timeout", &self.settings.command)
            .field("wait_for_replicas", &self.settings.replicas)
            .finish_non_exhaustive()
    }
}

const PREFIX: &str = "countersign";
const CONNECT: Duration = Duration::from_secs(2);
const COMMAND: Duration = Duration::from_secs(1);
