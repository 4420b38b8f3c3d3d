//! What others may have put in the place of the file, of its lock, and of what it is written to.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, chown, symlink},
        net::UnixListener,
    },
    path::Path,
    process::Command,
    sync::mpsc,
    thread,
    time::Duration,
};

use countersign::client::{FileStorage, Storage, StorageError, StorageErrorKind};

use crate::{Home, child::Child, mode, save, set_mode, token, write};

#[test]
fn the_file_is_its_owners_alone_under_any_umask() {
    for umask in ["0000", "0002", "0022", "0077", "0277", "0777"] {
        let home = Home::new();
        let file = home.folder.path().join("some/folders/tokens.json");
        let by = format!(r#"umask {umask}; exec "$@""#);
        for _ in 0..2 {
            Child::start_by(&["sh", "-c", &by, "sh"], "save", &file).finish();
            assert_eq!(mode(&file), 0o600, "umask {umask}");
        }
        assert_eq!(mode(&file.with_extension("json.lock")), 0o600, "umask {umask}");
        for folder in ["some", "some/folders"] {
            assert_eq!(mode(&home.folder.path().join(folder)), 0o700, "umask {umask}");
        }
        assert_eq!(token(&FileStorage::new(&file)).unwrap(), "a");
    }
}

#[test]
fn nothing_but_a_plain_file_is_read_or_replaced() {
    for thing in THINGS {
        let home = Home::new();
        let target = home.folder.path().join("target");
        write(&target, br#"{"access_token":"of.the.target"}"#);
        put(thing, &home.file(), &target);
        for error in [load(&home).unwrap_err(), save_at(&home).unwrap_err()] {
            assert_eq!(*error.kind(), StorageErrorKind::NotAFile, "{thing}: {error}");
        }
        assert!(still_there(thing, &home.file()), "{thing}");
        assert_eq!(fs::read(&target).unwrap(), br#"{"access_token":"of.the.target"}"#);
    }
}

#[test]
fn nothing_but_a_plain_file_is_taken_for_a_lock() {
    for (thing, lock) in THINGS.into_iter().flat_map(|thing| [(thing, ".lock"), (thing, ".refresh.lock")]) {
        let home = Home::new();
        let target = home.folder.path().join("target");
        put(thing, &home.beside(lock), &target);
        let error = if lock == ".lock" { save_at(&home) } else { home.storage().try_lease().map(drop) }.unwrap_err();
        assert_eq!(*error.kind(), StorageErrorKind::NotAFile, "{thing}: {error}");
        assert!(!target.exists() && !home.file().exists(), "nothing was created where the link points to");
    }
}

#[test]
fn what_lies_where_the_new_file_is_written_is_removed_and_never_followed() {
    for thing in THINGS {
        let home = Home::new();
        let target = home.folder.path().join("target");
        write(&target, b"of the target");
        set_mode(&target, 0o644);
        put(thing, &home.beside(".tmp"), &target);
        let saved = save_at(&home);
        assert_eq!((fs::read(&target).unwrap(), mode(&target)), (b"of the target".to_vec(), 0o644), "{thing}");
        if thing == "folder" {
            assert_eq!(*saved.unwrap_err().kind(), StorageErrorKind::NotAFile);
        } else {
            saved.unwrap();
            assert_eq!(home.names(), ["target", "tokens.json", "tokens.json.lock"], "{thing}");
            assert!(fs::symlink_metadata(home.file()).unwrap().is_file());
        }
    }
}

#[test]
fn a_file_that_others_may_read_or_write_is_refused() {
    for wider in [0o640, 0o620, 0o610, 0o604, 0o602, 0o601, 0o644, 0o660, 0o666, 0o777] {
        let home = Home::new();
        write(&home.file(), br#"{"access_token":"a"}"#);
        set_mode(&home.file(), wider);
        for error in [load(&home).unwrap_err(), save_at(&home).unwrap_err()] {
            assert_eq!(*error.kind(), StorageErrorKind::TooOpen, "{wider:o}: {error}");
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
        assert_eq!(mode(&home.file()), wider, "it is left as it is");
    }
}

#[test]
fn a_lock_that_others_may_open_is_made_ours_alone() {
    let home = Home::new();
    write(&home.beside(".lock"), b"");
    set_mode(&home.beside(".lock"), 0o666);
    save_at(&home).unwrap();
    assert_eq!(mode(&home.beside(".lock")), 0o600);
}

#[test]
fn a_file_of_another_user_is_refused() {
    let home = Home::new();
    let root = fs::metadata(home.folder.path()).unwrap().uid() == 0;
    println!("as {}", if root { "root, a file given to another user" } else { "a user, a file of root's" });
    let storage = if root {
        write(&home.file(), br#"{"access_token":"a"}"#);
        chown(home.file(), Some(NOBODY), None).unwrap();
        home.storage()
    } else {
        FileStorage::new("/etc/passwd")
    };
    let error = storage.load().unwrap_err();
    assert_eq!(*error.kind(), StorageErrorKind::ForeignOwner, "{error}");
    if root {
        assert_eq!(*save(&storage, "b").unwrap_err().kind(), StorageErrorKind::ForeignOwner);
        assert_eq!(fs::read(home.file()).unwrap(), br#"{"access_token":"a"}"#);
        let file = home.folder.path().join("theirs/tokens.json");
        fs::create_dir(file.parent().unwrap()).unwrap();
        chown(file.parent().unwrap(), Some(NOBODY), None).unwrap();
        let error = save(&FileStorage::new(&file), "a").unwrap_err();
        assert_eq!(*error.kind(), StorageErrorKind::ForeignOwner, "nor is a folder of theirs: {error}");
    }
}

#[test]
fn a_folder_that_others_may_write_to_is_refused_without_the_sticky_bit() {
    let home = Home::new();
    save_at(&home).unwrap();
    for wider in [0o777, 0o770, 0o707] {
        set_mode(home.folder.path(), wider);
        let below = FileStorage::new(home.folder.path().join("below/tokens.json"));
        for error in [load(&home).unwrap_err(), save_at(&home).unwrap_err(), save(&below, "a").unwrap_err()] {
            assert_eq!(*error.kind(), StorageErrorKind::OpenFolder, "{error}");
        }
    }
    for safe in [0o1777, 0o755, 0o500] {
        set_mode(home.folder.path(), safe);
        assert_eq!(load(&home).unwrap().as_deref(), Some("a"));
    }
    set_mode(home.folder.path(), 0o700);
}

/// Within this time: opening a pipe that nobody writes to would wait for ever.
fn load(home: &Home) -> Result<Option<String>, StorageError> {
    let storage = home.storage();
    in_time(move || storage.load().map(|document| crate::token_of(&document)))
}

fn save_at(home: &Home) -> Result<(), StorageError> {
    let storage = home.storage();
    in_time(move || save(&storage, "a"))
}

fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = mpsc::channel();
    thread::spawn(move || done.send(work()));
    result.recv_timeout(Duration::from_secs(20)).expect("it should have answered by now")
}

fn put(thing: &str, path: &Path, target: &Path) {
    match thing {
        "symlink" => symlink(target, path).unwrap(),
        "folder" => fs::create_dir(path).unwrap(),
        "pipe" => assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
        "socket" => drop(UnixListener::bind(path).unwrap()),
        thing => panic!("what is a {thing}?"),
    }
}

fn still_there(thing: &str, path: &Path) -> bool {
    let found = fs::symlink_metadata(path).unwrap();
    match thing {
        "symlink" => found.is_symlink(),
        "folder" => found.is_dir(),
        _ => !found.is_file(),
    }
}

const THINGS: [&str; 4] = ["symlink", "folder", "pipe", "socket"];
const NOBODY: u32 = 65_534;
