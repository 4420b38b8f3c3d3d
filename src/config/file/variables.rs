//! `${NAME}` inside of values.

use std::ffi::OsString;

use serde_json::Value;

use super::{ConfigError, path_of};
use crate::config::load::literal;

/// Fills in the variables, and notes the settings in which there were any. A value that is one variable and nothing else may be a
/// number or a truth value.
pub(super) fn fill(
    value: &mut Value,
    path: &str,
    variable: &impl Fn(&str) -> Option<OsString>,
    filled: &mut Vec<String>,
) -> Result<(), ConfigError> {
    match value {
        Value::Object(group) => {
            for (name, value) in group.iter_mut() {
                fill(value, &path_of(path, name), variable, filled)?;
            }
        }
        Value::Array(values) => values.iter_mut().try_for_each(|value| fill(value, path, variable, filled))?,
        Value::String(text) if text.contains("${") => {
            filled.push(path.to_owned());
            let whole = text.starts_with("${") && text.find('}') == Some(text.len() - 1);
            let text = filled_in(text, path, variable)?;
            *value = if whole { literal(&text) } else { Value::String(text) };
        }
        _ => {}
    }
    Ok(())
}

fn filled_in(text: &str, path: &str, variable: &impl Fn(&str) -> Option<OsString>) -> Result<String, ConfigError> {
    let (mut done, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("${") {
        // `$${` is `${` itself.
        if let Some(before) = before.strip_suffix('$') {
            done.push_str(before);
            done.push_str("${");
            rest = after;
            continue;
        }
        let (name, after) = after.split_once('}').filter(|(name, _)| is_name(name)).ok_or_else(|| {
            ConfigError::new(
                path,
                "has a `${` that is not followed by the name of a variable and `}`; `$${` is `${` itself",
            )
        })?;
        let value = variable(name).ok_or_else(|| {
            ConfigError::new(path, format!("names the environment variable {name}, which is not set"))
        })?;
        let value = value.into_string().map_err(|_| {
            ConfigError::new(path, format!("names the environment variable {name}, which is not UTF-8"))
        })?;
        done.push_str(before);
        done.push_str(&value);
        rest = after;
    }
    Ok(done + rest)
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
