//! Origins: who may get the tokens, and who may not.

use std::{error, fmt, net::Ipv6Addr};

use http::Uri;

use crate::client::basics::is_this_machine;

/// A scheme, a host and a port (RFC 6454, section 4). A WebSocket's are those of the request that opens it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    encrypted: bool,
    host: Host,
    port: u16,
    name: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    /// In lower case.
    Name(String),
    /// Kept apart from names, because an address can be written in many ways.
    V6(Ipv6Addr),
}

impl Origin {
    /// Reads `https://api.example.com` or `https://api.example.com:8443`. Without encryption only this machine
    /// is allowed.
    pub(super) fn parse(text: &str) -> Result<Self, InvalidOrigin> {
        let wrong = |problem| InvalidOrigin { origin: text_without_userinfo(text), problem };
        let uri: Uri = text.parse().map_err(|_| wrong("is not a URI"))?;
        if has_userinfo(&uri) {
            return Err(wrong("holds a user's name"));
        }
        if uri.path().len() > 1 || uri.query().is_some() {
            return Err(wrong("goes on after the host"));
        }
        let (encrypted, port) = scheme_and_port(&uri).ok_or_else(|| wrong("does not begin with a scheme"))?;
        let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
        let host = uri.host().unwrap_or_default();
        if uri.port_u16().is_none() && authority.len() > host.len() {
            return Err(wrong("has a port that is none"));
        }
        let parsed = Host::parse(host).ok_or_else(|| wrong("names no host"))?;
        if !encrypted && !is_this_machine(host) {
            return Err(wrong("is not encrypted"));
        }
        Ok(Self { encrypted, host: parsed, port, name: authority })
    }

    /// Whether a request for `uri` goes there. No for a URI without scheme and host.
    pub(super) fn is_of(&self, uri: &Uri) -> bool {
        scheme_and_port(uri) == Some((self.encrypted, self.port)) && uri.host().is_some_and(|host| self.host.is(host))
    }

    /// The host, and the port if it was named.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Host {
    fn parse(text: &str) -> Option<Self> {
        if let Some(address) = v6(text) {
            return Some(Self::V6(address));
        }
        let is_name = !text.is_empty() && !text.starts_with('[');
        is_name.then(|| Self::Name(text.to_ascii_lowercase()))
    }

    fn is(&self, text: &str) -> bool {
        match self {
            Self::Name(name) => name.eq_ignore_ascii_case(text),
            Self::V6(address) => v6(text).as_ref() == Some(address),
        }
    }
}

/// A request of such a URI brings its own credentials along (RFC 3986, section 3.2.1).
pub(super) fn has_userinfo(uri: &Uri) -> bool {
    uri.authority().is_some_and(|authority| authority.as_str().contains('@'))
}

fn v6(host: &str) -> Option<Ipv6Addr> {
    host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

fn scheme_and_port(uri: &Uri) -> Option<(bool, u16)> {
    let (encrypted, port) = match uri.scheme_str()? {
        "https" | "wss" => (true, 443),
        "http" | "ws" => (false, 80),
        _ => return None,
    };
    Some((encrypted, uri.port_u16().unwrap_or(port)))
}

fn text_without_userinfo(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("…@{rest}"),
        None => text.to_owned(),
    }
}

/// A text that is no origin to which tokens may be carried. Says what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidOrigin {
    origin: String,
    problem: &'static str,
}

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { origin, problem } = self;
        write!(
            f,
            "the origin `{origin}` {problem}: tokens are carried to `https://HOST` or `https://HOST:PORT`, and without \
             encryption only to `http://localhost`, `http://127.0.0.1` or `http://[::1]`"
        )
    }
}

impl error::Error for InvalidOrigin {}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_of(origin: &str, uri: &str) -> bool {
        Origin::parse(origin).unwrap().is_of(&uri.parse().unwrap())
    }

    #[test]
    fn scheme_host_and_port_are_all_the_same_or_it_is_another_origin() {
        let ours = "https://api.example.com";
        for same in [
            "https://api.example.com/",
            "https://api.example.com:443/path?query",
            "https://API.Example.COM/",
            "wss://api.example.com/feed",
        ] {
            assert!(is_of(ours, same), "{same}");
        }
        for other in [
            "http://api.example.com/",
            "http://api.example.com:443/",
            "ws://api.example.com/",
            "https://api.example.com:8443/",
            "https://example.com/",
            "https://api.example.com.example.org/",
            "https://api.example.com./",
            "https://api.example.com@example.org/",
            "https://api.example.com:443@example.org/",
            "https://xapi.example.com/",
            "ftp://api.example.com/",
            "/api.example.com",
            "api.example.com:443",
        ] {
            assert!(!is_of(ours, other), "{other}");
        }
    }

    #[test]
    fn this_machine_has_three_names_and_they_are_three_origins() {
        for (ours, other) in [
            ("http://127.0.0.1:8080", "http://localhost:8080/"),
            ("http://localhost:8080", "http://[::1]:8080/"),
            ("http://[::1]:8080", "http://127.0.0.1:8080/"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8081/"),
            ("http://127.0.0.1:8080", "https://127.0.0.1:8080/"),
        ] {
            assert!(is_of(ours, &format!("{ours}/")) && !is_of(ours, other), "{ours} {other}");
        }
        assert!(is_of("http://[::1]", "http://[0:0:0:0:0:0:0:1]/"));
    }

    #[test]
    fn an_origin_is_encrypted_or_this_machine_and_nothing_but_an_origin() {
        for (text, problem) in [
            ("http://api.example.com", "is not encrypted"),
            ("ws://api.example.com", "is not encrypted"),
            ("http://127.0.0.1.example.com", "is not encrypted"),
            ("http://localhost.example.com", "is not encrypted"),
            ("http://192.168.0.1", "is not encrypted"),
            ("https://api.example.com/v1", "goes on after the host"),
            ("https://api.example.com?v=1", "goes on after the host"),
            ("https://ada:password@api.example.com", "holds a user's name"),
            ("api.example.com", "does not begin with a scheme"),
            ("ftp://api.example.com", "does not begin with a scheme"),
            ("https://api.example.com:99999", "has a port that is none"),
            ("", "is not a URI"),
        ] {
            let error = Origin::parse(text).unwrap_err();
            assert_eq!(error.problem, problem, "{text}");
            assert!(!error.to_string().contains("password"));
        }
        for text in ["https://api.example.com/", "wss://api.example.com", "http://127.1.2.3:80", "http://[::1]:1"] {
            assert!(Origin::parse(text).is_ok(), "{text}");
        }
    }
}
