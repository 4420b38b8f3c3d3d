//! Networks, by which neighbours are told from strangers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The network of an address: its leading bits, all others zero. A prefix that is too long is the address itself.
///
/// An IPv4-mapped IPv6 address is the IPv4 address. Those of 6to4 and NAT64 stay IPv6, although an IPv4 address is in them.
pub(crate) fn network_of(address: IpAddr, ipv4_prefix: u8, ipv6_prefix: u8) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let dropped = Ipv4Addr::BITS.saturating_sub(ipv4_prefix.into());
            Ipv4Addr::from_bits(address.to_bits() & u32::MAX.checked_shl(dropped).unwrap_or(0)).into()
        }
        IpAddr::V6(address) => {
            let dropped = Ipv6Addr::BITS.saturating_sub(ipv6_prefix.into());
            Ipv6Addr::from_bits(address.to_bits() & u128::MAX.checked_shl(dropped).unwrap_or(0)).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_the_leading_bits_of_an_address() {
        for (address, ipv4_prefix, ipv6_prefix, network) in [
            ("192.0.2.77", 24, 64, "192.0.2.0"),
            ("192.0.2.77", 32, 64, "192.0.2.77"),
            ("192.0.2.77", 31, 64, "192.0.2.76"),
            ("192.0.2.77", 1, 64, "128.0.0.0"),
            ("192.0.2.77", 0, 64, "0.0.0.0"),
            ("192.0.2.77", 33, 64, "192.0.2.77"),
            ("192.0.2.77", 255, 64, "192.0.2.77"),
            ("2001:db8:1:2:3:4:5:6", 24, 64, "2001:db8:1:2::"),
            ("2001:db8:1:2:3:4:5:6", 24, 56, "2001:db8:1::"),
            ("2001:db8:1:2:3:4:5:6", 24, 128, "2001:db8:1:2:3:4:5:6"),
            ("2001:db8:1:2:3:4:5:6", 24, 0, "::"),
            ("2001:db8:1:2:3:4:5:6", 24, 255, "2001:db8:1:2:3:4:5:6"),
            ("::ffff:192.0.2.77", 24, 64, "192.0.2.0"),
            ("::ffff:192.0.2.77", 32, 1, "192.0.2.77"),
            ("64:ff9b::192.0.2.77", 24, 64, "64:ff9b::"),
            ("2002:c000:24d::1", 24, 48, "2002:c000:24d::"),
        ] {
            let found = network_of(address.parse().unwrap(), ipv4_prefix, ipv6_prefix);
            assert_eq!(found.to_string(), network, "{address} {ipv4_prefix} {ipv6_prefix}");
        }
    }
}
