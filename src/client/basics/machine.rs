//! Which hosts are this machine: what goes there without encryption goes over no network.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Whether a host, as it stands in a URI, is this machine: `localhost`, `127.0.0.0/8`, `[::1]`. Names are not looked up:
/// what they lead to is for others to say.
pub(crate) fn is_this_machine(host: &str) -> bool {
    match host.strip_prefix('[') {
        Some(address) => {
            let address = address.strip_suffix(']').and_then(|address| address.parse().ok());
            address.is_some_and(|address: Ipv6Addr| address.is_loopback())
        }
        None => {
            host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|address: Ipv4Addr| address.is_loopback())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_three_kinds_of_names() {
        for ours in ["localhost", "LocalHost", "127.0.0.1", "127.255.0.3", "[::1]", "[0:0:0:0:0:0:0:1]"] {
            assert!(is_this_machine(ours), "{ours}");
        }
        for other in [
            "",
            "localhost.example.com",
            "example.com",
            "127.0.0.1.example.com",
            "128.0.0.1",
            "0.0.0.0",
            "127.1",
            "::1",
            "[::1",
            "[::2]",
            "[127.0.0.1]",
        ] {
            assert!(!is_this_machine(other), "{other}");
        }
    }
}
