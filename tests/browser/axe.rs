//! axe-core: which faults of accessibility a page has.

use std::{fs, sync::OnceLock};

use serde_json::Value;

use crate::window::{Window, target};

/// A page has no serious fault, and no critical one.
pub(crate) async fn finds_no_fault(window: &Window, what: &str) {
    window.asks(source()).await;
    let found = window.awaits(RUN).await;
    let found = found.as_array().unwrap_or_else(|| panic!("{what}: axe says {found}"));
    let is_grave = |fault: &&Value| ["serious", "critical"].contains(&fault["impact"].as_str().unwrap_or("serious"));
    let grave: Vec<&Value> = found.iter().filter(is_grave).collect();
    assert!(grave.is_empty(), "{what}: {grave:#?}");
    let lesser = found.iter().filter_map(|fault| fault["id"].as_str());
    let lesser: Vec<&str> = lesser.collect();
    assert!(lesser.is_empty(), "{what}: not grave, and still: {lesser:?}");
}

fn source() -> &'static str {
    static SOURCE: OnceLock<String> = OnceLock::new();
    SOURCE.get_or_init(|| {
        let file = target().join("axe/node_modules/axe-core/axe.min.js");
        fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}; run scripts/install", file.display()))
    })
}

const RUN: &str = "
    const back = arguments[arguments.length - 1];
    axe.run(document, { resultTypes: ['violations'] }).then(
        ({ violations }) => back(violations.map(({ id, impact, help, nodes }) =>
            ({ id, impact, help, where: nodes.map(({ html, failureSummary }) => html.slice(0, 300) + ' ' + failureSummary) }))),
        (error) => back(String(error)));
";
