//! What the documents say is so: each test that SECURITY.md names exists, each setting stands in
//! docs/configuration.md with its defaults.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use countersign::Config;
use serde_json::Value;

const SECURITY: &str = include_str!("../SECURITY.md");
const CONFIGURATION: &str = include_str!("../docs/configuration.md");

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
    for gate in [1, 2, 3, 4, 5, 6, 7, 8, 11] {
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
