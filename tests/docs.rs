//! What the documents say is so: each test that SECURITY.md names exists, each requirement is answered there and counted, its numbers
//! are those of the settings; each setting stands in docs/configuration.md with its defaults.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use countersign::Config;
use serde_json::Value;

const SECURITY: &str = include_str!("../SECURITY.md");
const CONFIGURATION: &str = include_str!("../docs/configuration.md");
const KEYS: &str = include_str!("../src/key/mod.rs");

#[test]
fn every_test_that_security_names_exists() {
    let named = tests_named_in(SECURITY);
    assert!(named.len() > 60, "{} tests", named.len());
    for (path, function) in named {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        let source = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{path}: {error}"));
        let found = source.find(&format!("fn {function}(")).unwrap_or_else(|| panic!("{path} has no {function}"));
        let attribute = source[..found].rfind("#[").map(|at| &source[at..found]).unwrap();
        assert!(attribute.starts_with("#[test]") || attribute.starts_with("#[tokio::test"), "{path}::{function}");
    }
}

#[test]
fn every_promise_and_gate_has_its_tests() {
    let rows: Vec<&str> = SECURITY.lines().filter(|line| line.starts_with('|')).collect();
    let row = |cell: &str| {
        let start = format!("| **{cell}** |");
        *rows.iter().find(|row| row.starts_with(&start)).unwrap_or_else(|| panic!("no row for {cell}"))
    };
    for number in 1..=14 {
        let prefix = format!("p{number:02}_");
        let tests = tests_named_in(row(&format!("P{number}")));
        assert!(tests.iter().any(|(_, function)| function.starts_with(&prefix)), "P{number}");
    }
    for gate in 1..=12 {
        assert!(!tests_named_in(row(&format!("G{gate}"))).is_empty(), "G{gate}");
    }
}

#[test]
fn what_is_asked_of_the_client_half_has_its_tests() {
    let half = SECURITY.split("### The client half").nth(1).unwrap();
    for requirement in ["A-20", "A-21", "A-22", "R-16", "R-17"] {
        let start = format!("| {requirement} |");
        let row =
            half.lines().find(|line| line.starts_with(&start)).unwrap_or_else(|| panic!("no row for {requirement}"));
        let tests = tests_named_in(row);
        assert!(tests.iter().all(|(path, _)| path.contains("client")) && !tests.is_empty(), "{requirement}: {tests:?}");
    }
}

#[test]
fn every_requirement_is_answered_once_and_the_answers_are_counted() {
    let rows = rows_of_requirements();
    let mut answered = BTreeMap::new();
    for (cell, answer) in rows.iter().filter(|(cell, _)| !cell.starts_with("also ")) {
        for id in ids_in(cell) {
            assert!(answered.insert(id.clone(), kind_of(answer)).is_none(), "{id} is answered twice");
        }
    }
    let asked: BTreeSet<String> = REQUIREMENTS.iter().flat_map(|ids| ids_in(ids)).collect();
    let found: BTreeSet<String> = answered.keys().cloned().collect();
    assert_eq!(asked.difference(&found).collect::<Vec<_>>(), [""; 0], "without an answer");
    assert_eq!(found.difference(&asked).collect::<Vec<_>>(), [""; 0], "nobody has asked");
    let count = |kind: &str| answered.values().filter(|answer| **answer == kind).count();
    let [met, in_part, application, not_claimed] = KINDS.map(count);
    let sentence = format!(
        "Of {} requirements, {met} are *met*, {in_part} *met in part*, {application} are the *application's*, and {not_claimed} are \
         *not claimed*.",
        asked.len(),
    );
    assert!(SECURITY.contains(&sentence), "{sentence}");
}

/// By a test, or by a promise, or by a row that is met itself. What is met in part may rest on another that is.
#[test]
fn what_is_met_is_shown() {
    let rows = rows_of_requirements();
    let first = rows.iter().filter(|(cell, _)| !cell.starts_with("also "));
    let kinds: BTreeMap<String, &str> =
        first.flat_map(|(cell, answer)| ids_in(cell).into_iter().map(|id| (id, kind_of(answer)))).collect();
    for (cell, answer) in &rows {
        let (own, kind) = (ids_in(cell), kind_of(answer));
        let leads_on = |word: &str| {
            let promise =
                word.strip_prefix('P').is_some_and(|number| number.parse().is_ok_and(|n: u8| (1..=14).contains(&n)));
            let of_row = kinds.get(word).is_some_and(|other| *other == "Met" || *other == kind);
            promise || of_row && !own.iter().any(|id| id == word)
        };
        let mut words = answer.split(|at: char| !at.is_ascii_alphanumeric() && !"-.".contains(at));
        let shown = !tests_named_in(answer).is_empty() || words.any(|word| leads_on(word.trim_end_matches('.')));
        assert!(shown || !kind.starts_with("Met"), "{cell}: {answer}");
    }
}

#[test]
fn a_range_of_requirements_is_all_of_them() {
    assert_eq!(ids_in("N-09 to N-11, 7.1.1"), ["N-09", "N-10", "N-11", "7.1.1"]);
    assert_eq!(ids_in("16.3.1 to 16.3.3"), ["16.3.1", "16.3.2", "16.3.3"]);
    assert_eq!(ids_in("also U-03, U-04"), ["U-03", "U-04"]);
}

#[test]
fn every_use_of_a_key_stands_in_the_table() {
    let labels: Vec<&str> =
        KEYS.split("b\"countersign v1 ").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(labels.len() >= 7, "{labels:?}");
    for label in &labels {
        assert!(SECURITY.contains(&format!("\n| `countersign v1 {label}` | ")), "{label}");
    }
    assert_eq!(SECURITY.matches("\n| `countersign v1 ").count(), labels.len());
}

#[test]
fn the_lifetimes_are_those_of_the_settings() {
    let section = section("Lifetimes, beside NIST SP 800-63B-4");
    let presets = [("production", leaves(&Config::production())), ("development", leaves(&Config::development()))];
    let mut compared = 0;
    for (preset, settings) in &presets {
        let start = format!("| `{preset}.");
        for row in section.lines().filter(|line| line.starts_with(&start)) {
            let cells: Vec<&str> = row.split(" | ").map(|cell| cell.trim_matches(['|', ' ', '`'])).collect();
            let group = cells[0].strip_prefix(preset).unwrap().trim_start_matches('.');
            for (name, said) in [("idle", cells[1]), ("absolute", cells[2])] {
                assert_eq!(settings[&format!("{group}.{name}")].trim_matches('"'), said, "{preset}.{group}.{name}");
            }
            compared += 1;
        }
    }
    assert_eq!(compared, 5);
}

#[test]
fn the_numbers_of_guessing_are_those_of_the_settings() {
    let settings = leaves(&Config::production());
    let mut missing: BTreeSet<&str> =
        settings.keys().map(String::as_str).filter(|key| key.starts_with("throttle.")).collect();
    for row in section("Guessing").lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split(" | ").map(|cell| cell.trim_matches(['|', ' ', '`'])).collect();
        let names: &[&str] =
            if cells.len() == 5 { &[".free", ".first_delay", ".longest_delay", ".forget"] } else { &[""] };
        for (name, said) in names.iter().zip(&cells[1..]) {
            let setting = format!("{}{name}", cells[0]);
            assert_eq!(settings[&setting].trim_matches('"'), *said, "{setting}");
            missing.remove(setting.as_str());
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

/// Every promise's test is claimed by SECURITY.md, so that none is forgotten there.
#[test]
fn every_test_of_a_promise_is_named() {
    let (named, root) = (tests_named_in(SECURITY), Path::new(env!("CARGO_MANIFEST_DIR")));
    let mut found = 0;
    for file in ["src", "tests"].iter().flat_map(|folder| sources_in(&root.join(folder))) {
        let source = fs::read_to_string(&file).unwrap();
        let path = file.strip_prefix(root).unwrap().to_str().unwrap();
        let functions = source.split("fn p").skip(1).map(|rest| rest.split('(').next().unwrap());
        for test in functions.filter(|function| function.starts_with(|first: char| first.is_ascii_digit())) {
            let is_it = |(named, function): &(&str, &str)| *named == path && function[1..] == *test;
            assert!(named.iter().any(is_it), "{path}::p{test} is not in SECURITY.md");
            found += 1;
        }
    }
    assert!(found > 70, "{found} tests");
}

fn sources_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let sources = entries.flat_map(|path| if path.is_dir() { sources_in(&path) } else { vec![path] });
    sources.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// A part of SECURITY.md, by its title.
fn section(title: &str) -> &'static str {
    SECURITY.split(&format!("\n## {title}\n")).nth(1).unwrap().split("\n## ").next().unwrap()
}

/// The first cell of each row that answers requirements, and its answer with the tests.
fn rows_of_requirements() -> Vec<(String, &'static str)> {
    let gates = section("Twelve gates").lines().filter(|line| line.starts_with("| **G"));
    let others =
        section("Requirements, one by one").lines().filter(|line| line.starts_with("| ") && !line.starts_with("| row"));
    let cells = gates.chain(others).map(|row| {
        let mut cells = row.trim_matches(['|', ' ']).splitn(3, " | ");
        let [cell, _about, answer] = [(); 3].map(|()| cells.next().unwrap_or_else(|| panic!("{row}")));
        (cell.trim_matches('*').to_owned(), answer)
    });
    cells.collect()
}

fn kind_of(answer: &str) -> &'static str {
    let begins = |kind: &&str| answer.strip_prefix(*kind).is_some_and(|rest| rest.starts_with([':', '.']));
    KINDS.into_iter().find(begins).unwrap_or_else(|| panic!("what is this? {answer}"))
}

/// `N-21 to N-23, 6.1.1` is four.
fn ids_in(cell: &str) -> Vec<String> {
    let parts =
        cell.trim_start_matches("also ").split(", ").map(|part| part.split_once(" to ").unwrap_or((part, part)));
    let ids = parts.flat_map(|(first, last)| {
        let Some(at) = first.rfind(['-', '.']) else { return vec![first.to_owned()] };
        let (prefix, number) = first.split_at(at + 1);
        let last: usize = last.strip_prefix(prefix).unwrap().parse().unwrap();
        let width = number.len();
        (number.parse().unwrap()..=last).map(|number| format!("{prefix}{number:0width$}")).collect()
    });
    ids.collect()
}

/// What stands in backticks as `path.rs::function`.
fn tests_named_in(text: &str) -> Vec<(&str, &str)> {
    let quoted = text.split('`').skip(1).step_by(2);
    quoted.filter_map(|code| code.split_once("::").filter(|(path, _)| path.ends_with(".rs"))).collect()
}

#[test]
fn every_setting_stands_in_the_table_with_its_defaults() {
    let (production, development) = (leaves(&Config::production()), leaves(&Config::development()));
    let mut rows = rows_of_settings();
    let preset = rows.remove("preset").unwrap();
    assert_eq!(preset, ["SESSION_PRESET", "\"production\"", "\"development\""]);
    for (setting, default) in &production {
        let row = rows.remove(setting.as_str()).unwrap_or_else(|| panic!("{setting} is missing"));
        let variable = format!("SESSION_{}", setting.replace('.', "__").to_uppercase());
        assert_eq!(row, [variable.as_str(), default, &development[setting]], "{setting}");
    }
    assert!(rows.is_empty(), "no such settings: {rows:?}");
}

#[test]
fn every_file_that_is_shown_can_be_read() {
    let mut files = 0;
    for rest in CONFIGURATION.split("```toml\n").skip(1) {
        Config::from_toml(rest.split("```").next().unwrap()).unwrap();
        files += 1;
    }
    assert!(files > 0);
}

/// What a file for all of it has beside the settings: the reader itself says which fields it knows.
#[cfg(feature = "toml")]
#[tokio::test]
async fn every_field_of_store_and_keys_stands_in_its_table_and_the_whole_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sessions.toml");
    let problem = async |text: &str| {
        fs::write(&path, text).unwrap();
        countersign::Sessions::from_file(&path).await.unwrap_err()
    };
    let section = CONFIGURATION.split("## One file for all of it").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows: Vec<&str> = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let mut known = Vec::new();
    for (group, text) in
        [("store", "[store]\nx = 1\n[keys]\nenv = \"K\""), ("keys", "[store]\nurl = \"memory:\"\n[keys]\nx = 1")]
    {
        let said = problem(text).await.to_string();
        let fields = said.split_once("expected ").unwrap_or_else(|| panic!("{said}")).1;
        known.extend(fields.split('`').skip(1).step_by(2).map(|field| format!("{group}.{field}")));
    }
    assert_eq!(rows, known);

    let whole = section.split("```toml,whole\n").nth(1).unwrap().split("```").next().unwrap();
    let error = problem(whole).await;
    assert_eq!((error.field(), error.line()), ("store.url", Some(5)), "its variables are not set here: {error}");
    let error = problem(&whole.replace("postgres://app:${DATABASE_PASSWORD}@${DATABASE_HOST}/app", "memory:")).await;
    assert_eq!((error.field(), error.line()), ("keys.env", Some(10)), "all but the key is right: {error}");
}

/// Each setting and its value, as a TOML file has it.
fn leaves(config: &Config) -> BTreeMap<String, String> {
    let mut leaves = BTreeMap::new();
    collect(String::new(), &serde_json::to_value(config).unwrap(), &mut leaves);
    leaves
}

fn collect(path: String, value: &Value, leaves: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(group) => {
            for (name, value) in group {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                collect(path, value, leaves);
            }
        }
        Value::Null => drop(leaves.insert(path, "unset".to_owned())),
        value => drop(leaves.insert(path, value.to_string())),
    }
}

/// Setting, and the three cells after it.
fn rows_of_settings() -> BTreeMap<&'static str, [&'static str; 3]> {
    let settings = CONFIGURATION.split("## Settings").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = settings.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split(" | ").map(|cell| cell.trim_matches(['|', ' ', '`'])).collect();
        assert_eq!(cells.len(), 6, "{row}");
        (cells[0], [cells[1], cells[2], cells[3]])
    })
    .collect()
}

const KINDS: [&str; 4] = ["Met", "Met in part", "Application", "Not claimed"];

/// What has to be answered: the twelve gates, OWASP ASVS 5.0.0 by its own numbers, and the lists that SECURITY.md explains.
const REQUIREMENTS: &[&str] = &[
    "G1, G2, G3, G4, G5, G6, G7, G8, G9, G10, G11, G12",
    "2.3.1, 2.4.1, 3.3.1 to 3.3.5, 3.4.2, 3.5.1 to 3.5.4, 3.5.8, 3.7.2, 4.1.3, 4.4.2 to 4.4.4",
    "6.1.1, 6.1.3, 6.3.1 to 6.3.5, 6.3.7, 6.3.8, 6.4.3, 6.5.1 to 6.5.5, 6.5.8, 6.6.2 to 6.6.4, 6.7.2, 6.8.4",
    "7.1.1 to 7.1.3, 7.2.1 to 7.2.4, 7.3.1, 7.3.2, 7.4.1 to 7.4.5, 7.5.1 to 7.5.3, 7.6.1, 7.6.2",
    "8.1.3, 8.1.4, 8.2.1, 8.2.2, 8.2.4, 8.3.1 to 8.3.3, 8.4.1, 9.1.1 to 9.1.3, 9.2.1 to 9.2.4",
    "11.1.1, 11.1.2, 11.2.1 to 11.2.5, 11.3.2 to 11.3.4, 11.4.1, 11.4.3, 11.5.1, 11.5.2, 11.7.2, 12.3.5",
    "13.2.1 to 13.2.3, 13.3.1, 13.3.4, 14.2.1, 14.2.2, 14.2.7, 14.3.1, 14.3.2, 15.3.4, 15.3.5, 15.3.7, 15.4.1 to 15.4.4",
    "16.2.1, 16.2.2, 16.2.4, 16.2.5, 16.3.1 to 16.3.4, 16.4.1, 16.4.2, 16.5.1 to 16.5.3",
    "SM-01 to SM-25, CT-1, CT-2, CS-01 to CS-12, N-01 to N-23",
    "K-01 to K-15, B-01 to B-09, U-01 to U-06, H-01 to H-09",
    "D-01 to D-17, A-01 to A-22, R-01 to R-18, C-01 to C-27",
];
