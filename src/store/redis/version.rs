//! What a server says of itself: which version it is, and what it is for.

/// What matters of an answer to `INFO`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    /// As it says itself; other products name the version of Redis that they are compatible with.
    pub(super) version: String,
    pub(super) mode: String,
    /// Another one for each start of the server.
    pub(super) run: String,
}

impl Server {
    /// Reads an answer to `INFO`.
    pub(super) fn read(info: &str) -> Self {
        let field = |name: &str| {
            let found = info.lines().find_map(|line| line.trim_end().strip_prefix(name)?.strip_prefix(':'));
            found.unwrap_or_default().to_owned()
        };
        Self { version: field("redis_version"), mode: field("redis_mode"), run: field("run_id") }
    }

    /// Whether it can do what is asked of it.
    ///
    /// # Errors
    /// With the version that was found, and the one that is needed.
    pub(super) fn check(&self) -> Result<(), String> {
        if number(&self.version).is_some_and(|version| version >= OLDEST) {
            return Ok(());
        }
        let found = if self.version.is_empty() { "unknown" } else { &self.version };
        Err(format!("the server's version is {found}, but Redis {}.{} or later is needed", OLDEST.0, OLDEST.1))
    }
}

/// The first two numbers of `7.2.4`, `6.2`, `255.255.255` or `8.0-rc1`.
fn number(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split(['.', '-', '+']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// `PEXPIRE` and `ZRANGE` as the scripts use them, and `HELLO` with a reply that names all it knows.
const OLDEST: (u32, u32) = (6, 2);

#[cfg(test)]
mod tests {
    use super::*;

    fn server(version: &str) -> Server {
        Server::read(&format!("# Server\r\nredis_version:{version}\r\nredis_mode:cluster\r\nrun_id:ab\r\n"))
    }

    #[test]
    fn versions_are_told_apart_by_number() {
        for good in ["6.2", "6.2.0", "6.10.1", "7.0.15", "7.2.4", "10.0.0", "255.255.255", "8.0-rc1"] {
            assert_eq!(server(good).check(), Ok(()), "{good}");
        }
        for bad in ["6.0.16", "5.0.14", "2.8.4", "6", "", "six.two", "-6.2"] {
            let error = server(bad).check().unwrap_err();
            assert!(error.contains(if bad.is_empty() { "unknown" } else { bad }) && error.contains("6.2"), "{error}");
        }
    }

    #[test]
    fn a_server_says_what_it_is_for() {
        assert_eq!((server("7.2.4").mode, server("7.2.4").run), ("cluster".into(), "ab".into()));
        assert_eq!(Server::read("").mode, "");
    }
}
