//! A file that is not there yet: gone again, unless it gets its name.

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, Write},
};

use rustix::fs::{AtFlags, OFlags, fchmod, openat, renameat, unlinkat};

use super::folder::{Folder, OWNERS};

/// A new file, for its owner alone from the start, and removed when this is dropped.
pub(super) struct Temporary<'a> {
    folder: &'a Folder,
    name: &'a OsStr,
    file: File,
    kept: bool,
}

impl<'a> Temporary<'a> {
    /// # Errors
    /// If anything has this name already, be it a symbolic link to nothing.
    pub(super) fn create(folder: &'a Folder, name: &'a OsStr) -> io::Result<Self> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(openat(&folder.handle, name, flags, OWNERS)?);
        let new = Self { folder, name, file, kept: false };
        // A umask takes bits away, and never adds one: it was never open to others.
        fchmod(&new.file, OWNERS)?;
        Ok(new)
    }

    /// Writes it, and waits until it is on the disk.
    pub(super) fn fill(&self, bytes: &[u8]) -> io::Result<()> {
        (&self.file).write_all(bytes)?;
        self.file.sync_all()
    }

    /// Gives it this name, in the place of the file that has it.
    pub(super) fn rename(self, to: &OsStr) -> io::Result<()> {
        renameat(&self.folder.handle, self.name, &self.folder.handle, to)?;
        self.keep();
        Ok(())
    }

    /// Its name is somebody else's business now.
    pub(super) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Temporary<'_> {
    fn drop(&mut self) {
        if !self.kept {
            let _ = unlinkat(&self.folder.handle, self.name, AtFlags::empty());
        }
    }
}
