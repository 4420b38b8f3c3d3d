//! One file for all of it: where sessions are kept, where their keys are, and the settings.

use std::{fmt, path::Path, time::Duration};

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::{Config, ConfigError, file::File, parts::human_duration_or_off};

/// What such a file says.
pub(crate) struct Setup {
    pub(crate) store: StoreSettings,
    pub(crate) keys: KeySettings,
    pub(crate) config: Config,
    file: File,
}

/// Where sessions are kept.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoreSettings {
    /// As [`store::open`](crate::store::open) takes it. It may hold a password.
    pub(crate) url: String,
    /// How old an answer of a local cache may be; `None` is no cache.
    #[serde(default, with = "human_duration_or_off")]
    pub(crate) cache: Option<Duration>,
    /// Whether what sessions hold is encrypted at rest.
    #[serde(default)]
    pub(crate) sealed: bool,
}

/// Where the keys are. Never the keys themselves: a file of settings is copied and shown.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeySettings {
    /// The name of the environment variable.
    pub(crate) env: String,
}

impl Setup {
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        Self::of(File::read(path)?)
    }

    fn of(mut file: File) -> Result<Self, ConfigError> {
        let parts = take(&mut file.settings, "store")
            .and_then(|store| Ok((store, take::<KeySettings>(&mut file.settings, "keys")?)));
        let (store, keys): (StoreSettings, KeySettings) = parts.map_err(|error| file.hidden(error))?;
        if !is_variable(&keys.env) {
            // What is written there may be the key.
            let problem = "must be the name of an environment variable in capitals, as in \"COUNTERSIGN_KEYS\"; a key never \
                           stands in the file";
            return Err(file.located(ConfigError::new("keys.env", problem)));
        }
        for group in ["store", "keys"] {
            file.written.remove(group);
        }
        let config = Config::of_file(&file)?;
        Ok(Self { store, keys, config, file })
    }

    /// Says where in the file an error is.
    pub(crate) fn located(&self, error: ConfigError) -> ConfigError {
        self.file.located(error)
    }

    #[cfg(test)]
    pub(crate) fn parse(
        text: &str,
        variable: impl Fn(&str) -> Option<std::ffi::OsString>,
    ) -> Result<Self, ConfigError> {
        Self::of(File::parse(text, variable)?)
    }
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Config {
    /// The settings of a file, located in it where they are wrong.
    pub(super) fn of_file(file: &File) -> Result<Self, ConfigError> {
        let error = match Self::production().overlaid(file.settings.clone()) {
            Ok(config) => return Ok(config),
            Err(error) => error,
        };
        if !file.is_filled(error.field()) {
            return Err(file.located(error));
        }
        // The same error of what is written says as much, and shows nothing of what the environment holds.
        match Self::production().overlaid(file.written.clone()) {
            Err(same) if same.field() == error.field() => Err(file.located(same)),
            _ => Err(file.hidden(error)),
        }
    }
}

impl File {
    /// The same error, without what the environment holds.
    fn hidden(&self, error: ConfigError) -> ConfigError {
        let error = if self.is_filled(error.field()) {
            ConfigError::new(error.field(), "does not fit, with what the environment holds for it")
        } else {
            error
        };
        self.located(error)
    }
}

/// Takes a group out of the settings.
fn take<T: DeserializeOwned>(settings: &mut Map<String, Value>, group: &str) -> Result<T, ConfigError> {
    let value = settings.remove(group).ok_or_else(|| {
        ConfigError::new(group, "is missing: a file for all of it has [store] with url, and [keys] with env")
    })?;
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let field = if path == "." { group.to_owned() } else { format!("{group}.{path}") };
        // Names of fields are told. A value is not: it may be a key, or an address with a password, in the wrong place.
        let text = error.into_inner().to_string();
        let names_fields = ["unknown field", "missing field"].iter().any(|beginning| text.starts_with(beginning));
        let problem = if names_fields { text } else { "is of the wrong type: see docs/configuration.md".to_owned() };
        ConfigError::new(field, problem)
    })
}

fn is_variable(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    fn variables(name: &str) -> Option<OsString> {
        let value = match name {
            "IDLE" => "10m",
            "MAX" => "3",
            "HTTPS" => "true",
            "HOST" => "db.internal",
            "PASSWORD" => "hunter2",
            _ => return None,
        };
        Some(value.into())
    }

    fn problem(text: &str) -> ConfigError {
        Setup::parse(text, variables).unwrap_err()
    }

    const BEFORE: &str = "[store]\nurl = \"memory:\"\n[keys]\nenv = \"KEYS\"\n";

    #[test]
    fn all_of_it_stands_in_one_file_and_variables_are_filled_in() {
        let setup = Setup::parse(
            "preset = \"development\"\nrequire_https = \"${HTTPS}\"\naudience = \"${MAX}-$${MAX}\"\n\
             [store]\nurl = \"postgres://app:${PASSWORD}@${HOST}/app\"\ncache = \"2s\"\nsealed = true\n\
             [keys]\nenv = \"COUNTERSIGN_KEYS\"\n[lifetime]\nidle = \"${IDLE}\"\n[limit]\nmax = \"${MAX}\"\n",
            variables,
        )
        .unwrap();
        assert_eq!(setup.store.url, "postgres://app:hunter2@db.internal/app");
        assert_eq!((setup.store.cache, setup.store.sealed), (Some(Duration::from_secs(2)), true));
        assert_eq!(setup.keys.env, "COUNTERSIGN_KEYS");
        let config = &setup.config;
        assert_eq!((config.lifetime.idle.as_secs(), config.limit.max, config.require_https), (600, 3, true));
        assert_eq!((config.cookie.name.as_str(), config.audience.as_str()), ("sid", "3-${MAX}"));
        assert!(!format!("{setup:?}").contains("hunter2"));
    }

    #[test]
    fn every_error_names_its_field_and_its_line() {
        let cases = [
            ("[lifetime]\nidel = \"10m\"", "lifetime.idel", 6, "unknown field"),
            ("[lifetime]\nabsolute = \"8h\"\nidle = \"soon\"", "lifetime.idle", 7, "\"30m\""),
            ("[limit]\nmax = \"${LIMIT}\"", "limit.max", 6, "LIMIT, which is not set"),
            ("[limit]\nmax = \"${IDLE}\"", "limit.max", 6, "${IDLE}"),
            ("[limit]\nmax = \"${\"", "limit.max", 6, "not followed"),
            ("[lifetime]\nidle = \"2m\"", "refresh_interval", 6, "a tenth of lifetime.idle"),
            ("[cookie]\n\nname = \"__Host-x\"\npath = \"/a\"", "cookie.path", 8, "__Host-"),
            ("[cookie]\nname = \"sid\"\nsame_site = \"none\"\nsecure = false", "cookie.same_site", 7, "secure = true"),
            ("[throttle]\naccount.free = \"x\"", "throttle.account.free", 6, "invalid type"),
            ("[monitoring]\ncount_every = \"0s\"", "monitoring.count_every", 6, "at least 1s"),
            ("= 1", "(file)", 5, "TOML"),
        ];
        for (text, field, line, hint) in cases {
            let error = problem(&format!("{BEFORE}{text}"));
            assert_eq!((error.field(), error.line()), (field, Some(line)), "{error}");
            let shown = error.to_string();
            assert!(shown.starts_with(&format!("line {line}: setting `{field}`: ")) && shown.contains(hint), "{shown}");
        }
        for (text, field) in [
            ("[keys]\nenv = \"K\"", "store"),
            ("[store]\nurl = \"memory:\"", "keys"),
            ("[store]\nurls = \"memory:\"\n[keys]\nenv = \"K\"", "store.urls"),
            ("[store]\ncache = \"2s\"\n[keys]\nenv = \"K\"", "store"),
            ("[store]\nurl = \"memory:\"\n[keys]\ncurrent = \"x\"", "keys.current"),
        ] {
            assert_eq!(problem(text).field(), field);
        }
    }

    #[test]
    fn no_error_shows_what_the_environment_holds_nor_a_key() {
        let secret = "hunter2";
        for text in [
            "[lifetime]\nidle = \"${PASSWORD}\"",
            "[limit]\nwhen_full = \"${PASSWORD}\"",
            "[proxies]\ntrusted = [\"${PASSWORD}\"]",
            "[cross_site]\norigins = [\"https://${PASSWORD}/\"]",
        ] {
            let error = problem(&format!("{BEFORE}{text}"));
            let mut shown = format!("{error} {error:?}");
            let mut source = std::error::Error::source(&error);
            while let Some(error) = source {
                shown += &format!("{error} {error:?}");
                source = error.source();
            }
            assert!(!shown.contains(secret) && error.line().is_some(), "{shown}");
        }
        let error = problem("[store]\nurl = \"memory:\"\ncache = \"${PASSWORD}\"\n[keys]\nenv = \"K\"");
        assert!(!error.to_string().contains(secret) && error.field() == "store.cache", "{error}");
        let key = "c2VjcmV0IGtleSBvZiAzMiBieXRlcyBpbiBiYXNlNjQ=";
        let error = problem(&format!("[store]\nurl = \"memory:\"\n[keys]\nenv = \"{key}\""));
        assert!(!error.to_string().contains(key) && error.to_string().contains("never stands in the file"), "{error}");
        for (text, field) in [
            (format!("keys = \"{key}\"\n[store]\nurl = \"memory:\""), "keys"),
            (format!("store = \"postgres://app:{secret}@h/app\"\n[keys]\nenv = \"K\""), "store"),
            (format!("[store]\nurl = \"memory:\"\nsealed = \"{secret}\"\n[keys]\nenv = \"K\""), "store.sealed"),
        ] {
            let error = problem(&text);
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(key) && !shown.contains(secret) && error.field() == field, "{shown}");
        }
        let error = problem(&format!("[store]\nurl = \"postgres://app:{secret}@h/app\n[keys]"));
        assert!(!format!("{error} {error:?}").contains(secret), "{error}");
    }
}
