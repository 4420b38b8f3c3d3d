//! The fuzzer's checks without the fuzzer: what it has found worth keeping is looked at again, and with small changes for a
//! second more. `scripts/fuzz` looks for more.

#![allow(clippy::unwrap_used, reason = "a test unwraps what it expects")]

#[path = "../../fuzz/checks/mod.rs"]
mod checks;

use std::{
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
    test_runner::{Config, TestRunner},
};

#[test]
fn a_token_has_one_spelling_and_opens_what_it_was_signed_for() {
    holds("token", checks::token::check);
}

#[test]
fn cookies_are_taken_for_what_the_model_takes_them_for() {
    holds("cookie", checks::cookie::check);
}

#[test]
fn authorizations_are_taken_for_what_the_model_takes_them_for() {
    holds("authorization", checks::authorization::check);
}

#[test]
fn the_word_on_where_a_request_came_from_is_believed_of_ones_own_proxies_alone() {
    holds("forwarded", checks::forwarded::check);
}

#[test]
fn a_file_of_settings_is_accepted_and_works_or_is_refused_by_name() {
    holds("config", checks::config::check);
}

#[test]
fn each_target_of_the_fuzzer_is_here_and_keeps_a_small_corpus() {
    let this = fs::read_to_string(Path::new(ROOT).join("tests/fuzz/main.rs")).unwrap();
    for target in files(&Path::new(ROOT).join("fuzz/targets")) {
        let target = target.file_stem().unwrap().to_str().unwrap();
        assert!(this.contains(&format!("holds(\"{target}\", checks::{target}::check)")), "{target} is not run here");
        let kept = files(&folder("corpus", target));
        let bytes: u64 = kept.iter().map(|file| fs::metadata(file).unwrap().len()).sum();
        assert!(kept.len() <= 150 && bytes <= 300 * 1024, "{target}: {} files, {bytes} bytes", kept.len());
    }
}

/// Of all that is kept for a target, as it is and changed.
fn holds(target: &str, check: impl Fn(&[u8])) {
    let kept: Vec<Vec<u8>> = ["seeds", "corpus"]
        .iter()
        .flat_map(|kind| files(&folder(kind, target)))
        .map(|file| {
            let input = fs::read(&file).unwrap();
            let held = catch_unwind(AssertUnwindSafe(|| check(&input)));
            assert!(held.is_ok(), "what fails is {}", file.display());
            input
        })
        .collect();
    assert!(kept.len() >= 10, "{} inputs of {target}", kept.len());

    let inputs = (select(kept.clone()), select(kept), vec(change(), 1..6)).prop_map(|(mut input, other, changes)| {
        changes.iter().for_each(|change| change.make(&mut input, &other));
        input
    });
    let mut runner = TestRunner::new(Config { cases: 50, failure_persistence: None, ..Config::default() });
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(1) {
        runner
            .run(&inputs, |input| {
                check(&input);
                Ok(())
            })
            .unwrap();
    }
}

#[derive(Clone, Debug)]
enum Change {
    Byte(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
    /// What stands in another input from here on takes the place of what stands in this one from there on.
    Splice(Index, Index),
}

impl Change {
    fn make(&self, input: &mut Vec<u8>, other: &[u8]) {
        let place = |index: &Index, of: &[u8]| index.index(of.len() + 1);
        let range = |at: &Index, length: usize, of: &[u8]| {
            let start = place(at, of);
            start..of.len().min(start + length)
        };
        match self {
            Self::Byte(_, _) if input.is_empty() => {}
            Self::Byte(at, byte) => {
                let at = at.index(input.len());
                input[at] = *byte;
            }
            Self::Insert(at, bytes) => {
                let at = place(at, input);
                input.splice(at..at, bytes.iter().copied());
            }
            Self::Remove(at, length) => drop(input.drain(range(at, *length, input))),
            Self::Repeat(at, length) => {
                let range = range(at, *length, input);
                let again = input[range.clone()].to_vec();
                input.splice(range.end..range.end, again);
            }
            Self::Splice(here, there) => {
                input.truncate(place(here, input));
                input.extend_from_slice(&other[place(there, other)..]);
            }
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    let byte = || prop_oneof![any::<u8>(), 0..0x20_u8, select(b";=, \t\n\".:[]/".to_vec())];
    prop_oneof![
        3 => (any::<Index>(), byte()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        2 => (any::<Index>(), vec(byte(), 1..4)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
        2 => (any::<Index>(), 1..8_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        1 => (any::<Index>(), 1..16_usize).prop_map(|(at, length)| Change::Repeat(at, length)),
        2 => (any::<Index>(), any::<Index>()).prop_map(|(here, there)| Change::Splice(here, there)),
    ]
}

fn folder(kind: &str, target: &str) -> PathBuf {
    Path::new(ROOT).join("fuzz").join(kind).join(target)
}

/// The files of a folder, in the order of their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
