//! Where a session is used, compared with where it was before: pure functions of the record and `now`.

use std::{
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use super::SuspicionKind;
use crate::{
    clock::Timestamp,
    config::{Binding, Reaction},
    peer::network_of,
    record::{Record, SEEN},
};

/// A network and a family of user agents, as far as they are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) network: Option<IpAddr>,
    pub(crate) agent: Option<u64>,
}

/// What follows from where a session is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Assessment {
    /// Where it was last seen, as far as that counts and is known.
    AtHome,
    /// Back where it was before, after a while: no news, but to be noted.
    Back(Note),
    /// Elsewhere. The note is to be kept if the session is to go on there.
    Elsewhere(SuspicionKind, Reaction, Note),
}

/// What is kept in a session of where it was last seen, under [`SEEN`].
pub(crate) type Note = [u8; Place::NOTE];

/// Compares a place with the one where the session was last seen.
pub(super) fn assess(record: &Record, binding: &Binding, here: Place, now: Timestamp) -> Assessment {
    let network = |address| network_of(address, binding.ipv4_prefix, binding.ipv6_prefix);
    let begun = Place { network: record.address().map(network), agent: record.agent() };
    let seen = record.attributes().value(SEEN).and_then(Seen::read);
    let last = seen.map_or(begun, |seen| seen.last);
    let changes = Changes::between(binding, last, here);
    if !changes.any() {
        return Assessment::AtHome;
    }
    // What is not known here stays as it was: nobody gets rid of it by a request that does not say.
    let next = Place { network: here.network.or(last.network), agent: Some(here.agent.unwrap_or(Place::NO_AGENT)) };
    let note = Seen { last: next, before: last, at: now }.write();
    let kind = match seen.filter(|seen| !Changes::between(binding, seen.before, here).any()) {
        Some(seen) if now.since(seen.at) < TWO_PLACES => SuspicionKind::TwoPlaces,
        Some(_) => return Assessment::Back(note),
        None if changes.reason_is_network(binding) => SuspicionKind::NewNetwork,
        None => SuspicionKind::NewAgent,
    };
    Assessment::Elsewhere(kind, changes.reaction(binding), note)
}

/// What is another here than there, of what counts.
#[derive(Clone, Copy)]
struct Changes {
    network: bool,
    agent: bool,
}

impl Changes {
    fn between(binding: &Binding, there: Place, here: Place) -> Self {
        let networks = there.network.zip(here.network);
        let agent = here.agent.unwrap_or(Place::NO_AGENT);
        Self {
            network: binding.address > Reaction::Off && networks.is_some_and(|(there, here)| there != here),
            agent: binding.user_agent > Reaction::Off && there.agent.is_some_and(|there| there != agent),
        }
    }

    const fn any(self) -> bool {
        self.network || self.agent
    }

    fn reaction(self, binding: &Binding) -> Reaction {
        let of = |changed, reaction| if changed { reaction } else { Reaction::Off };
        of(self.network, binding.address).max(of(self.agent, binding.user_agent))
    }

    /// Of two reasons the one with the more severe reaction is told.
    fn reason_is_network(self, binding: &Binding) -> bool {
        self.network && (!self.agent || binding.address >= binding.user_agent)
    }
}

/// Where a session was last seen, where it was before that, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    last: Place,
    before: Place,
    at: Timestamp,
}

impl Seen {
    fn write(self) -> Note {
        let mut note = [0; Place::NOTE];
        note[..8].copy_from_slice(&self.at.as_millis().to_be_bytes());
        self.last.write(&mut note[8..8 + Place::BYTES]);
        self.before.write(&mut note[8 + Place::BYTES..]);
        note
    }

    /// `None` for what this version has not written.
    fn read(note: &[u8]) -> Option<Self> {
        let (at, places) = note.split_first_chunk()?;
        let (last, before) = places.split_at_checked(Place::BYTES)?;
        let at = Timestamp::from_millis(u64::from_be_bytes(*at));
        Some(Self { last: Place::read(last)?, before: Place::read(before)?, at })
    }
}

impl Place {
    /// In place of the family of a user agent: the request named none.
    const NO_AGENT: u64 = 0;
    const BYTES: usize = 1 + 16 + 8;
    /// Length of what is kept in a session.
    const NOTE: usize = 8 + 2 * Self::BYTES;

    fn write(self, to: &mut [u8]) {
        to[0] = u8::from(self.network.is_some()) | u8::from(self.agent.is_some()) << 1;
        let network = match self.network {
            Some(IpAddr::V4(address)) => address.to_ipv6_mapped(),
            Some(IpAddr::V6(address)) => address,
            None => Ipv6Addr::UNSPECIFIED,
        };
        to[1..17].copy_from_slice(&network.octets());
        to[17..].copy_from_slice(&self.agent.unwrap_or_default().to_be_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (flags, rest) = bytes.split_first()?;
        let (network, agent) = rest.split_first_chunk::<16>()?;
        let agent = u64::from_be_bytes(agent.try_into().ok()?);
        let network = IpAddr::V6(Ipv6Addr::from(*network)).to_canonical();
        Some(Self { network: (flags & 1 != 0).then_some(network), agent: (flags & 2 != 0).then_some(agent) })
    }
}

/// How soon after leaving a place its use again is suspicious.
const TWO_PLACES: Duration = Duration::from_secs(10 * 60);
