//! The folder: opened once, checked, and from then on everything in it by its handle.

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Read},
    os::fd::OwnedFd,
    path::{Path, PathBuf},
};

use rustix::{
    fs::{AtFlags, CWD, Mode, OFlags, chmodat, fchmod, fstat, fsync, mkdirat, openat, renameat, statat, unlinkat},
    io::Errno,
    process::geteuid,
};
use zeroize::Zeroizing;

use super::{guard::Facts, place::aside, temporary::Temporary};
use crate::{
    client::storage::{StorageError, StorageErrorKind},
    clock::Timestamp,
};

/// An open folder into which nobody else can put a file in the place of ours.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) handle: OwnedFd,
    path: PathBuf,
}

impl Folder {
    /// Opens it. `None` if there is none.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, StorageError> {
        let failed = |error: Errno| StorageError::from_io(error.into(), path.display().to_string());
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let handle = match openat(CWD, path, flags, Mode::empty()) {
            Ok(handle) => handle,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let facts = Facts::of(&fstat(&handle).map_err(failed)?);
        facts.check_folder(user()).map_err(|kind| StorageError::new(kind, path.display().to_string()))?;
        Ok(Some(Self { handle, path: path.to_owned() }))
    }

    /// Opens it. What is missing on the way to it is created, for its owner alone.
    pub(super) fn open_or_create(path: &Path) -> Result<Self, StorageError> {
        if let Some(folder) = Self::open(path)? {
            return Ok(folder);
        }
        let missing = || StorageError::from_io(io::ErrorKind::NotFound.into(), path.display().to_string());
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else { return Err(missing()) };
        let above = Self::open_or_create(above)?;
        match mkdirat(&above.handle, name, Mode::RWXU) {
            // A umask can take away even what is the owner's. Nobody else can put another folder here meanwhile.
            Ok(()) => {
                let created = above.facts(name)?;
                if created.is_some_and(|facts| facts.check_folder(user()).is_ok() && facts.mode != Mode::RWXU) {
                    let mend = chmodat(&above.handle, name, Mode::RWXU, AtFlags::empty());
                    mend.map_err(|error| above.error(name, error))?;
                }
                above.sync()?;
            }
            Err(Errno::EXIST) => {}
            Err(error) => return Err(above.error(name, error)),
        }
        Self::open(path)?.ok_or_else(missing)
    }

    /// Reads a file of secrets: at most `limit` bytes and one more. `None` if there is none.
    pub(super) fn read(&self, name: &OsStr, limit: usize) -> Result<Option<Zeroizing<Vec<u8>>>, StorageError> {
        // Opening a pipe must not wait for whoever writes to it.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let handle = match openat(&self.handle, name, flags, Mode::empty()) {
            Ok(handle) => handle,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(self.refusal(name, error, Facts::check_secrets)),
        };
        let stat = fstat(&handle).map_err(|error| self.error(name, error))?;
        Facts::of(&stat).check_secrets(user()).map_err(|kind| self.refused(name, kind))?;
        // Of its final length from the start: a buffer that grows leaves its older copies behind, unwiped.
        let length = usize::try_from(stat.st_size).unwrap_or(usize::MAX).min(limit) + 1;
        let mut bytes = Zeroizing::new(vec![0; length]);
        let mut filled = 0;
        let mut file = File::from(handle);
        while filled < length {
            match file.read(&mut bytes[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(StorageError::from_io(error, self.place(name))),
            }
        }
        bytes.truncate(filled);
        Ok(Some(bytes))
    }

    /// Puts a file with these bytes in the place of the one that is there. It is whole under `through` before it
    /// gets its name, and outlives a crash of the machine when this returns. If this fails, nothing has changed.
    pub(super) fn replace(&self, name: &OsStr, through: &OsStr, bytes: &[u8]) -> Result<(), StorageError> {
        let failed = |error| StorageError::from_io(error, self.place(name));
        let temporary = Temporary::create(self, through).map_err(failed)?;
        temporary.fill(bytes).and_then(|()| temporary.rename(name)).map_err(failed)?;
        self.sync()
    }

    /// Removes a file, if it is there. Returns whether it was.
    pub(super) fn remove(&self, name: &OsStr) -> Result<bool, StorageError> {
        match unlinkat(&self.handle, name, AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(self.refusal(name, error, Facts::check_lock)),
        }
    }

    /// Gives a file a name under which it is out of the way and overwrites nothing: its new path.
    pub(super) fn set_aside(&self, name: &OsStr, now: Timestamp) -> Result<PathBuf, StorageError> {
        let mut names = aside(name, now);
        loop {
            let aside = names.next().expect("there are names without end");
            // An empty file reserves the name: a rename would replace whatever has it.
            let reserved = match Temporary::create(self, &aside) {
                Ok(reserved) => reserved,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(StorageError::from_io(error, self.place(&aside))),
            };
            renameat(&self.handle, name, &self.handle, &aside).map_err(|error| self.error(name, error))?;
            reserved.keep();
            self.sync()?;
            return Ok(self.path.join(aside));
        }
    }

    /// Opens a file that is locked, and holds nothing. It is created if it is not there.
    pub(super) fn open_lock(&self, name: &OsStr) -> Result<File, StorageError> {
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let open = || openat(&self.handle, name, flags | OFlags::CREATE, OWNERS);
        let handle = match open() {
            // Whoever has created it was stopped before its mode was right.
            Err(Errno::ACCESS) if self.facts(name)?.is_some_and(|facts| facts.check_lock(user()).is_ok()) => {
                let mend = chmodat(&self.handle, name, OWNERS, AtFlags::empty());
                mend.and_then(|()| open())
            }
            other => other,
        };
        let handle = handle.map_err(|error| self.refusal(name, error, Facts::check_lock))?;
        let facts = Facts::of(&fstat(&handle).map_err(|error| self.error(name, error))?);
        facts.check_lock(user()).map_err(|kind| self.refused(name, kind))?;
        if facts.mode != OWNERS {
            fchmod(&handle, OWNERS).map_err(|error| self.error(name, error))?;
        }
        Ok(handle.into())
    }

    /// What was created, renamed or removed here outlives a crash of the machine.
    pub(super) fn sync(&self) -> Result<(), StorageError> {
        fsync(&self.handle).map_err(|error| StorageError::from_io(error.into(), self.path.display().to_string()))
    }

    /// What the system says of the file itself, be it a symbolic link.
    fn facts(&self, name: &OsStr) -> Result<Option<Facts>, StorageError> {
        match statat(&self.handle, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(Facts::of(&stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(self.error(name, error)),
        }
    }

    /// Why a file could not be used: what is wrong with it, if that tells, or else what the system said.
    fn refusal(
        &self,
        name: &OsStr,
        error: Errno,
        check: impl Fn(Facts, u32) -> Result<(), StorageErrorKind>,
    ) -> StorageError {
        match self.facts(name) {
            Ok(Some(facts)) => match check(facts, user()) {
                Err(kind) => self.refused(name, kind).because(io::Error::from(error)),
                Ok(()) => self.error(name, error),
            },
            _ => self.error(name, error),
        }
    }

    fn refused(&self, name: &OsStr, kind: StorageErrorKind) -> StorageError {
        StorageError::new(kind, self.place(name))
    }

    fn error(&self, name: &OsStr, error: Errno) -> StorageError {
        StorageError::from_io(error.into(), self.place(name))
    }

    fn place(&self, name: &OsStr) -> String {
        self.path.join(name).display().to_string()
    }
}

fn user() -> u32 {
    geteuid().as_raw()
}

/// 0600.
pub(super) const OWNERS: Mode = Mode::RUSR.union(Mode::WUSR);
