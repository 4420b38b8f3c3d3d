//! The map of the source: a module imports only from rows below its own. Change the map in
//! DESIGN.md and this table together, on purpose.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Row, module.
const MAP: [(u8, &str); 25] = [
    (0, "clock"),
    (0, "config"),
    (0, "key"),
    (1, "client"),
    (1, "peer"),
    (1, "record"),
    (2, "token"),
    (3, "carrier"),
    (3, "cross_site"),
    (3, "store"),
    (3, "throttle"),
    (4, "conformance"),
    (4, "sessions"),
    (5, "audit"),
    (5, "metrics"),
    (5, "service"),
    (5, "session"),
    (6, "guard"),
    (6, "layer"),
    (7, "extract"),
    (7, "page"),
    (8, "account"),
    (8, "api"),
    (8, "dashboard"),
    (9, "lib"),
];

/// Crates that only these modules may name.
const OUTSIDE: [(&str, &[&str]); 26] = [
    ("arc_swap", &["client"]),
    ("axum", &["account", "api", "dashboard", "page"]),
    ("axum_core", &["extract"]),
    ("base64", &["client", "key", "record", "token"]),
    ("cookie", &["carrier"]),
    ("cookie_store", &[]),
    ("dashmap", &["store"]),
    ("hmac", &["token"]),
    ("ipnet", &["config", "peer"]),
    ("metrics", &["metrics"]),
    ("moka", &["store"]),
    ("keyring", &["client"]),
    ("keyring_core", &["client"]),
    ("maud", &["account", "dashboard", "page"]),
    ("psl", &["client"]),
    ("redis", &["store"]),
    ("ring", &["key"]),
    ("rustix", &["client"]),
    ("rustls", &["store"]),
    ("sha2", &["record", "throttle", "token"]),
    ("sqlx", &["audit", "store"]),
    ("toml", &["config"]),
    ("tower_layer", &["client", "guard", "layer", "service"]),
    ("tower_service", &["client", "guard", "layer", "service"]),
    ("utoipa", &["api"]),
    ("woothee", &["record"]),
];

#[test]
fn a_module_imports_only_from_lower_rows() {
    for (module, file, code) in sources() {
        for used in names_after(&code, "crate::") {
            let Some(row) = row_of(&used) else { continue };
            assert!(
                used == module || row < row_of(&module).unwrap(),
                "{} imports crate::{used}: row {row} is not below {module}'s",
                file.display()
            );
        }
    }
}

/// Inside of the client half: row, module.
const CLIENT: [(u8, &str); 9] = [
    (0, "basics"),
    (1, "cookies"),
    (1, "tokens"),
    (2, "storage"),
    (3, "error"),
    (4, "manager"),
    (5, "session"),
    (6, "layer"),
    (7, "mod"),
];

#[test]
fn a_part_of_the_client_imports_only_from_lower_rows() {
    let row_of = |part: &str| CLIENT.iter().find(|(_, name)| *name == part).map(|(row, _)| *row);
    for (_, file, code) in sources().into_iter().filter(|(module, ..)| module == "client") {
        let part = file.strip_prefix(root().join("src/client")).unwrap().components().next().unwrap();
        let part = part.as_os_str().to_str().unwrap().trim_end_matches(".rs");
        let row = row_of(part).unwrap_or_else(|| panic!("{part} is not on the map of the client half"));
        for used in names_after(&code, "client::") {
            let lower = row_of(&used).is_some_and(|other| other < row);
            assert!(used == part || lower, "{} imports client::{used}: not below {part}", file.display());
        }
        let flat = part == "mod" || part == "error" || file.ends_with("mod.rs");
        assert!(
            part == "mod" || !flat || !code.contains("use super::"),
            "{}: import by `crate::client::…`",
            file.display()
        );
    }
}

#[test]
fn outside_crates_are_named_where_the_map_says() {
    for (module, file, code) in sources() {
        for (outside, allowed) in OUTSIDE {
            let named = code.lines().any(|line| {
                let line = line.trim_start();
                line.starts_with(&format!("use {outside}::")) || line.contains(&format!(" {outside}::"))
            });
            assert!(!named || allowed.contains(&module.as_str()), "{} names {outside}", file.display());
        }
    }
}

#[test]
fn only_the_clock_asks_for_the_time_and_only_the_keys_for_randomness() {
    for (module, file, code) in sources() {
        let asks = ["SystemTime::now", "Instant::now", "UNIX_EPOCH.elapsed"].iter().any(|call| code.contains(call));
        assert!(!asks || module == "clock", "{} asks for the time", file.display());
        assert!(!code.contains("SystemRandom") || module == "key", "{} asks for randomness", file.display());
    }
}

#[test]
fn every_file_is_one_idea() {
    for (_, file, code) in sources() {
        let lines = code.lines().count();
        assert!(lines <= 300, "{} has {lines} lines: it holds two ideas", file.display());
    }
}

#[test]
fn the_design_shows_the_same_map() {
    let design = fs::read_to_string(root().join("DESIGN.md")).unwrap();
    for (row, module) in MAP.iter().filter(|(_, module)| *module != "lib") {
        let shown = design.lines().any(|line| {
            line.starts_with(&format!("| {row} |")) && line.split('|').nth(2).unwrap().contains(&format!("`{module}`"))
        });
        assert!(shown, "DESIGN.md does not show `{module}` in row {row}");
    }
}

/// Module, file, and code without its tests, of every source file.
fn sources() -> Vec<(String, PathBuf, String)> {
    let src = root().join("src");
    let mut found = Vec::new();
    visit(&src, &mut |file| {
        let relative = file.strip_prefix(&src).unwrap();
        let first = relative.components().next().unwrap().as_os_str().to_str().unwrap();
        let module = first.trim_end_matches(".rs").to_owned();
        if relative.file_name().unwrap() != "tests.rs" {
            let code = fs::read_to_string(file).unwrap();
            let code = code.split("#[cfg(test)]\nmod tests {").next().unwrap();
            let is_comment = |line: &&str| line.trim_start().starts_with("//");
            let code: Vec<&str> = code.lines().filter(|line| !is_comment(line)).collect();
            found.push((module, file.to_owned(), code.join("\n")));
        }
    });
    assert!(found.len() > 40, "the source was found");
    found
}

fn visit(folder: &Path, see: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            visit(&path, see);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            see(&path);
        }
    }
}

/// The modules that a file names: `crate::name`, and the heads of `crate::{name…, name…}`.
fn names_after(code: &str, start: &str) -> Vec<String> {
    let word = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut names = Vec::new();
    for (at, _) in code.match_indices(start) {
        let rest = &code[at + start.len()..];
        let Some(group) = rest.strip_prefix('{') else {
            names.push(word(rest));
            continue;
        };
        let mut depth = 0;
        let mut head = true;
        for (index, c) in group.char_indices() {
            match c {
                '}' if depth == 0 => break,
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => head = true,
                c if head && !c.is_whitespace() => {
                    names.push(word(&group[index..]));
                    head = false;
                }
                _ => {}
            }
        }
    }
    names
}

fn row_of(module: &str) -> Option<u8> {
    MAP.iter().find(|(_, name)| *name == module).map(|(row, _)| *row)
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
