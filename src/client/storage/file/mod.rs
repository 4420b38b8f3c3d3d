//! One file of the system's, shared by all processes of a user.

mod folder;
mod format;
mod guard;
mod lock;
mod place;
mod temporary;

use std::{ffi::OsStr, fmt, io, path::Path, sync::Arc, time::Duration};

use folder::Folder;
use format::{Format, Unreadable};
use lock::Held;
use place::{NoPlace, Place};

use crate::{
    client::storage::{Document, Lease, Storage, StorageError, StorageErrorKind, Update},
    clock::{Clock, Timestamp},
    key::{KeyRing, SealKeys},
};

/// Keeps the document in a file: JSON as [`Document::to_json`] writes it, for its owner alone. Any number of
/// processes, and of values of this type, may share one file. On Unix; elsewhere, use the system's keyring.
///
/// - The file has mode 0600 from its first byte, under any umask, and is never written to: a new one is written
///   beside it, synced to the disk, and renamed. Whenever the process is killed, or the machine stops, the file is
///   one of its versions, in full. Missing folders are created with mode 0700.
/// - It is refused if it is a symbolic link or no plain file, if it belongs to another user, or if others may read
///   it; so is a folder that belongs to another user than this one or `root`, or that others may write to
///   without the sticky bit that `/tmp` has. Hard links do no harm.
/// - What cannot be understood (cut off, not JSON, longer than 1 MiB, sealed with a key that is not in the ring) is
///   renamed to `NAME.corrupt-TIME`, and reported. Nothing is ever overwritten there. The next
///   step finds no file.
/// - A [step](Storage::update) is one at a time among all processes, by a lock on `NAME.lock`; it waits for
///   10 seconds at most. A [lease](Storage::try_lease) is a lock on `NAME.refresh.lock`. The system frees both when
///   a process ends. These two files are empty, and stay: removing them while a program runs lets two in.
///
/// A token that outlives the process that got it departs from NIST SP 800-63B-4, section 5.1, as any program that
/// stays logged in does. [Sealed](Self::sealed) with a key that is kept elsewhere, the file alone is no use to
/// anybody.
///
/// ```
/// use countersign::client::{FileStorage, Storage, TokenSet, Update};
///
/// let folder = tempfile::tempdir()?;
/// let storage = FileStorage::new(folder.path().join("app/tokens.json"));
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
pub struct FileStorage {
    place: Result<Arc<Place>, NoPlace>,
    format: Arc<Format>,
    patience: Duration,
}

impl FileStorage {
    /// The file at this path. A leading `~/` is the home folder, as `$HOME` says. Nothing is read or created yet; a
    /// path that leads nowhere is an error of the first use.
    #[must_use]
    pub fn new(path: impl AsRef<Path>) -> Self {
        let place = Place::new(path.as_ref()).map(Arc::new);
        Self { place, format: Arc::new(Format::Plain), patience: PATIENCE }
    }

    /// The same, sealed by AES-256-GCM: the ring's current key seals, and every key of it opens. A file that is
    /// not sealed yet counts as corrupt: nobody can slip in one of their own.
    #[must_use]
    pub fn sealed(mut self, keys: &KeyRing) -> Self {
        self.format = Arc::new(Format::Sealed(SealKeys::new(keys)));
        self
    }

    /// How long a step waits for those of others. 10 seconds, if nothing is said.
    #[must_use]
    pub const fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.patience = timeout;
        self
    }

    fn place(&self) -> Result<&Place, StorageError> {
        match &self.place {
            Ok(place) => Ok(place),
            Err(error) => Err(StorageError::new(StorageErrorKind::Unavailable, "a file of tokens").because(*error)),
        }
    }

    fn lock(&self, folder: &Folder, place: &Place) -> Result<Held, StorageError> {
        let name = place.beside(LOCK);
        let path = || place.folder.join(&name).display().to_string();
        Held::take(folder.open_lock(&name)?, self.patience)
            .map_err(|error| StorageError::from_io(error, path()))?
            .ok_or_else(|| StorageError::new(StorageErrorKind::Locked, path()))
    }

    fn read(&self, folder: &Folder, name: &OsStr) -> Result<Result<Document, Unreadable>, StorageError> {
        let Some(bytes) = folder.read(name, LONGEST)? else { return Ok(Ok(Document::default())) };
        if bytes.len() > LONGEST {
            return Ok(Err(Unreadable::TooLong));
        }
        Ok(self.format.decode(&bytes))
    }

    /// Under the lock: nobody else puts a good file in its place meanwhile.
    fn read_or_set_aside(&self, folder: &Folder, place: &Place, now: Timestamp) -> Result<Document, StorageError> {
        self.read(folder, &place.name)?.or_else(|reason| {
            let set_aside = folder.set_aside(&place.name, now)?;
            let kind = StorageErrorKind::Corrupt { set_aside };
            Err(StorageError::new(kind, place.path().display().to_string()).because(reason))
        })
    }

    fn write(&self, folder: &Folder, place: &Place, document: &Document) -> Result<(), StorageError> {
        if document.is_empty() {
            return if folder.remove(&place.name)? { folder.sync() } else { Ok(()) };
        }
        let unavailable = || StorageError::new(StorageErrorKind::Unavailable, place.path().display().to_string());
        let bytes = self.format.encode(document).map_err(|error| unavailable().because(error))?;
        if bytes.len() > LONGEST {
            return Err(unavailable().because(io::Error::new(io::ErrorKind::InvalidInput, TOO_LONG)));
        }
        folder.replace(&place.name, &place.beside(TEMPORARY), &bytes)
    }
}

impl Storage for FileStorage {
    fn load(&self) -> Result<Document, StorageError> {
        let place = self.place()?;
        let Some(folder) = Folder::open(&place.folder)? else { return Ok(Document::default()) };
        if let Ok(document) = self.read(&folder, &place.name)? {
            return Ok(document);
        }
        let _held = self.lock(&folder, place)?;
        self.read_or_set_aside(&folder, place, Clock::system().now())
    }

    fn update(&self, step: &mut dyn FnMut(&mut Document) -> Update) -> Result<(), StorageError> {
        let place = self.place()?;
        let folder = Folder::open_or_create(&place.folder)?;
        let _held = self.lock(&folder, place)?;
        // What a step that was killed has left here. It may hold tokens.
        folder.remove(&place.beside(TEMPORARY))?;
        let mut document = self.read_or_set_aside(&folder, place, Clock::system().now())?;
        match step(&mut document) {
            Update::Changed => self.write(&folder, place, &document),
            Update::Unchanged => Ok(()),
        }
    }

    fn try_lease(&self) -> Result<Option<Lease>, StorageError> {
        let place = self.place()?;
        let name = place.beside(LEASE);
        let file = Folder::open_or_create(&place.folder)?.open_lock(&name)?;
        match Held::try_take(file) {
            Ok(held) => Ok(held.ok().map(Lease::new)),
            Err(error) => Err(StorageError::from_io(error, place.folder.join(name).display().to_string())),
        }
    }
}

impl fmt::Debug for FileStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.place.as_ref().map(|place| place.path());
        f.debug_struct("FileStorage").field("path", &path).field("format", &self.format).finish_non_exhaustive()
    }
}

const PATIENCE: Duration = Duration::from_secs(10);
/// 1 MiB, in bytes.
const LONGEST: usize = 1 << 20;
const TOO_LONG: &str = "a file of tokens is 1 MiB long at most";
const LOCK: &str = ".lock";
const LEASE: &str = ".refresh.lock";
const TEMPORARY: &str = ".tmp";
