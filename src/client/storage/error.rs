use std::{error, fmt, io, path::PathBuf};

/// Why a document could not be read or kept. Names the place; never holds what is kept there.
#[derive(Debug)]
pub struct StorageError {
    kind: StorageErrorKind,
    place: String,
    source: Option<Box<dyn error::Error + Send + Sync>>,
}

/// Kinds of [`StorageError`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StorageErrorKind {
    /// What was kept could not be understood: half-written, of another format, sealed with another key. It has been
    /// set aside, here.
    Corrupt {
        /// Under this name, or at this path.
        set_aside: PathBuf,
    },
    /// Others than its owner may read or write it: `chmod 600` it, once it is clear that nobody has.
    TooOpen,
    /// It belongs to another user of the system.
    ForeignOwner,
    /// It is a symbolic link, a folder, or a device: not a plain file.
    NotAFile,
    /// Others may write to this folder, and so replace what is in it: `chmod go-w` it.
    OpenFolder,
    /// The disk, or the user's share of it, is full. What was kept before is kept still.
    Full,
    /// Another process, or another thread, has been holding the lock for too long.
    Locked,
    /// Anything else, as the source tells.
    Unavailable,
}

impl StorageError {
    /// An error of this kind about this place: a path, the name of an entry.
    #[must_use]
    pub fn new(kind: StorageErrorKind, place: impl Into<String>) -> Self {
        Self { kind, place: place.into(), source: None }
    }

    /// The same, because of this.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The kind that an error of the operating system stands for.
    #[must_use]
    pub fn from_io(error: io::Error, place: impl Into<String>) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                StorageErrorKind::Full
            }
            _ => StorageErrorKind::Unavailable,
        };
        Self::new(kind, place).because(error)
    }

    /// Whether what was kept has been set aside, and nothing is kept now.
    pub(crate) const fn has_set_aside(&self) -> bool {
        matches!(self.kind, StorageErrorKind::Corrupt { .. })
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> &StorageErrorKind {
        &self.kind
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = &self.place;
        match &self.kind {
            StorageErrorKind::Corrupt { set_aside } => {
                write!(f, "{place} could not be understood, and was set aside as {}", set_aside.display())
            }
            StorageErrorKind::TooOpen => {
                write!(f, "{place} is open to other users: make it yours alone (`chmod 600`), and renew what it held")
            }
            StorageErrorKind::ForeignOwner => write!(f, "{place} belongs to another user: it is not read"),
            StorageErrorKind::NotAFile => write!(f, "{place} is not a plain file: symbolic links are not followed"),
            StorageErrorKind::OpenFolder => {
                write!(f, "others may replace what is in {place}: take from them the right to write (`chmod go-w`)")
            }
            StorageErrorKind::Full => write!(f, "there is no room for {place}: what it held before is unchanged"),
            StorageErrorKind::Locked => write!(f, "somebody else has been holding {place} for too long"),
            StorageErrorKind::Unavailable => match &self.source {
                Some(source) => write!(f, "{place}: {source}"),
                None => write!(f, "{place} is not available"),
            },
        }
    }
}

impl error::Error for StorageError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
