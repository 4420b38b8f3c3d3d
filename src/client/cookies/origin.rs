//! Where a request goes, as cookies see it, and which domains and paths include that: RFC 6265bis, section 5.1.

use std::{borrow::Cow, iter, net::Ipv6Addr};

use http::Uri;

use crate::client::basics::is_this_machine;

/// Host, path and security of a request. The port is no part of it (section 8.5).
pub(super) struct Origin<'a> {
    /// Canonical: in lower case, an IPv6 address in its shortest form.
    pub(super) host: Cow<'a, str>,
    pub(super) path: &'a str,
    /// What `Secure` asks for: TLS, or a connection that does not leave this machine.
    pub(super) secure: bool,
}

impl<'a> Origin<'a> {
    /// `None` if it is no address of HTTP or WebSocket, or has no host.
    pub(super) fn of(uri: &'a Uri) -> Option<Self> {
        let scheme = uri.scheme_str()?;
        let encrypted = matches!(scheme, "https" | "wss");
        if !encrypted && !matches!(scheme, "http" | "ws") {
            return None;
        }
        let host = canonical(uri.host()?)?;
        // The draft leaves open what a secure protocol is, and browsers count this machine among them: a server under
        // development has no certificate.
        let secure = encrypted || is_this_machine(&host);
        Some(Self { host, path: uri.path(), secure })
    }

    /// The path of cookies that name none: the folder of the request's (section 5.1.4).
    pub(super) fn default_path(&self) -> &'a str {
        match self.path.rfind('/') {
            Some(last) if last > 0 && self.path.starts_with('/') => &self.path[..last],
            _ => "/",
        }
    }
}

/// A host as it is compared (section 5.1.2); `None` if it is none. Names come in ASCII: [`Uri`] takes no other.
pub(super) fn canonical(host: &str) -> Option<Cow<'_, str>> {
    if let Some(address) = host.strip_prefix('[') {
        let address: Ipv6Addr = address.strip_suffix(']')?.parse().ok()?;
        return Some(Cow::Owned(format!("[{address}]")));
    }
    let (mut before, mut lower) = (b'.', true);
    for byte in host.bytes() {
        // No label is empty, but for the root after the last dot.
        if !byte.is_ascii() || (byte == b'.' && before == b'.') {
            return None;
        }
        lower &= !byte.is_ascii_uppercase();
        before = byte;
    }
    if host.is_empty() {
        return None;
    }
    Some(if lower { Cow::Borrowed(host) } else { Cow::Owned(host.to_ascii_lowercase()) })
}

/// Whether cookies of `domain` go to `host`, both canonical (section 5.1.3).
pub(super) fn domain_match(host: &str, domain: &str) -> bool {
    host == domain || (is_below(host, domain) && !is_address(host))
}

/// The domains whose cookies may go to `host`: its own name, and what is left of it after each dot.
pub(super) fn domains_of(host: &str) -> impl Iterator<Item = &str> {
    let above = if is_address(host) { None } else { host.split_once('.') };
    iter::successors(above.map(|(_, parent)| parent), |domain| domain.split_once('.').map(|(_, parent)| parent))
        .chain(iter::once(host))
}

/// Whether a request for `path` carries cookies of `cookie_path` (section 5.1.4).
pub(super) fn path_match(path: &str, cookie_path: &str) -> bool {
    let rest = path.strip_prefix(cookie_path);
    rest.is_some_and(|rest| rest.is_empty() || cookie_path.ends_with('/') || rest.starts_with('/'))
}

/// Whether everybody may register names below it. Only what is on the list counts: `intranet` alone is not.
pub(super) fn is_public_suffix(domain: &str) -> bool {
    // `*.ck` is on the list, and `ck` is not: what all names below are public suffixes of is no less public.
    listed_suffix(domain) == Some(domain) || {
        let below = format!("{ANY_LABEL}.{domain}");
        listed_suffix(&below) == Some(&below)
    }
}

/// Whether `host` shares this domain, above it, with strangers: as it does all of `amazonaws.com`, which is no suffix,
/// if `s3.amazonaws.com` is one.
pub(super) fn is_shared(host: &str, domain: &str) -> bool {
    listed_suffix(host).is_some_and(|suffix| domain.len() <= suffix.len())
}

/// An address of IPv4 or IPv6. What ends in a number is none of a name's host, however it is spelt
/// (`127.1`, `0x7f.0.0.1`): resolvers read it as an address.
pub(super) fn is_address(host: &str) -> bool {
    let last = host.strip_suffix('.').unwrap_or(host).rsplit('.').next().unwrap_or_default();
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_hex = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    host.starts_with('[') || is_number(last) || last.strip_prefix("0x").is_some_and(is_hex)
}

/// The public suffix of a host, if it is on the list; with the root, if the host has it.
fn listed_suffix(host: &str) -> Option<&str> {
    let suffix = psl::suffix(host.as_bytes()).filter(psl::Suffix::is_known)?;
    host.get(host.len() - suffix.as_bytes().len()..)
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

/// A label that no list names.
const ANY_LABEL: &str = "--";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s5_1_2_hosts_are_compared_in_one_spelling() {
        for (host, expected) in [
            ("Example.COM", Some("example.com")),
            ("example.com.", Some("example.com.")),
            ("xn--BCHER-kva.example", Some("xn--bcher-kva.example")),
            ("[0:0:0:0:0:0:0:1]", Some("[::1]")),
            ("[2001:DB8::A]", Some("[2001:db8::a]")),
            ("", None),
            (".", None),
            ("a..b", None),
            ("a..", None),
            (".example.com", None),
            ("b\u{fc}cher.example", None),
            ("[::1", None),
            ("[v1.x]", None),
        ] {
            assert_eq!(canonical(host).as_deref(), expected, "{host}");
        }
    }

    #[test]
    fn s5_1_3_a_domain_includes_itself_and_what_lies_below() {
        for (host, domain, expected) in [
            ("example.com", "example.com", true),
            ("a.example.com", "example.com", true),
            ("a.b.example.com", "example.com", true),
            ("example.com", "a.example.com", false),
            ("badexample.com", "example.com", false),
            ("example.com.", "example.com", false),
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "0.0.1", false),
            ("127.0.0.1", "1", false),
            ("1.0x7f", "0x7f", false),
            ("[::1]", "[::1]", true),
        ] {
            assert_eq!(domain_match(host, domain), expected, "{host} {domain}");
            assert_eq!(domains_of(host).any(|found| found == domain), expected, "the index: {host} {domain}");
        }
    }

    #[test]
    fn s5_1_4_a_path_includes_itself_and_what_lies_below() {
        for (path, cookie_path, expected) in [
            ("/", "/", true),
            ("/docs", "/", true),
            ("/docs", "/docs", true),
            ("/docs/", "/docs", true),
            ("/docs/web", "/docs", true),
            ("/docs/web", "/docs/", true),
            ("/docs", "/docs/", false),
            ("/docsweb", "/docs", false),
            ("/Docs", "/docs", false),
            ("/", "/docs", false),
            ("/do%63s", "/docs", false),
        ] {
            assert_eq!(path_match(path, cookie_path), expected, "{path} {cookie_path}");
        }
    }

    #[test]
    fn s5_1_4_the_default_path_is_the_folder_of_the_request() {
        for (uri, expected) in [
            ("http://example.com", "/"),
            ("http://example.com/", "/"),
            ("http://example.com/a", "/"),
            ("http://example.com/a/", "/a"),
            ("http://example.com/a/b?c=/d/e", "/a"),
            ("http://example.com/a/b/c", "/a/b"),
            ("http://example.com//a", "/"),
            ("http://example.com/a;b/c", "/a;b"),
        ] {
            let uri: Uri = uri.parse().unwrap();
            assert_eq!(Origin::of(&uri).unwrap().default_path(), expected, "{uri}");
        }
    }

    #[test]
    fn s5_7_only_listed_suffixes_are_public() {
        for (domain, expected) in [
            ("com", true),
            ("com.", true),
            ("co.uk", true),
            ("github.io", true),
            ("ck", true),
            ("anything.ck", true),
            ("kawasaki.jp", true),
            ("shop.kawasaki.jp", true),
            ("city.kawasaki.jp", false),
            ("www.ck", false),
            ("xn--55qx5d.cn", true),
            ("xn--p1ai", true),
            ("example.com", false),
            ("www.example.co.uk", false),
            ("localhost", false),
            ("intranet", false),
        ] {
            assert_eq!(is_public_suffix(domain), expected, "{domain}");
        }
    }

    #[test]
    fn s5_7_a_suffix_below_a_domain_cuts_it_off() {
        for (host, domain, expected) in [
            ("bucket.s3.amazonaws.com", "amazonaws.com", true),
            ("bucket.s3.amazonaws.com.", "amazonaws.com.", true),
            ("a.bucket.s3.amazonaws.com", "bucket.s3.amazonaws.com", false),
            ("www.example.com", "example.com", false),
            ("app.intranet", "intranet", false),
        ] {
            assert_eq!(is_shared(host, domain), expected, "{host} {domain}");
        }
    }
}
