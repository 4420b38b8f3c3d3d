//! The README stays true: its commands exist, and its figures are those of the last recorded run.
//! Its example is compiled by the documentation's tests.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

use std::{fs, path::Path};

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn its_commands_exist() {
    let readme = read("README.md");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let block = readme.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let commands: Vec<&str> = block.lines().map(|line| line.split('#').next().unwrap().trim()).collect();
    assert_eq!(commands, ["cargo run --example quickstart", "scripts/test"]);
    assert!(root.join("examples/quickstart/main.rs").exists());
    assert!(root.join("scripts/test").exists());
    for example in ["hyper", "rotate_keys", "custom_store", "migrate", "metrics"] {
        assert!(readme.contains(&format!("`{example}`")) && root.join(format!("examples/{example}.rs")).exists());
    }
    for example in ["client", "grpc", "live", "second_factor", "services"] {
        assert!(readme.contains(&format!("`{example}`")) && root.join(format!("examples/{example}/main.rs")).exists());
    }
}

#[test]
fn its_links_lead_somewhere() {
    let documents = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")).unwrap();
    let documents = documents.map(|entry| format!("docs/{}", entry.unwrap().file_name().display()));
    let pages = ["README.md", "DESIGN.md", "SECURITY.md"].map(str::to_owned).into_iter().chain(documents);
    for page in pages.filter(|page| page.ends_with(".md")) {
        let folder = Path::new(&page).parent().unwrap();
        for link in read(&page).split("](").skip(1).map(|rest| rest.split(')').next().unwrap().to_owned()) {
            let file = link.split('#').next().unwrap();
            let target = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(file);
            assert!(file.is_empty() || target.exists(), "{page}: {link}");
        }
    }
}

/// `scripts/bench` writes `docs/benchmarks.md`; the README quotes it word by word.
#[test]
fn its_figures_are_those_of_the_recorded_run() {
    let recorded = read("docs/benchmarks.md");
    let readme = read("README.md");
    let costs = readme.split("## What it costs").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows: Vec<&str> = costs.lines().filter(|line| line.starts_with("| ") && line.contains('×')).collect();
    assert!(rows.len() >= 6, "the table is there");
    for row in rows {
        assert!(recorded.contains(row), "not in docs/benchmarks.md: {row}");
    }
}

#[test]
fn the_example_is_twenty_lines() {
    let readme = read("README.md");
    let code = readme.split("```rust,no_run\n").nth(1).unwrap().split("```").next().unwrap();
    let shown = code.lines().filter(|line| !line.starts_with("# ") && !line.trim().is_empty()).count();
    assert!(shown <= 24, "{shown} lines");
}
