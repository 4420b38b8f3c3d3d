//! A file of settings: its values, with variables of the environment filled in, and the line that each stands in.

mod variables;

use std::{collections::BTreeMap, env, ffi::OsString, fs, path::Path};

use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

use super::ConfigError;
use variables::fill;

/// What a file says.
pub(super) struct File {
    /// As it is meant.
    pub(super) settings: Map<String, Value>,
    /// As it is written.
    pub(super) written: Map<String, Value>,
    /// The settings whose values came from the environment.
    filled: Vec<String>,
    /// The line of each setting and each group.
    lines: BTreeMap<String, usize>,
    name: Option<String>,
}

impl File {
    pub(super) fn read(path: &Path) -> Result<Self, ConfigError> {
        let name = path.display().to_string();
        let text = fs::read_to_string(path)
            .map_err(|error| ConfigError::new(name.clone(), format!("cannot be read: {error}")).with_source(error))?;
        let file = Self::parse(&text, of_the_environment).map_err(|error| error.in_file(Some(&name)))?;
        Ok(Self { name: Some(name), ..file })
    }

    pub(super) fn parse(text: &str, variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, ConfigError> {
        // The reader's own text would quote the line, and there may be a password in it.
        let no_toml = |error: &toml::de::Error| {
            let line = error.span().map(|span| line_of(text, span.start));
            ConfigError::new("(file)", format!("is not TOML: {}", error.message())).at_line(line)
        };
        let table = DeTable::parse(text).map_err(|error| no_toml(&error))?;
        let mut lines = BTreeMap::new();
        note_lines(text, "", table.get_ref(), &mut lines);
        let written: Map<String, Value> = toml::from_str(text).map_err(|error| no_toml(&error))?;
        let (mut settings, mut filled) = (Value::Object(written.clone()), Vec::new());
        let done = fill(&mut settings, "", &variable, &mut filled);
        let settings = if let Value::Object(settings) = settings { settings } else { Map::new() };
        let file = Self { settings, written, filled, lines, name: None };
        match done {
            Ok(()) => Ok(file),
            Err(error) => Err(file.located(error)),
        }
    }

    /// Says where in the file an error is: in the line of the setting, or of its group; else of another setting that it names.
    pub(super) fn located(&self, error: ConfigError) -> ConfigError {
        let mut path = error.field();
        let line = loop {
            if let Some(line) = self.lines.get(path) {
                break Some(*line);
            }
            match path.rsplit_once('.') {
                Some((group, _)) => path = group,
                None => break self.line_of_a_setting_in(error.problem()),
            }
        };
        error.at_line(line).in_file(self.name.as_deref())
    }

    /// Whether a setting's value came from the environment: then no error shows it.
    pub(super) fn is_filled(&self, field: &str) -> bool {
        self.filled.iter().any(|filled| filled == field)
    }

    fn line_of_a_setting_in(&self, problem: &str) -> Option<usize> {
        let named = self.lines.iter().filter(|(path, _)| path.contains('.') && problem.contains(path.as_str()));
        named.map(|(_, line)| *line).next()
    }
}

/// A variable of the environment.
pub(super) fn of_the_environment(name: &str) -> Option<OsString> {
    env::var_os(name)
}

fn note_lines(text: &str, group: &str, table: &DeTable<'_>, lines: &mut BTreeMap<String, usize>) {
    for (key, value) in table {
        let path = path_of(group, key.get_ref());
        lines.insert(path.clone(), line_of(text, key.span().start));
        if let DeValue::Table(inner) = value.get_ref() {
            note_lines(text, &path, inner, lines);
        }
    }
}

fn path_of(group: &str, name: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{group}.{name}") }
}

/// The number of a line, the first being 1.
fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
