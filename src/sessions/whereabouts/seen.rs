//! What a session notes of where it was seen.

use std::net::{IpAddr, Ipv6Addr};

use crate::clock::Timestamp;

/// A network and a family of user agents, as far as they are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) network: Option<IpAddr>,
    pub(crate) agent: Option<u64>,
}

/// What is kept in a session of where it was seen, under [`SEEN`].
pub(crate) type Note = [u8; Seen::NOTE];

/// Where a session was seen. Several places are known, so that one which is used from two by turns is not written to each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// When it came to the first of the places.
    pub(super) at: Timestamp,
    /// Whether it was told that it is used from two places at once.
    pub(super) told_of_two: bool,
    /// The last one first. Where it has been to fewer, the rest are like the last of these.
    pub(super) places: [Place; Self::PLACES],
}

impl Seen {
    const PLACES: usize = 4;
    const NOTE: usize = 8 + 1 + Self::PLACES * Place::BYTES;

    pub(super) const fn at_first(place: Place) -> Self {
        Self { at: Timestamp::from_millis(0), told_of_two: false, places: [place; Self::PLACES] }
    }

    /// The same when it has come to another place, which may be a known one.
    pub(super) fn now_at(mut self, here: Place, known: Option<usize>, now: Timestamp) -> Self {
        let until = known.unwrap_or(Self::PLACES - 1);
        self.places[..=until].rotate_right(1);
        self.places[0] = here;
        Self { at: now, ..self }
    }

    pub(super) fn write(self) -> Note {
        let mut note = [0; Self::NOTE];
        note[..8].copy_from_slice(&self.at.as_millis().to_be_bytes());
        note[8] = u8::from(self.told_of_two);
        for (place, to) in self.places.iter().zip(note[9..].chunks_exact_mut(Place::BYTES)) {
            place.write(to);
        }
        note
    }

    /// `None` for what this version has not written.
    pub(super) fn read(note: &[u8]) -> Option<Self> {
        let note: &Note = note.try_into().ok()?;
        let (at, rest) = note.split_first_chunk()?;
        let (told_of_two, rest) = rest.split_first()?;
        let mut seen = Self::at_first(Place { network: None, agent: None });
        for (place, from) in seen.places.iter_mut().zip(rest.chunks_exact(Place::BYTES)) {
            *place = Place::read(from)?;
        }
        let at = Timestamp::from_millis(u64::from_be_bytes(*at));
        Some(Self { at, told_of_two: *told_of_two != 0, ..seen })
    }
}

impl Place {
    /// In place of the family of a user agent: the request named none.
    pub(super) const NO_AGENT: u64 = 0;
    const BYTES: usize = 1 + 16 + 8;

    /// The place of a request after this one. What is not known there stays as it was: nobody gets rid of it by a request that
    /// does not say.
    pub(super) fn succeeded_by(self, here: Self) -> Self {
        Self { network: here.network.or(self.network), agent: Some(here.agent.unwrap_or(Self::NO_AGENT)) }
    }

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_reads_back_and_a_strange_one_is_none() {
        for network in [Some(IpAddr::from([192, 0, 2, 7])), Some("2001:db8::".parse().unwrap()), None] {
            let here = Place { network, agent: Some(u64::MAX) };
            let seen =
                Seen::at_first(Place { network: None, agent: None }).now_at(here, None, Timestamp::from_millis(9));
            let seen = Seen { told_of_two: true, ..seen };
            assert_eq!(Seen::read(&seen.write()), Some(seen));
        }
        assert_eq!(Seen::read(b""), None);
        assert_eq!(Seen::read(&[0; Seen::NOTE - 1]), None);
        assert_eq!(Seen::read(&[0; Seen::NOTE + 1]), None);
    }
}
