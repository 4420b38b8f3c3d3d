//! The system's keyring.

#[cfg(unix)]
use std::path::Path;
use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use keyring_core::{CredentialStore, Entry, Error};
use zeroize::Zeroizing;

#[cfg(unix)]
use super::file::LockFile;
use super::{
    Document, Lease, Storage, StorageError, StorageErrorKind, Update, aside,
    turn::{self, Turn},
};
use crate::clock::{Clock, Timestamp};

/// Keeps the document in the system's keyring, as one secret: JSON as [`Document::to_json`] writes it. That is the
/// Secret Service of a Linux desktop, the Keychain of macOS, the Credential Manager of Windows (which takes 2,560
/// bytes and no more: enough for tokens, and not for a jar of cookies).
///
/// - A [step](Storage::update) is one at a time in this process. No keyring can do one for several processes: if
///   there are more than one, give them a [lock file](Self::lock_file), or the last one to write wins. The same
///   holds for a [lease](Storage::try_lease).
/// - What cannot be understood is kept under another user name, `USER.corrupt-TIME`, and reported.
/// - A keyring that cannot be reached when it is needed first is not asked again by this process.
///
/// ```
/// use countersign::client::{KeyringStorage, Storage, TokenSet, Update};
///
/// // A program says `KeyringStorage::new("api.example.com", "ada")`; this one asks a keyring in memory.
/// let keyring = keyring_core::mock::Store::new()?;
/// let storage = KeyringStorage::in_store(keyring, "api.example.com", "ada");
/// assert!(storage.load()?.is_empty());
///
/// let tokens = TokenSet::new("an.access.token")?;
/// storage.update(&mut |document| {
///     document.set_tokens(Some(tokens.clone()));
///     Update::Changed
/// })?;
/// assert_eq!(storage.load()?.tokens(), Some(&tokens));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct KeyringStorage {
    service: String,
    user: String,
    /// The system's, if there is none.
    store: Option<Arc<CredentialStore>>,
    #[cfg(unix)]
    lock_file: Option<LockFile>,
    patience: Duration,
}

impl KeyringStorage {
    /// The entry of this service and this user in the system's keyring. Nothing is read yet.
    #[must_use]
    pub fn new(service: impl Into<String>, user: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            user: user.into(),
            store: None,
            #[cfg(unix)]
            lock_file: None,
            patience: PATIENCE,
        }
    }

    /// The entry of this service and this user in another store that is made for the `keyring-core` crate.
    #[must_use]
    pub fn in_store(store: Arc<CredentialStore>, service: impl Into<String>, user: impl Into<String>) -> Self {
        Self { store: Some(store), ..Self::new(service, user) }
    }

    /// Excludes other processes, too, that name the same file: by a lock on it for each step, and by another on
    /// `NAME.refresh` for the lease. The file is empty, and treated as those of
    /// [`FileStorage`](crate::client::FileStorage).
    #[cfg(unix)]
    #[must_use]
    pub fn lock_file(mut self, path: impl AsRef<Path>) -> Self {
        self.lock_file = Some(LockFile::new(path.as_ref()));
        self
    }

    /// How long a step waits for those of others. 10 seconds, if nothing is said.
    #[must_use]
    pub const fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.patience = timeout;
        self
    }

    /// Nobody else is in a step until this is dropped.
    fn lock(&self) -> Result<impl Send + 'static, StorageError> {
        let turn = Turn::take(self.turn(STEP), self.patience);
        let turn = turn.ok_or_else(|| StorageError::new(StorageErrorKind::Locked, self.place()))?;
        #[cfg(unix)]
        let turn = (self.lock_file.as_ref().map(|file| file.take(self.patience)).transpose()?, turn);
        Ok(turn)
    }

    fn turn(&self, what: &'static str) -> turn::Name {
        (self.service.clone(), self.user.clone(), what)
    }

    fn entry(&self, user: &str) -> Result<Entry, StorageError> {
        let entry = match &self.store {
            Some(store) => store.build(&self.service, user, None),
            None => keyring::Entry::new(&self.service, user).map(|entry| entry.inner),
        };
        entry.map_err(|error| self.failed(error))
    }

    /// What is kept under this name, if anything is.
    fn read(&self, user: &str) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError> {
        match self.entry(user)?.get_secret() {
            Ok(secret) | Err(Error::BadEncoding(secret) | Error::BadDataFormat(secret, _)) => {
                Ok(Some(Zeroizing::new(secret)))
            }
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Under the lock: nobody else puts a good document in its place meanwhile.
    fn read_or_set_aside(&self, now: Timestamp) -> Result<Document, StorageError> {
        let Some(secret) = self.read(&self.user)? else { return Ok(Document::default()) };
        Document::from_json(&secret).or_else(|reason| {
            let set_aside = self.set_aside(&secret, now)?;
            Err(StorageError::new(StorageErrorKind::Corrupt { set_aside }, self.place()).because(reason))
        })
    }

    fn set_aside(&self, secret: &[u8], now: Timestamp) -> Result<PathBuf, StorageError> {
        for suffix in aside::suffixes(now) {
            let name = format!("{}{suffix}", self.user);
            if self.read(&name)?.is_none() {
                self.entry(&name)?.set_secret(secret).map_err(|error| self.failed(error))?;
                self.remove()?;
                return Ok(name.into());
            }
        }
        Err(StorageError::new(StorageErrorKind::Full, self.place()))
    }

    fn remove(&self) -> Result<(), StorageError> {
        match self.entry(&self.user)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(self.failed(error)),
        }
    }

    /// Without the error itself: it may hold what was read.
    fn failed(&self, error: Error) -> StorageError {
        let kind = match error {
            Error::TooLong(..) => StorageErrorKind::Full,
            _ => StorageErrorKind::Unavailable,
        };
        let said = match error {
            Error::NoDefaultStore => match keyring::Entry::store_status() {
                Err(error) => format!("the system's keyring could not be reached: {error}"),
                Ok(()) => error.to_string(),
            },
            Error::Ambiguous(entries) => format!("{} entries have this name", entries.len()),
            error => error.to_string(),
        };
        StorageError::new(kind, self.place()).because(said)
    }

    fn place(&self) -> String {
        format!("the keyring's entry of {} at {}", self.user, self.service)
    }
}

impl Storage for KeyringStorage {
    fn load(&self) -> Result<Document, StorageError> {
        match self.read(&self.user)?.map(|secret| Document::from_json(&secret)) {
            None => return Ok(Document::default()),
            Some(Ok(document)) => return Ok(document),
            Some(Err(_)) => {}
        }
        let _held = self.lock()?;
        self.read_or_set_aside(Clock::system().now())
    }

    fn update(&self, step: &mut dyn FnMut(&mut Document) -> Update) -> Result<(), StorageError> {
        let _held = self.lock()?;
        let mut document = self.read_or_set_aside(Clock::system().now())?;
        match step(&mut document) {
            Update::Unchanged => Ok(()),
            Update::Changed if document.is_empty() => self.remove(),
            Update::Changed => {
                self.entry(&self.user)?.set_secret(&document.to_json()).map_err(|error| self.failed(error))
            }
        }
    }

    fn try_lease(&self) -> Result<Option<Lease>, StorageError> {
        let Some(turn) = Turn::take(self.turn(LEASE), Duration::ZERO) else { return Ok(None) };
        #[cfg(unix)]
        if let Some(file) = &self.lock_file {
            return Ok(file.try_take_beside(REFRESH)?.map(|held| Lease::new((held, turn))));
        }
        Ok(Some(Lease::new(turn)))
    }
}

impl fmt::Debug for KeyringStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { service, user, .. } = self;
        f.debug_struct("KeyringStorage").field("service", service).field("user", user).finish_non_exhaustive()
    }
}

const PATIENCE: Duration = Duration::from_secs(10);
const STEP: &str = "step";
const LEASE: &str = "lease";
#[cfg(unix)]
const REFRESH: &str = ".refresh";
