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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        config::Config,
        record::{Change, Device, SecretHash, SessionId},
    };

    const HOME: [u8; 4] = [192, 0, 2, 7];
    const ELSEWHERE: [u8; 4] = [203, 0, 113, 9];
    const FIREFOX: u64 = 1;
    const CURL: u64 = 2;

    fn minute(minute: u64) -> Timestamp {
        Timestamp::from_millis(minute * 60_000)
    }

    fn record() -> Record {
        let id = SessionId::from_bytes([7; 18]);
        Record::new(id, SecretHash::from_bytes([1; 32]), Config::production().lifetime, minute(0))
            .with_origin(Device::default(), Some(HOME.into()))
            .with_agent(Some(FIREFOX))
    }

    fn binding(address: Reaction, user_agent: Reaction) -> Binding {
        Binding { address, user_agent, ..Config::production().binding }
    }

    fn at(network: impl Into<IpAddr>, agent: u64) -> Place {
        let Binding { ipv4_prefix, ipv6_prefix, .. } = Config::production().binding;
        Place { network: Some(network_of(network.into(), ipv4_prefix, ipv6_prefix)), agent: Some(agent) }
    }

    /// The session goes on where it was assessed.
    fn noted(record: &mut Record, assessment: Assessment) -> Assessment {
        if let Assessment::Elsewhere(_, _, note) | Assessment::Back(note) = assessment {
            let mut change = Change::new();
            change.set(SEEN, note);
            record.apply(&change).unwrap();
        }
        assessment
    }

    fn kind(assessment: Assessment) -> Option<SuspicionKind> {
        match assessment {
            Assessment::Elsewhere(kind, ..) => Some(kind),
            Assessment::AtHome | Assessment::Back(_) => None,
        }
    }

    #[test]
    fn another_network_and_another_agent_are_told_once_and_a_neighbour_is_none() {
        let binding = binding(Reaction::Report, Reaction::Report);
        let mut record = record();
        let mut use_from = |place, minutes| {
            let assessment = assess(&record, &binding, place, minute(minutes));
            kind(noted(&mut record, assessment))
        };
        assert_eq!(use_from(at(HOME, FIREFOX), 1), None);
        assert_eq!(use_from(at([192, 0, 2, 250], FIREFOX), 1), None, "the same /24");
        assert_eq!(use_from(at(ELSEWHERE, FIREFOX), 1), Some(SuspicionKind::NewNetwork));
        assert_eq!(use_from(at(ELSEWHERE, FIREFOX), 2), None, "told already");
        assert_eq!(use_from(at(ELSEWHERE, CURL), 3), Some(SuspicionKind::NewAgent));
        assert_eq!(use_from(at([198, 51, 100, 1], CURL), 4), Some(SuspicionKind::NewNetwork));
    }

    #[test]
    fn back_and_forth_in_a_short_time_are_two_places_and_later_it_is_a_way_home() {
        let binding = binding(Reaction::Report, Reaction::Off);
        let mut record = record();
        let mut use_from = |address: [u8; 4], minutes| {
            let assessment = assess(&record, &binding, at(address, FIREFOX), minute(minutes));
            kind(noted(&mut record, assessment))
        };
        assert_eq!(use_from(ELSEWHERE, 1), Some(SuspicionKind::NewNetwork));
        assert_eq!(use_from(HOME, 5), Some(SuspicionKind::TwoPlaces));
        assert_eq!(use_from(ELSEWHERE, 6), Some(SuspicionKind::TwoPlaces));
        assert_eq!(use_from(HOME, 16), None, "ten minutes later");
    }

    #[test]
    fn the_more_severe_of_two_reactions_counts_and_gives_the_reason() {
        let of = |address, user_agent| assess(&record(), &binding(address, user_agent), at(ELSEWHERE, CURL), minute(1));
        let of = |address, user_agent| match of(address, user_agent) {
            Assessment::Elsewhere(kind, reaction, _) => Some((kind, reaction)),
            _ => None,
        };
        let network = SuspicionKind::NewNetwork;
        assert_eq!(of(Reaction::Report, Reaction::Refuse), Some((SuspicionKind::NewAgent, Reaction::Refuse)));
        assert_eq!(of(Reaction::End, Reaction::Refuse), Some((network, Reaction::End)));
        assert_eq!(of(Reaction::StepUp, Reaction::Off), Some((network, Reaction::StepUp)));
        assert_eq!(of(Reaction::Off, Reaction::Off), None);
    }

    #[test]
    fn what_is_not_known_is_no_reason_and_gets_rid_of_nothing() {
        let binding = binding(Reaction::Report, Reaction::Refuse);
        let unknown = Place { network: None, agent: Some(FIREFOX) };
        assert_eq!(assess(&record(), &binding, unknown, minute(1)), Assessment::AtHome);

        // A request without a user agent is one by another; noted under a milder rule, it does not open the way to a third.
        let mute = Place { agent: None, ..at(ELSEWHERE, FIREFOX) };
        let mut record = record();
        let mild = super::tests::binding(Reaction::Report, Reaction::Report);
        let assessment = assess(&record, &mild, mute, minute(1));
        assert_eq!(kind(noted(&mut record, assessment)), Some(SuspicionKind::NewNetwork));
        let Assessment::Elsewhere(SuspicionKind::NewAgent, Reaction::Refuse, _) =
            assess(&record, &binding, at(ELSEWHERE, CURL), minute(2))
        else {
            panic!("another agent passed")
        };
    }

    #[test]
    fn a_note_reads_back_and_a_strange_one_is_none() {
        for network in [Some(IpAddr::from(HOME)), Some("2001:db8::".parse().unwrap()), None] {
            let place = Place { network, agent: Some(u64::MAX) };
            let seen = Seen { last: place, before: Place { network: None, agent: None }, at: minute(9) };
            assert_eq!(Seen::read(&seen.write()), Some(seen));
        }
        assert_eq!(Seen::read(b""), None);
        assert_eq!(Seen::read(&[0; 57]), None);
        assert_eq!(Seen::read(&[0; 59]), None);
    }
}
