//! `kill -9` in the middle of saves: the file is one of its versions, in full, and nobody else's to read.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

use countersign::client::FileStorage;

use crate::{
    Home,
    child::{Child, say},
    mode, save, token,
};

#[test]
fn after_a_kill_in_the_middle_of_saves_the_file_is_one_version_in_full() {
    let home = Home::new();
    let storage = home.storage();
    save(&storage, &version(0)).unwrap();
    let over = AtomicBool::new(false);
    let watched = [home.file(), home.beside(".tmp"), home.beside(".lock")];
    let (samples, halfway) = thread::scope(|scope| {
        let watcher = scope.spawn(|| watch(&watched, &over));
        let end = SetWhenDropped(&over);
        let halfway = (0..KILLS).filter(|kill| kill_while_saving(&home, *kill)).count();
        drop(end);
        (watcher.join().unwrap(), halfway)
    });
    println!("{KILLS} kills: {halfway} in the middle of a save; modes sampled: {samples:?}");
    assert!(halfway > 0, "no kill has met a save");
    assert!(samples.iter().all(|seen| *seen > 0), "each file was seen: {samples:?}");
    save(&storage, "end").unwrap();
    assert_eq!(home.names(), ["tokens.json", "tokens.json.lock"], "the next save leaves nothing of those killed");
}

/// Whether a new file was there, and had not got its name.
fn kill_while_saving(home: &Home, kill: u64) -> bool {
    let before = number(&token(&home.storage()).unwrap());
    let mut child = Child::start("save versions", &home.file());
    child.wait_for("saving");
    if kill % 2 == 0 {
        wait_until_written(&home.beside(".tmp"));
    } else {
        // Spread over the length of a few saves.
        thread::sleep(Duration::from_micros(kill * 7919 % 20_000));
    }
    let saved = child.kill_9();
    let halfway = home.beside(".tmp").exists();
    let last_saved = saved.last().map_or(before, |number| number.parse().unwrap());
    let kept = token(&home.storage()).unwrap();
    assert_eq!(mode(&home.file()), 0o600);
    assert!(kept == version(number(&kept)), "kill {kill}: the file is a version in full");
    let found = number(&kept);
    assert!((last_saved..=last_saved + 1).contains(&found), "kill {kill}: {last_saved} was saved, {found} is there");
    halfway
}

fn wait_until_written(file: &Path) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !file.exists() {
        assert!(Instant::now() < deadline, "nothing is being written");
    }
}

/// What the child does: one version after the other, as quickly as it can.
pub fn save_versions(storage: &FileStorage) {
    say("saving");
    for next in number(&token(storage).unwrap()) + 1.. {
        save(storage, &version(next)).unwrap();
        say(next);
    }
}

/// The text of a version tells its number, and its length: from a few bytes to 300 KB.
fn version(number: u64) -> String {
    let length = usize::try_from(number * 104_729 % 300_000).unwrap();
    format!("{number}.{}.{number}", "v".repeat(length))
}

fn number(version: &str) -> u64 {
    version.split('.').next().unwrap().parse().unwrap()
}

/// Looks at the modes of these files without a pause: how often each was seen.
fn watch(files: &[PathBuf], over: &AtomicBool) -> Vec<u64> {
    let mut seen = vec![0; files.len()];
    while !over.load(Ordering::Relaxed) {
        for (file, seen) in files.iter().zip(&mut seen) {
            // It may be renamed at any time.
            if let Ok(found) = fs::symlink_metadata(file) {
                assert_eq!(found.permissions().mode() & 0o7777, 0o600, "{}", file.display());
                *seen += 1;
            }
        }
        thread::sleep(Duration::from_micros(20));
    }
    seen
}

/// So that a failed assertion ends the watcher as well.
struct SetWhenDropped<'a>(&'a AtomicBool);

impl Drop for SetWhenDropped<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

const KILLS: u64 = 200;
