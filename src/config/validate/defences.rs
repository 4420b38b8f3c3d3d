//! The settings of what keeps attackers out.

use std::time::Duration;

use super::{LOCAL_PATH, LONGEST_LIFE, first_broken, is_cookie_name, is_local_path};
use crate::config::{Binding, Config, ConfigError, CrossSiteCheck, Pace, SameSite, Throttle};

pub(super) fn validate(config: &Config) -> Result<(), ConfigError> {
    config.validate_lifetime("assurance.aal2", config.assurance.aal2)?;
    config.validate_lifetime("assurance.aal3", config.assurance.aal3)?;
    validate_device(config)?;
    validate_throttle(&config.throttle)?;
    let Binding { ipv4_prefix, ipv6_prefix, .. } = config.binding;
    let within = config.second_factor.within;
    let rules = [
        (
            !within.is_zero() && within <= LONGEST_SECOND_FACTOR,
            "second_factor.within",
            "must be longer than zero, and at most 30m",
        ),
        (config.second_factor.url.as_deref().is_none_or(is_local_path), "second_factor.url", LOCAL_PATH),
        ((1..=32).contains(&ipv4_prefix), "binding.ipv4_prefix", IPV4),
        ((1..=128).contains(&ipv6_prefix), "binding.ipv6_prefix", IPV6),
        (
            config.cross_site.origins.iter().all(|origin| is_origin(origin)),
            "cross_site.origins",
            "must be origins: scheme and host in small letters, a port if it is not the scheme's, no path, \
             as in \"https://www.example.org\"",
        ),
        (
            config.cookie.same_site != SameSite::None || config.cross_site.check == CrossSiteCheck::Enforce,
            "cross_site.check",
            "must be \"enforce\" with cookie.same_site = \"none\", as browsers then keep no cookie back from other sites",
        ),
        (
            config.proxies.trusted.iter().all(|network| is_network(network)),
            "proxies.trusted",
            "must be addresses or networks, as in \"192.0.2.7\" or \"10.0.0.0/8\"",
        ),
    ];
    first_broken(&rules)
}

fn validate_device(config: &Config) -> Result<(), ConfigError> {
    let Some(name) = config.device.name.as_deref() else { return Ok(()) };
    let cookie = &config.cookie;
    let prefixed = name.starts_with("__Host-") || name.starts_with("__Secure-");
    let rules = [
        (
            is_cookie_name(name) && name != cookie.name,
            "device.name",
            "must be 1 to 64 letters, digits or any of !#$%&'*+-.^_`|~, other than cookie.name",
        ),
        (!prefixed || cookie.secure, "device.name", "may have the prefix __Host- or __Secure- only with cookie.secure"),
        (
            !config.device.lifetime.is_zero() && config.device.lifetime <= LONGEST_LIFE,
            "device.lifetime",
            "must be longer than zero, and at most 400 days, as browsers keep no cookie longer",
        ),
    ];
    first_broken(&rules)
}

fn validate_throttle(throttle: &Throttle) -> Result<(), ConfigError> {
    for (group, pace) in [("throttle.account", throttle.account), ("throttle.network", throttle.network)] {
        let Pace { first_delay, longest_delay, forget, .. } = pace;
        let broken = match () {
            () if first_delay.is_zero() => Some(("first_delay", "must be longer than zero")),
            () if longest_delay < first_delay => Some(("longest_delay", "must be at least first_delay")),
            () if forget <= longest_delay => Some(("forget", "must be longer than longest_delay")),
            () if forget > LONGEST_LIFE => Some(("forget", "must be at most 400 days")),
            () => None,
        };
        if let Some((field, problem)) = broken {
            return Err(ConfigError::new(format!("{group}.{field}"), problem));
        }
    }
    let rules = [
        (
            throttle.most_failures > throttle.account.free && throttle.most_failures <= MOST_FAILURES,
            "throttle.most_failures",
            "must be more than throttle.account.free, and at most 100 (NIST SP 800-63B-4, section 3.2.2)",
        ),
        ((1..=32).contains(&throttle.ipv4_prefix), "throttle.ipv4_prefix", IPV4),
        ((1..=128).contains(&throttle.ipv6_prefix), "throttle.ipv6_prefix", IPV6),
        (throttle.answer_after <= Duration::from_secs(10), "throttle.answer_after", "must be at most 10s"),
    ];
    first_broken(&rules)
}

/// `https://host`, `http://host:8080`: as a browser writes it.
fn is_origin(text: &str) -> bool {
    let parsed = text.parse::<http::Uri>().ok();
    parsed.is_some_and(|uri| {
        let (scheme, port) = (uri.scheme_str().unwrap_or_default(), uri.port_u16());
        let default = matches!((scheme, port), ("https", Some(443)) | ("http", Some(80)));
        let written = match (uri.host(), port) {
            (Some(host), Some(port)) => format!("{scheme}://{host}:{port}"),
            (host, _) => format!("{scheme}://{}", host.unwrap_or_default()),
        };
        let is_lower = text.bytes().all(|byte| !byte.is_ascii_uppercase());
        matches!(scheme, "https" | "http") && !default && is_lower && written == text && !text.ends_with('.')
    })
}

/// An address, or a network with its prefix.
fn is_network(text: &str) -> bool {
    text.parse::<ipnet::IpNet>().is_ok() || text.parse::<std::net::IpAddr>().is_ok()
}

const IPV4: &str = "must lie between 1 and 32";
const IPV6: &str = "must lie between 1 and 128";

/// NIST SP 800-63B-4, section 3.2.2.
const MOST_FAILURES: u32 = 100;

/// Half of what a store remembers of the epoch in which the first factor was passed.
const LONGEST_SECOND_FACTOR: Duration = Duration::from_secs(30 * 60);
