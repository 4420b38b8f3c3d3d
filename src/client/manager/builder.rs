#[cfg(unix)]
use std::path::Path;
use std::{fmt, sync::Arc, time::Duration};

use super::{
    TokenManager,
    backoff::BackOff,
    env,
    place::Place,
    refresher::Refresher,
    shared::{Settings, Shared},
    state::Snapshot,
};
#[cfg(unix)]
use crate::client::storage::FileStorage;
use crate::{
    client::{
        error::Error,
        storage::{MemoryStorage, Storage, StorageError, Update},
        tokens::{Margins, TokenSet},
    },
    clock::Clock,
};

/// Settings of a [`TokenManager`].
///
/// ```
/// use countersign::client::{MemoryStorage, RefreshError, RefreshToken, TokenManager, TokenSet};
/// use std::time::Duration;
///
/// // POSTs the refresh token, and reads the answer by `TokenSet::from_response`.
/// async fn ask_server(_: RefreshToken) -> Result<TokenSet, RefreshError> {
///     Err(RefreshError::try_again("503 Service Unavailable").after(Duration::from_secs(5)))
/// }
///
/// // `.file("~/.config/app/tokens.json")` keeps them over restarts, and shares them with other processes.
/// let tokens = TokenManager::builder(ask_server)
///     .storage(MemoryStorage::new())
///     .env("APP")
///     .deadline(Duration::from_secs(10))
///     .build()?;
/// assert!(!tokens.is_authenticated());
/// # Ok::<(), countersign::client::Error>(())
/// ```
pub struct TokenManagerBuilder {
    settings: Settings,
    storage: Arc<dyn Storage>,
    initial: Option<TokenSet>,
    prefix: Option<String>,
}

impl TokenManagerBuilder {
    pub(super) fn new(refresher: impl Refresher) -> Self {
        let settings = Settings {
            refresher: Arc::new(refresher),
            on_discarded: None,
            margins: Margins::default(),
            clock: Clock::system(),
            deadline: DEADLINE,
            back_off: BackOff::default(),
        };
        Self { settings, storage: Arc::new(MemoryStorage::new()), initial: None, prefix: None }
    }

    /// Keeps tokens there. In memory, if nothing is said.
    #[must_use]
    pub fn storage(mut self, storage: impl Storage) -> Self {
        self.storage = Arc::new(storage);
        self
    }

    /// Keeps tokens in this file; a leading `~/` is the home folder. See [`FileStorage`].
    #[cfg(unix)]
    #[must_use]
    pub fn file(self, path: impl AsRef<Path>) -> Self {
        self.storage(FileStorage::new(path))
    }

    /// Starts with these tokens, if the storage holds none.
    #[must_use]
    pub fn tokens(mut self, tokens: TokenSet) -> Self {
        self.initial = Some(tokens);
        self
    }

    /// Starts with the tokens in the environment variables `PREFIX_ACCESS_TOKEN`, `PREFIX_REFRESH_TOKEN` (if
    /// there is one) and `PREFIX_EXPIRES_AT` (RFC 3339, if known), if neither the storage holds any nor
    /// [`tokens`](Self::tokens) has brought some: what is kept has been renewed since the environment was set.
    ///
    /// They are read by [`build`](Self::build), and kept from then on. After a log-out the next start finds them
    /// again, if they are still set.
    #[must_use]
    pub fn env(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// When tokens are renewed, and from when they count as expired.
    #[must_use]
    pub fn margins(mut self, margins: Margins) -> Self {
        self.settings.margins = margins;
        self
    }

    /// How long the refresher may take. 30 seconds by default.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.settings.deadline = deadline;
        self
    }

    /// How long to wait between refreshes that fail.
    #[must_use]
    pub fn back_off(mut self, back_off: BackOff) -> Self {
        self.settings.back_off = back_off;
        self
    }

    /// Is given the tokens that a refresh has brought too late, after a log-out or another log-in: nobody will
    /// use them, and the server might be told so. Called on the task of the refresh: whatever takes time is to be
    /// spawned.
    #[must_use]
    pub fn on_discarded(mut self, discarded: impl Fn(TokenSet) + Send + Sync + 'static) -> Self {
        self.settings.on_discarded = Some(Arc::new(discarded));
        self
    }

    /// Where the time is read: for tests.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// Reads what the storage keeps. This blocks for as long as a small file takes.
    ///
    /// What could not be understood has been set aside by the storage: the manager starts as if there were
    /// nothing, and [`storage_error`](TokenManager::storage_error) tells.
    ///
    /// # Errors
    /// If the storage cannot be read, or a variable holds something else than it should. The text names the
    /// place, or the variable.
    pub fn build(self) -> Result<TokenManager, Error> {
        let initial = match (self.initial, self.prefix) {
            (Some(tokens), _) => Some(tokens),
            (None, Some(prefix)) => env::of_environment(&prefix)?,
            (None, None) => None,
        };
        let snapshot = open(&*self.storage, initial)?;
        Ok(TokenManager::of(Shared::new(self.settings, Place::new(self.storage), snapshot)))
    }
}

impl fmt::Debug for TokenManagerBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenManagerBuilder").field("storage", &self.storage).finish_non_exhaustive()
    }
}

/// What a manager starts with. Of two processes that start with an empty storage, one puts its tokens there, and
/// both use them.
fn open(storage: &dyn Storage, initial: Option<TokenSet>) -> Result<Snapshot, StorageError> {
    let mut snapshot = Snapshot::default();
    match storage.load() {
        Ok(document) => snapshot.follow(document.tokens().cloned().map(Arc::new), None),
        Err(error) if error.has_set_aside() => {
            tracing::error!(%error, "the kept tokens cannot be read");
            snapshot.storage_error = Some(error.into());
        }
        Err(error) => return Err(error),
    }
    let (None, Some(initial)) = (&snapshot.tokens, initial) else { return Ok(snapshot) };
    let mut first = initial.clone();
    let kept = storage.update(&mut |document| match document.tokens() {
        Some(tokens) => {
            first = tokens.clone();
            Update::Unchanged
        }
        None => {
            document.set_tokens(Some(initial.clone()));
            Update::Changed
        }
    });
    let found_corrupt = snapshot.storage_error.take();
    match kept {
        Ok(()) => {
            snapshot.follow(Some(Arc::new(first)), None);
            snapshot.storage_error = found_corrupt;
        }
        Err(error) => {
            tracing::error!(%error, "the first tokens could not be kept");
            snapshot.replace_unsaved(Some(Arc::new(initial)), None);
            snapshot.storage_error = Some(error.into());
        }
    }
    Ok(snapshot)
}

const DEADLINE: Duration = Duration::from_secs(30);
