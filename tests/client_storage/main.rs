//! The file of tokens, as the system and other users may treat it: SECURITY A-20.

#![cfg(unix)]
#![allow(clippy::unwrap_used, unreachable_pub, reason = "a test, in several files")]

mod child;
mod corrupt;
mod full;
mod hostile;
mod kept;
mod killed;
mod sealed;
mod shared;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use countersign::client::{Document, FileStorage, Storage, StorageError, TokenSet, Update};
use tempfile::TempDir;

/// A folder with nothing in it, and a file of tokens that is not there yet.
struct Home {
    folder: TempDir,
}

impl Home {
    fn new() -> Self {
        Self { folder: TempDir::with_prefix("countersign-").unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.beside("")
    }

    /// A file that belongs to the file of tokens.
    fn beside(&self, suffix: &str) -> PathBuf {
        self.folder.path().join(format!("tokens.json{suffix}"))
    }

    fn storage(&self) -> FileStorage {
        FileStorage::new(self.file())
    }

    /// The names of all files that are there.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn save(storage: &FileStorage, token: &str) -> Result<(), StorageError> {
    storage.update(&mut |document| {
        document.set_tokens(Some(TokenSet::new(token).unwrap()));
        Update::Changed
    })
}

fn clear(storage: &FileStorage) -> Result<(), StorageError> {
    storage.update(&mut |document| {
        document.set_tokens(None);
        Update::Changed
    })
}

/// One more than the number that the token is.
fn increment(storage: &FileStorage) {
    storage
        .update(&mut |document| {
            let count = token_of(document).map_or(0, |token| token.parse::<u64>().unwrap());
            document.set_tokens(Some(TokenSet::new((count + 1).to_string()).unwrap()));
            Update::Changed
        })
        .unwrap();
}

fn token(storage: &FileStorage) -> Option<String> {
    token_of(&storage.load().unwrap())
}

fn token_of(document: &Document) -> Option<String> {
    document.tokens().map(|tokens| tokens.access_token().reveal().to_owned())
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Puts a file there by hand, as its owner would leave it.
fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    set_mode(path, 0o600);
}
