//! Where the servers are: what a URL says, read strictly, and shown without its password.

use std::fmt;

/// What a URL says.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) mode: Mode,
    pub(super) tls: bool,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    pub(super) hosts: Vec<Address>,
    pub(super) database: i64,
    /// What keys begin with, where the URL says so.
    pub(super) prefix: Option<String>,
}

/// Which kind of servers they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    One,
    Cluster,
    /// The hosts are sentinels, which know the master of this name.
    Sentinel(String),
}

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
}

impl Place {
    /// Reads a URL. The error says what is wrong with it and repeats nothing of it.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let (scheme, rest) = url.split_once("://").ok_or(FORMS)?;
        let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let prefix = match query.map(|query| query.strip_prefix("prefix=")) {
            None => None,
            Some(Some(prefix)) if !prefix.is_empty() && !prefix.contains('&') => Some(decoded(prefix)?),
            Some(_) => {
                return Err("takes no query but `?prefix=…`: other settings are in `RedisStore::builder`".into());
            }
        };
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (login, hosts) = authority.rsplit_once('@').map_or(("", authority), |(login, hosts)| (login, hosts));
        let (tls, kind) = match scheme.split_once('+').unwrap_or((scheme, "")) {
            ("redis", kind) => (false, kind),
            ("rediss", kind) => (true, kind),
            _ => return Err(FORMS.into()),
        };
        let (mode, database, port) = match kind {
            "" => (Mode::One, path, DATA_PORT),
            "cluster" => (Mode::Cluster, path, DATA_PORT),
            "sentinel" => {
                let (master, database) = path.split_once('/').unwrap_or((path, ""));
                (Mode::Sentinel(decoded(master)?), database, SENTINEL_PORT)
            }
            _ => return Err(FORMS.into()),
        };
        let (user, password) = login.split_once(':').map_or((login, ""), |(user, password)| (user, password));
        let place = Self {
            tls,
            user: Some(decoded(user)?).filter(|user| !user.is_empty()),
            password: Some(decoded(password)?).filter(|password| !password.is_empty()),
            hosts: hosts.split(',').map(|host| Address::parse(host, port)).collect::<Result<_, _>>()?,
            database: if database.is_empty() { Ok(0) } else { database.parse() }
                .map_err(|_| "names a database that is not a number, as in redis://host/0")?,
            mode,
            prefix,
        };
        place.check()
    }

    fn check(self) -> Result<Self, String> {
        match &self.mode {
            Mode::One if self.hosts.len() != 1 => {
                Err("names several hosts: write redis+cluster:// or redis+sentinel://".into())
            }
            Mode::Cluster if self.database != 0 => Err("names a database, but a cluster has one alone: 0".into()),
            Mode::Sentinel(master) if master.is_empty() => {
                Err("does not say which master is meant, as in redis+sentinel://host:26379/mymaster".into())
            }
            _ if self.user.is_some() && self.password.is_none() => {
                Err("names a user without a password, as in redis://user:password@host".into())
            }
            _ => Ok(self),
        }
    }

    /// Several URLs of one kind of servers, as one place.
    pub(super) fn merge(urls: impl IntoIterator<Item = impl AsRef<str>>, mode: Mode) -> Result<Self, String> {
        let port = if mode == Mode::Cluster { DATA_PORT } else { SENTINEL_PORT };
        let mut merged: Option<Self> = None;
        for url in urls {
            let url = url.as_ref();
            let mut place = Self::parse(url)?;
            // Where a URL names no port, it is that of the servers which are meant.
            if place.mode == Mode::One && !has_port(url) {
                place.hosts[0].port = port;
            }
            let Some(all) = &mut merged else {
                merged = Some(Self { mode: mode.clone(), ..place });
                continue;
            };
            if all.tls != place.tls {
                return Err("is mixed: all of them are redis:, or all of them rediss:".into());
            }
            all.hosts.append(&mut place.hosts);
            all.user = all.user.take().or(place.user);
            all.password = all.password.take().or(place.password);
        }
        merged.ok_or_else(|| "names no host".to_owned())?.check()
    }
}

fn has_port(url: &str) -> bool {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest).split('/').next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    host.rsplit(']').next().unwrap_or_default().contains(':')
}

impl Address {
    /// `host`, `host:port`, `[::1]`, `[::1]:port`.
    fn parse(text: &str, port: u16) -> Result<Self, String> {
        let (host, number) = match text.strip_prefix('[') {
            Some(rest) => rest.split_once(']').ok_or("has an address of IPv6 without its `]`")?,
            None => text.find(':').map_or((text, ""), |at| text.split_at(at)),
        };
        let port = match number.strip_prefix(':') {
            Some(number) => number.parse().map_err(|_| "names a port that is none: 1 to 65535")?,
            None if number.is_empty() => port,
            None => return Err("has something between `]` and the port".into()),
        };
        if host.is_empty() {
            return Err("names no host, as in redis://host:6379/0".into());
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            return write!(f, "[{}]:{}", self.host, self.port);
        }
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// The URL without user and password.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.tls { "rediss" } else { "redis" })?;
        f.write_str(match self.mode {
            Mode::One => "://",
            Mode::Cluster => "+cluster://",
            Mode::Sentinel(_) => "+sentinel://",
        })?;
        for (at, host) in self.hosts.iter().enumerate() {
            write!(f, "{}{host}", if at > 0 { "," } else { "" })?;
        }
        match &self.mode {
            Mode::Sentinel(master) => write!(f, "/{master}/{}", self.database),
            Mode::One => write!(f, "/{}", self.database),
            Mode::Cluster => f.write_str("/"),
        }
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Resolves `%41`.
fn decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = rest.split_at_checked(2).and_then(|(digits, after)| {
            rest = after;
            u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
        });
        bytes.push(digits.ok_or("has a `%` without two hexadecimal digits: write `%25` for `%`")?);
    }
    String::from_utf8(bytes).map_err(|_| "is not UTF-8 once its `%` are resolved".into())
}

const DATA_PORT: u16 = 6_379;
const SENTINEL_PORT: u16 = 26_379;
const FORMS: &str = "is none of redis://host/0, redis+cluster://host,host and redis+sentinel://host,host/master \
                     (with rediss for TLS)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read_and_shown_without_its_password() {
        for (url, shown) in [
            ("redis://host", "redis://host:6379/0"),
            ("redis://:pa%40ss@host:1/7", "redis://host:1/7"),
            ("rediss://ada:pass@[::1]:1/", "rediss://[::1]:1/0"),
            ("redis+cluster://ada:pass@a:1,b/", "redis+cluster://a:1,b:6379/"),
            ("redis+sentinel://:pass@a,b:2/mine/3", "redis+sentinel://a:26379,b:2/mine/3"),
        ] {
            let place = Place::parse(url).unwrap();
            assert_eq!(place.to_string(), shown);
            assert!(!format!("{place:?}").contains("pa"), "{place:?}");
        }
        assert_eq!(Place::parse("redis://:pa%40ss@host").unwrap().password.as_deref(), Some("pa@ss"));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for url in [
            "",
            "host",
            "http://:geheim@a",
            "redis://",
            "redis://:geheim@",
            "redis://a,b",
            "redis://:geheim@a/x",
            "redis://:geheim@a:99999",
            "redis+cluster://:geheim@a/1",
            "redis+sentinel://:geheim@a",
            "redis://%zz@a",
            "redis://:geheim@a?db=1",
            "redis+what://:geheim@a",
            "redis://ada@a",
            "redis://[::1",
            "redis://[::1]2",
        ] {
            let error = Place::parse(url).unwrap_err();
            assert!(!error.contains("geheim") && !error.is_empty(), "{url}: {error}");
        }
    }

    #[test]
    fn several_urls_are_one_place() {
        let place = Place::merge(["redis://:p@a", "redis://b:5"], Mode::Sentinel("mine".into())).unwrap();
        assert_eq!(place.to_string(), "redis+sentinel://a:26379,b:5/mine/0");
        assert_eq!(place.password.as_deref(), Some("p"));
        assert!(Place::merge(["redis://a", "rediss://b"], Mode::Cluster).is_err());
        assert!(Place::merge([""; 0], Mode::Cluster).is_err());
    }
}
