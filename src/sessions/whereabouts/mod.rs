//! Where a session is used, compared with where it was before: pure functions of the record and `now`.

mod seen;

pub(crate) use seen::{Note, Place};

use std::time::Duration;

use super::SuspicionKind;
use crate::{
    clock::Timestamp,
    config::{Binding, Reaction},
    peer::network_of,
    record::{Record, SEEN},
};
use seen::Seen;

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

/// Compares a place with those where the session was seen.
pub(super) fn assess(record: &Record, binding: &Binding, here: Place, now: Timestamp) -> Assessment {
    let seen = record.attributes().value(SEEN).and_then(Seen::read).unwrap_or_else(|| {
        let network = |address| network_of(address, binding.ipv4_prefix, binding.ipv6_prefix);
        Seen::at_first(Place { network: record.address().map(network), agent: record.agent() })
    });
    let last = seen.places[0];
    let changes = Changes::between(binding, last, here);
    if !changes.any() {
        return Assessment::AtHome;
    }
    let known = seen.places.iter().position(|place| !Changes::between(binding, *place, here).any());
    let note = seen.now_at(last.succeeded_by(here), known, now);
    let kind = match known {
        // That it is used from several places was told, and these are among them.
        Some(_) if seen.told_of_two => return Assessment::AtHome,
        Some(_) if now.since(seen.at) < TWO_PLACES => {
            let note = Seen { told_of_two: true, ..note }.write();
            return Assessment::Elsewhere(SuspicionKind::TwoPlaces, changes.reaction(binding), note);
        }
        Some(_) => return Assessment::Back(note.write()),
        None if changes.reason_is_network(binding) => SuspicionKind::NewNetwork,
        None => SuspicionKind::NewAgent,
    };
    Assessment::Elsewhere(kind, changes.reaction(binding), note.write())
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

/// How soon after leaving a place its use again is suspicious.
const TWO_PLACES: Duration = Duration::from_secs(10 * 60);

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

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
        assert_eq!(use_from(HOME, 11), None, "ten minutes later");
        assert_eq!(use_from(ELSEWHERE, 12), Some(SuspicionKind::TwoPlaces));
        assert_eq!(use_from(HOME, 13), None, "told already");
        assert_eq!(use_from([198, 51, 100, 1], 14), Some(SuspicionKind::NewNetwork));
    }

    #[test]
    fn a_client_that_goes_back_and_forth_all_the_time_costs_two_notes() {
        let binding = binding(Reaction::Report, Reaction::Report);
        let mut record = record();
        let mut notes = 0;
        for turn in 0..100 {
            let address = if turn % 2 == 0 { HOME } else { ELSEWHERE };
            let assessment = assess(&record, &binding, at(address, FIREFOX), minute(1));
            notes += u32::from(noted(&mut record, assessment) != Assessment::AtHome);
        }
        assert_eq!(notes, 2);
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
}
