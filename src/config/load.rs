//! Settings from TOML and from the environment: a preset, overlaid with what was given.

use std::{env, ffi::OsString};

use serde_json::{Map, Value};

#[cfg(feature = "toml")]
use super::file::{File, of_the_environment};
use super::{Config, ConfigError};

impl Config {
    /// Reads a TOML file. What it does not mention keeps the value of the preset, which it may name
    /// at its top: `preset = "production"` (the default) or `"development"`. `${NAME}` inside of a value stands for the variable
    /// of that name; `$${` is `${` itself.
    ///
    /// A file that holds the store and the keys as well is for `Sessions::from_file`.
    ///
    /// # Errors
    /// If the file cannot be read, is not TOML, or holds an unknown, unreadable or contradictory
    /// setting; the error names it, and its line.
    #[cfg(feature = "toml")]
    pub fn from_file(path: impl AsRef<std::path::Path>) -> Result<Self, ConfigError> {
        Self::of_file(&File::read(path.as_ref())?)
    }

    /// The same, from text.
    ///
    /// ```
    /// use countersign::Config;
    ///
    /// let config = Config::from_toml(r#"
    ///     refresh_interval = "30s"
    ///     [lifetime]
    ///     idle = "10m"
    ///     absolute = "4h"
    /// "#)?;
    /// assert_eq!(config.lifetime.idle.as_secs(), 600);
    ///
    /// let error = Config::from_toml("[lifetime]\nidel = \"10m\"").unwrap_err();
    /// assert!(error.to_string().contains("idel"));
    /// # Ok::<(), countersign::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// As [`from_file`](Self::from_file).
    #[cfg(feature = "toml")]
    pub fn from_toml(text: &str) -> Result<Self, ConfigError> {
        Self::of_file(&File::parse(text, of_the_environment)?)
    }

    /// Reads environment variables that start with `prefix` and an underscore: two more underscores
    /// lead into a group, as in `SESSION_LIFETIME__IDLE=10m` for the prefix `SESSION`.
    ///
    /// Every variable with the prefix must be a setting: choose one that nothing else uses.
    ///
    /// # Errors
    /// If a variable is an unknown, unreadable or contradictory setting; the error names it.
    pub fn from_env(prefix: &str) -> Result<Self, ConfigError> {
        Self::production().with_env(prefix)
    }

    /// These settings, with those on top that the environment holds, as [`from_env`](Self::from_env)
    /// reads them.
    ///
    /// # Errors
    /// As [`from_env`](Self::from_env).
    pub fn with_env(self, prefix: &str) -> Result<Self, ConfigError> {
        self.with_variables(prefix, env::vars_os())
    }

    pub(super) fn with_variables(
        self,
        prefix: &str,
        variables: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let start = format!("{prefix}_");
        let mut settings = Map::new();
        for (name, value) in variables {
            let Some(setting) = name.to_str().and_then(|name| name.strip_prefix(&start)) else { continue };
            let setting = setting.to_ascii_lowercase();
            let value = value.into_string().map_err(|_| ConfigError::new(setting.clone(), "is not UTF-8"))?;
            insert(&mut settings, &setting, &value)?;
        }
        self.overlaid(settings)
    }

    pub(super) fn overlaid(self, mut settings: Map<String, Value>) -> Result<Self, ConfigError> {
        let preset = match settings.remove("preset") {
            None => self,
            Some(name) => match name.as_str() {
                Some("production") => Self::production(),
                Some("development") => Self::development(),
                _ => return Err(ConfigError::new("preset", "must be \"production\" or \"development\"")),
            },
        };
        let mut merged = serde_json::to_value(preset)
            .map_err(|error| ConfigError::new("preset", "cannot be written down").with_source(error))?;
        overlay(&mut merged, Value::Object(settings));
        let config: Self = serde_path_to_error::deserialize(merged).map_err(|error| {
            let field = error.path().to_string();
            let inner = error.into_inner();
            ConfigError::new(field, inner.to_string()).with_source(inner)
        })?;
        config.validate()?;
        Ok(config)
    }
}

/// Lays `over` upon `base`, group by group. Where text is due, a number is taken as its text.
fn overlay(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (name, value) in over {
                match base.get_mut(&name) {
                    Some(present) => overlay(present, value),
                    None => {
                        base.insert(name, value);
                    }
                }
            }
        }
        (Value::String(text), Value::Number(number)) => *text = number.to_string(),
        (base, over) => *base = over,
    }
}

/// Puts `value` at the path that a variable's name spells.
fn insert(settings: &mut Map<String, Value>, setting: &str, value: &str) -> Result<(), ConfigError> {
    let (group, rest) = match setting.split_once("__") {
        None => {
            settings.insert(setting.to_owned(), literal(value));
            return Ok(());
        }
        Some(split) => split,
    };
    let entry = settings.entry(group).or_insert_with(|| Value::Object(Map::new()));
    match entry {
        Value::Object(inner) => insert(inner, rest, value),
        _ => Err(ConfigError::new(group, "is given both as a value and as a group")),
    }
}

/// Numbers and booleans as themselves, all else as text.
pub(super) fn literal(value: &str) -> Value {
    match value.parse::<u64>() {
        Ok(number) => number.into(),
        Err(_) => value.parse::<bool>().map_or_else(|_| value.into(), Value::Bool),
    }
}
