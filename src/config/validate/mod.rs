//! What a configuration must satisfy as a whole.

mod defences;

use std::time::Duration;

use super::{Config, ConfigError, Lifetime, SameSite};

impl Config {
    /// Checks that the settings make sense together. Building a [`Sessions`](crate::Sessions)
    /// calls this.
    ///
    /// # Errors
    /// The first setting found wrong, by name.
    pub fn validate(&self) -> Result<(), ConfigError> {
        self.validate_lifetime("lifetime", self.lifetime)?;
        self.validate_lifetime("remember", self.remember)?;
        self.validate_cookie()?;
        defences::validate(self)?;
        let rules = [
            (
                self.rotation.every.is_none_or(|every| every > self.rotation.grace),
                "rotation.every",
                "must be longer than rotation.grace",
            ),
            ((1..=255).contains(&self.attributes.name), "attributes.name", "must lie between 1 and 255 bytes"),
            (self.attributes.bytes <= MOST_BYTES, "attributes.bytes", "must be at most 16777216 (16 MiB)"),
            (!self.sweep.every.is_zero(), "sweep.every", "must be longer than zero"),
            (self.sweep.batch > 0, "sweep.batch", "must be at least 1"),
            (!self.store_deadline.is_zero(), "store_deadline", "must be longer than zero"),
            (
                self.monitoring.count_every.is_none_or(|every| every >= SHORTEST_LIFE),
                "monitoring.count_every",
                "must be at least 1s, or \"off\"",
            ),
            (self.login_url.as_deref().is_none_or(is_local_path), "login_url", LOCAL_PATH),
        ];
        first_broken(&rules)
    }

    pub(super) fn validate_lifetime(&self, group: &str, lifetime: Lifetime) -> Result<(), ConfigError> {
        let field = |name: &str| format!("{group}.{name}");
        if lifetime.idle < SHORTEST_LIFE {
            return Err(ConfigError::new(field("idle"), "must be at least 1s"));
        }
        if lifetime.absolute < lifetime.idle {
            return Err(ConfigError::new(field("absolute"), format!("must be at least {group}.idle")));
        }
        if lifetime.absolute > LONGEST_LIFE {
            return Err(ConfigError::new(
                field("absolute"),
                "must be at most 400 days, as browsers keep no cookie longer",
            ));
        }
        if self.refresh_interval > lifetime.idle / 10 {
            return Err(ConfigError::new("refresh_interval", format!("must be at most a tenth of {group}.idle")));
        }
        Ok(())
    }

    fn validate_cookie(&self) -> Result<(), ConfigError> {
        let cookie = &self.cookie;
        let host_only = cookie.name.starts_with("__Host-");
        let prefixed = host_only || cookie.name.starts_with("__Secure-");
        let rules = [
            (
                is_cookie_name(&cookie.name),
                "cookie.name",
                "must be 1 to 64 letters, digits or any of !#$%&'*+-.^_`|~ (RFC 6265bis, cookie-name)",
            ),
            (
                !prefixed || cookie.secure,
                "cookie.secure",
                "must be true for a name with the prefix __Host- or __Secure-",
            ),
            (!host_only || cookie.path == "/", "cookie.path", "must be \"/\" for a name with the prefix __Host-"),
            (
                !host_only || cookie.domain.is_none(),
                "cookie.domain",
                "must be unset for a name with the prefix __Host-",
            ),
            (
                cookie.same_site != SameSite::None || cookie.secure,
                "cookie.same_site",
                "may be \"none\" only with cookie.secure = true",
            ),
            (
                cookie.path.starts_with('/') && is_attribute(&cookie.path),
                "cookie.path",
                "must start with \"/\" and contain no semicolon or control character",
            ),
            (
                cookie.domain.as_deref().is_none_or(is_host_name),
                "cookie.domain",
                "must be a host name, as in \"example.org\", or unset",
            ),
        ];
        first_broken(&rules)
    }
}

pub(super) fn first_broken(rules: &[(bool, &str, &str)]) -> Result<(), ConfigError> {
    match rules.iter().find(|(holds, _, _)| !holds) {
        Some((_, field, problem)) => Err(ConfigError::new(*field, *problem)),
        None => Ok(()),
    }
}

/// A token of RFC 9110, section 5.6.2, short enough that name and value stay under 4096 bytes.
fn is_cookie_name(name: &str) -> bool {
    let tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(tchar)
}

/// RFC 6265bis, path-value: any character but controls and the semicolon.
fn is_attribute(value: &str) -> bool {
    value.len() <= 1024 && value.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b';')
}

/// Labels of letters, digits and hyphens, with dots between them.
fn is_host_name(text: &str) -> bool {
    let is_label =
        |label: &str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    text.len() <= 253 && text.split('.').all(is_label)
}

/// `/login`, but not `//elsewhere` nor `/\elsewhere`, which browsers take for another host.
fn is_local_path(url: &str) -> bool {
    let bytes = url.as_bytes();
    bytes.first() == Some(&b'/')
        && !matches!(bytes.get(1), Some(b'/' | b'\\'))
        && bytes.iter().all(u8::is_ascii_graphic)
}

const LOCAL_PATH: &str = "must be a path of this site in visible ASCII, as in \"/login\"";

/// RFC 6265bis, section 5.5: user agents cap a cookie's life at 400 days.
const LONGEST_LIFE: Duration = Duration::from_secs(400 * 24 * 60 * 60);
/// Instants are whole milliseconds, and clocks of nodes differ by more.
const SHORTEST_LIFE: Duration = Duration::from_secs(1);
const MOST_BYTES: usize = 16 * 1024 * 1024;
