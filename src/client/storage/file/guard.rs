//! Whether a file or a folder is ours alone: decided by what the system says of it.

use rustix::fs::{FileType, Mode, Stat};

use crate::client::storage::StorageErrorKind;

/// What the system says of a file or a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) kind: FileType,
    pub(super) owner: u32,
    pub(super) mode: Mode,
}

impl Facts {
    pub(super) fn of(stat: &Stat) -> Self {
        Self {
            kind: FileType::from_raw_mode(stat.st_mode),
            owner: stat.st_uid,
            mode: Mode::from_raw_mode(stat.st_mode),
        }
    }

    /// Whether this file of secrets may be read and replaced by this user: a plain file of theirs, and nobody
    /// else's to read. Further hard links do no harm: it is never written to, only replaced.
    pub(super) fn check_secrets(self, user: u32) -> Result<(), StorageErrorKind> {
        self.check_lock(user)?;
        if self.mode.intersects(Mode::RWXG | Mode::RWXO) { Err(StorageErrorKind::TooOpen) } else { Ok(()) }
    }

    /// Whether this file may serve as a lock: the same, but it holds nothing to be read.
    pub(super) fn check_lock(self, user: u32) -> Result<(), StorageErrorKind> {
        if self.kind != FileType::RegularFile {
            Err(StorageErrorKind::NotAFile)
        } else if self.owner != user {
            Err(StorageErrorKind::ForeignOwner)
        } else {
            Ok(())
        }
    }

    /// Whether nobody but this user (and the system's administrator, `root`) can take away or replace what this
    /// user has put into this folder. Where others may write as well, as into `/tmp`, the sticky bit sees to it.
    pub(super) fn check_folder(self, user: u32) -> Result<(), StorageErrorKind> {
        if self.kind != FileType::Directory {
            Err(StorageErrorKind::NotAFile)
        } else if self.owner != user && self.owner != ROOT {
            Err(StorageErrorKind::ForeignOwner)
        } else if self.mode.intersects(Mode::WGRP | Mode::WOTH) && !self.mode.contains(Mode::SVTX) {
            Err(StorageErrorKind::OpenFolder)
        } else {
            Ok(())
        }
    }
}

const ROOT: u32 = 0;

#[cfg(test)]
mod tests {
    use super::*;

    const ADA: u32 = 1000;
    const EVE: u32 = 1001;

    fn facts(kind: FileType, owner: u32, mode: u32) -> Facts {
        Facts { kind, owner, mode: Mode::from_raw_mode(mode) }
    }

    #[test]
    fn secrets_are_read_from_a_plain_file_that_is_nobody_elses() {
        let file = |owner, mode| facts(FileType::RegularFile, owner, mode).check_secrets(ADA);
        assert_eq!(file(ADA, 0o600), Ok(()));
        assert_eq!(file(ADA, 0o400), Ok(()));
        for bit in 0..6 {
            assert_eq!(file(ADA, 0o600 | 1 << bit), Err(StorageErrorKind::TooOpen), "bit {bit}");
        }
        assert_eq!(file(EVE, 0o600), Err(StorageErrorKind::ForeignOwner));
        assert_eq!(file(ROOT, 0o644), Err(StorageErrorKind::ForeignOwner));
    }

    #[test]
    fn what_is_no_plain_file_is_refused_before_all_else() {
        for kind in [FileType::Symlink, FileType::Directory, FileType::Fifo, FileType::Socket, FileType::BlockDevice] {
            assert_eq!(facts(kind, EVE, 0o777).check_secrets(ADA), Err(StorageErrorKind::NotAFile), "{kind:?}");
        }
    }

    #[test]
    fn a_lock_may_be_readable_and_must_be_ours() {
        assert_eq!(facts(FileType::RegularFile, ADA, 0o644).check_lock(ADA), Ok(()));
        assert_eq!(facts(FileType::RegularFile, EVE, 0o600).check_lock(ADA), Err(StorageErrorKind::ForeignOwner));
        assert_eq!(facts(FileType::Fifo, ADA, 0o600).check_lock(ADA), Err(StorageErrorKind::NotAFile));
    }

    #[test]
    fn a_folder_that_others_write_to_needs_the_sticky_bit() {
        let folder = |owner, mode| facts(FileType::Directory, owner, mode).check_folder(ADA);
        for (owner, mode) in [(ADA, 0o700), (ADA, 0o755), (ROOT, 0o755), (ROOT, 0o1777), (ADA, 0o1770)] {
            assert_eq!(folder(owner, mode), Ok(()), "{owner} {mode:o}");
        }
        for mode in [0o777, 0o775, 0o757, 0o2770] {
            assert_eq!(folder(ADA, mode), Err(StorageErrorKind::OpenFolder), "{mode:o}");
        }
        assert_eq!(folder(EVE, 0o1777), Err(StorageErrorKind::ForeignOwner));
        assert_eq!(facts(FileType::RegularFile, ADA, 0o600).check_folder(ADA), Err(StorageErrorKind::NotAFile));
    }
}
