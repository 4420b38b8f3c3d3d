//! What attempts are counted by, and the name under which a store keeps the count.

use std::{fmt::Write, net::IpAddr};

use sha2::{Digest, Sha256};

use crate::{config::Throttle, peer::network_of};

/// What attempts are counted by. It is a hash: names that strangers type, a mistyped password among them, stand in no store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    holder: Box<str>,
    lane: u8,
}

impl Counted {
    /// Attempts on an account, by the name that was typed in.
    pub(crate) fn account(name: &str) -> Self {
        Self::of("account", &[name.as_bytes()])
    }

    /// The same from one device that its user has logged in from before.
    pub(crate) fn account_on_device(name: &str, device: &str) -> Self {
        Self::of("account on device", &[name.as_bytes(), device.as_bytes()])
    }

    /// Attempts from the network of an address, on whatever accounts.
    pub(crate) fn network(address: IpAddr, throttle: &Throttle) -> Self {
        match network_of(address, throttle.ipv4_prefix, throttle.ipv6_prefix) {
            IpAddr::V4(network) => Self::of("network", &[&network.octets()]),
            IpAddr::V6(network) => Self::of("network", &[&network.octets()]),
        }
    }

    /// Attempts on one factor of a user: `method` names it.
    pub(crate) fn factor(user: &str, method: &str) -> Self {
        Self::of("factor", &[user.as_bytes(), method.as_bytes()])
    }

    /// Each part goes with its length before it, so that no two lists of parts are one text.
    fn of(label: &str, parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in [label.as_bytes()].iter().chain(parts) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let hash = hash.finalize();
        let mut holder = String::from(NOBODY);
        for byte in hash.iter() {
            // Writing into a text does not fail.
            let _ = write!(holder, "{byte:02x}");
        }
        Self { holder: holder.into(), lane: hash[0] }
    }

    /// In whose name a store keeps the count. It is no user's: users have no control characters in their ids.
    pub(crate) fn holder(&self) -> &str {
        &self.holder
    }

    /// A number that is the same for the same, and mostly another for others.
    pub(crate) const fn lane(&self) -> usize {
        self.lane as usize
    }
}

/// What the name of no user begins with.
const NOBODY: &str = "\u{1}";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn whatever_is_counted_has_a_name_of_its_own() {
        let throttle = Config::production().throttle;
        let all = [
            Counted::account("ada"),
            Counted::account("Ada"),
            Counted::account(""),
            Counted::account_on_device("ada", ""),
            Counted::account_on_device("ada", "laptop"),
            Counted::account_on_device("adal", "aptop"),
            Counted::factor("ada", "laptop"),
            Counted::factor("ada", "totp"),
            Counted::network([192, 0, 2, 1].into(), &throttle),
        ];
        for (at, one) in all.iter().enumerate() {
            assert_eq!(all.iter().position(|other| other == one), Some(at));
            assert_eq!(one.holder().len(), 65, "a user's id has at most 255 bytes");
            assert!(one.holder().chars().next().is_some_and(char::is_control), "and no control characters");
        }
        assert_eq!(Counted::account("ada"), all[0]);
    }

    #[test]
    fn neighbours_in_a_network_are_counted_as_one() {
        let throttle = Config::production().throttle;
        let same = |one: &str, other: &str| {
            let of = |address: &str| Counted::network(address.parse().unwrap(), &throttle);
            of(one) == of(other)
        };
        for (one, other, expected) in [
            ("192.0.2.1", "192.0.2.254", true),
            ("192.0.2.1", "192.0.3.1", false),
            ("192.0.2.1", "::ffff:192.0.2.9", true),
            ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
        ] {
            assert_eq!(same(one, other), expected, "{one} and {other}");
        }
    }
}
