//! The keyring, on a store in memory: what is asked of it, and what it may answer. The lock files are real.

use std::{fmt::Debug, path::Path, sync::Arc, thread, time::Duration};

use countersign::client::{Document, KeyringStorage, Storage, StorageErrorKind};
use keyring_core::{CredentialStore, Entry, Error, mock};

use crate::{
    Home,
    child::{self, Child},
    clear, corrupt, in_a_step, increment, save, token,
};

struct Keyring(Arc<CredentialStore>);

impl Keyring {
    fn new() -> Self {
        Self(mock::Store::new().unwrap())
    }

    /// A storage of this user's. Tests share the turns of their process: each takes a user of its own.
    fn storage(&self, user: &str) -> KeyringStorage {
        KeyringStorage::in_store(self.0.clone(), SERVICE, user)
    }

    fn entry(&self, user: &str) -> Entry {
        self.0.build(SERVICE, user, None).unwrap()
    }

    /// What it answers next.
    fn answer(&self, user: &str, error: Error) {
        self.entry(user).as_any().downcast_ref::<mock::Cred>().unwrap().set_error(error);
    }
}

#[test]
fn the_document_is_one_secret_of_one_user() {
    let keyring = Keyring::new();
    save(&keyring.storage("ada"), "a").unwrap();
    assert_eq!(token(&keyring.storage("ada")).unwrap(), "a");
    assert!(keyring.storage("grace").load().unwrap().is_empty());
    let secret = keyring.entry("ada").get_secret().unwrap();
    assert!(Document::from_json(&secret).unwrap() == keyring.storage("ada").load().unwrap());
    clear(&keyring.storage("ada")).unwrap();
    assert!(matches!(keyring.entry("ada").get_secret(), Err(Error::NoEntry)));
    clear(&keyring.storage("ada")).unwrap();
}

#[test]
fn threads_lose_no_update() {
    let keyring = Keyring::new();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..200).for_each(|_| increment(&keyring.storage("threads"))));
        }
    });
    assert_eq!(token(&keyring.storage("threads")).unwrap(), "800");
}

#[test]
fn a_step_waits_for_another_no_longer_than_it_is_told() {
    let keyring = Keyring::new();
    in_a_step(&keyring.storage("patience"), "a", || {
        let impatient = keyring.storage("patience").lock_timeout(Duration::from_millis(20));
        assert_eq!(*save(&impatient, "b").unwrap_err().kind(), StorageErrorKind::Locked);
    });
    assert_eq!(token(&keyring.storage("patience")).unwrap(), "a");
}

#[test]
fn with_a_lock_file_other_processes_are_excluded() {
    let (home, keyring) = (Home::new(), Keyring::new());
    let storage = keyring.storage("locked").lock_file(home.beside(".lock")).lock_timeout(Duration::from_millis(20));
    // A file's steps take the same lock, in other processes as in this one.
    in_a_step(&home.storage(), "a", || {
        let error = save(&storage, "b").unwrap_err();
        assert_eq!(*error.kind(), StorageErrorKind::Locked);
        assert!(error.to_string().contains("tokens.json.lock"), "{error}");
    });
    save(&storage, "b").unwrap();

    let mut other = Child::start("keyring lease", &home.beside(".lock"));
    other.wait_for("held");
    assert!(storage.try_lease().unwrap().is_none());
    other.kill_9();
    assert!(storage.try_lease().unwrap().is_some());
}

/// What a child does.
pub fn hold_lease(lock_file: &Path) {
    child::hold_lease(&Keyring::new().storage("locked").lock_file(lock_file));
}

#[test]
fn a_lease_has_one_holder_in_this_process() {
    let keyring = Keyring::new();
    let lease = keyring.storage("lease").try_lease().unwrap().expect("it is free");
    assert!(keyring.storage("lease").try_lease().unwrap().is_none());
    save(&keyring.storage("lease"), "a").unwrap();
    drop(lease);
    assert!(keyring.storage("lease").try_lease().unwrap().is_some());
}

#[test]
fn what_cannot_be_understood_is_kept_under_another_name() {
    let keyring = Keyring::new();
    let mut aside = Vec::new();
    for kept in [&b"{\"acc"[..], b"\xff", b""] {
        keyring.entry("corrupt").set_secret(kept).unwrap();
        let error = if aside.is_empty() {
            keyring.storage("corrupt").load().unwrap_err()
        } else {
            save(&keyring.storage("corrupt"), "a").unwrap_err()
        };
        aside.push((corrupt::set_aside(&error), kept));
        assert!(keyring.storage("corrupt").load().unwrap().is_empty());
    }
    for (name, kept) in aside {
        let name = name.to_str().unwrap();
        assert!(name.starts_with("corrupt.corrupt-"), "{name}");
        assert_eq!(keyring.entry(name).get_secret().unwrap(), kept);
    }
}

#[test]
fn a_keyring_that_does_not_answer_changes_nothing_and_tells_nothing() {
    let keyring = Keyring::new();
    save(&keyring.storage("away"), "secret.token").unwrap();
    let locked = || Error::NoStorageAccess("it is locked".into());
    let long = || Error::TooLong("secret".to_owned(), 2560);
    for (error, kind) in [(locked(), StorageErrorKind::Unavailable), (long(), StorageErrorKind::Full)] {
        keyring.answer("away", error);
        let error = save(&keyring.storage("away"), "b").unwrap_err();
        assert_eq!(*error.kind(), kind);
    }
    keyring.answer("away", Error::BadEncoding(b"secret.token".to_vec()));
    let error = keyring.storage("away").update(&mut |_| unreachable!()).unwrap_err();
    let shown: [&dyn Debug; 2] = [&error, &keyring.storage("away")];
    let bytes = format!("{:?}", b"secret.token");
    for text in shown.map(|shown| format!("{shown:?}")) {
        assert!(!text.contains("secret") && !text.contains(bytes.trim_matches(['[', ']'])), "{text}");
    }
    assert_eq!(keyring.entry(corrupt::set_aside(&error).to_str().unwrap()).get_secret().unwrap(), b"secret.token");
}

const SERVICE: &str = "tests.example.com";
