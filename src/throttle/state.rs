//! A count of attempts, and what it says to the next one.

use std::time::Duration;

use crate::{clock::Timestamp, config::Pace};

/// Attempts in a row, as a store keeps them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct State {
    count: u32,
    block: Option<Block>,
    last: Timestamp,
}

/// For how long no further attempt is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// Until this instant.
    Until(Timestamp),
    /// Until somebody ends it.
    ForGood,
}

/// What becomes of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It may be made once this state is kept.
    Allowed {
        state: State,
        /// What holds of those that come after it, if that begins with this one.
        begins: Option<Block>,
    },
    /// It may not be made. Nothing changes.
    Refused(Block),
}

/// Counts an attempt as it begins: so however many begin at once, exactly [`Pace::free`] are allowed. With the attempt of
/// number `most`, if that is given, all is locked.
pub(crate) fn attempt(state: Option<State>, pace: &Pace, most: Option<u32>, now: Timestamp) -> Step {
    let known = state.filter(|state| !state.is_forgotten(pace.forget, now));
    if let Some(block) = known.and_then(|known| known.block).filter(|block| block.holds(now)) {
        return Step::Refused(block);
    }
    let count = known.map_or(0, |known| known.count).saturating_add(1);
    let block = match () {
        () if most.is_some_and(|most| count >= most) => Some(Block::ForGood),
        () if count >= pace.free => Some(Block::Until(now.after(delay(pace, count - pace.free)))),
        () => None,
    };
    let begins = block.filter(|block| *block == Block::ForGood || count == pace.free);
    let last = known.map_or(now, |known| known.last.max(now));
    Step::Allowed { state: State { count, block, last }, begins }
}

impl State {
    /// Whether nothing more can come after it.
    pub(crate) fn is_locked(&self) -> bool {
        self.block == Some(Block::ForGood)
    }

    /// The same without one attempt that has turned out to be no guess. A delay that has begun stays.
    pub(crate) const fn given_back(self) -> Self {
        Self { count: self.count.saturating_sub(1), ..self }
    }

    /// The same without one attempt that has turned out not to have been one. A delay that it began is over.
    pub(crate) fn withdrawn(self, free: u32) -> Self {
        let left = self.given_back();
        Self { block: left.block.filter(|_| left.count >= free), ..left }
    }

    fn is_forgotten(&self, forget: Duration, now: Timestamp) -> bool {
        !self.is_locked() && now.since(self.last) >= forget
    }

    /// One byte of version, one that says which block there is; then, big-endian, the count, the end of the block (or 0), the
    /// last attempt.
    pub(crate) fn to_bytes(self) -> [u8; BYTES] {
        let (tag, until) = match self.block {
            None => (0, 0),
            Some(Block::Until(until)) => (1, until.as_millis()),
            Some(Block::ForGood) => (2, 0),
        };
        let mut bytes = [0; BYTES];
        bytes[0] = VERSION;
        bytes[1] = tag;
        bytes[2..6].copy_from_slice(&self.count.to_be_bytes());
        bytes[6..14].copy_from_slice(&until.to_be_bytes());
        bytes[14..].copy_from_slice(&self.last.as_millis().to_be_bytes());
        bytes
    }

    /// `None` unless it is what [`to_bytes`](Self::to_bytes) gives.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let ([VERSION, tag], rest) = bytes.split_first_chunk()? else { return None };
        let (count, rest) = rest.split_first_chunk()?;
        let (until, rest) = rest.split_first_chunk()?;
        let last = Timestamp::from_millis(u64::from_be_bytes(rest.try_into().ok()?));
        let block = match (tag, u64::from_be_bytes(*until)) {
            (0, 0) => None,
            (1, until) => Some(Block::Until(Timestamp::from_millis(until))),
            (2, 0) => Some(Block::ForGood),
            _ => return None,
        };
        Some(Self { count: u32::from_be_bytes(*count), block, last })
    }
}

impl Block {
    /// When it ends by itself, if it does.
    pub(crate) const fn end(self) -> Option<Timestamp> {
        match self {
            Self::Until(until) => Some(until),
            Self::ForGood => None,
        }
    }

    fn holds(self, now: Timestamp) -> bool {
        match self {
            Self::Until(until) => now < until,
            Self::ForGood => true,
        }
    }
}

/// It doubles with each attempt `beyond` the free ones.
fn delay(pace: &Pace, beyond: u32) -> Duration {
    let factor = 1_u32.checked_shl(beyond).unwrap_or(u32::MAX);
    pace.first_delay.saturating_mul(factor).min(pace.longest_delay)
}

const VERSION: u8 = 1;
const BYTES: usize = 22;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_free_ones_are_free_and_each_further_one_waits_twice_as_long() {
        let (mut state, mut now) = (None, at(1_000));
        let mut waited = Vec::new();
        for _ in 0..9 {
            let Step::Allowed { state: next, .. } = attempt(state, &PACE, None, now) else { panic!("{state:?}") };
            state = Some(next);
            let until = match next.block {
                Some(Block::Until(until)) => until,
                _ => now,
            };
            waited.push(until.since(now).as_secs());
            if until > now {
                let just_before = at(until.as_millis() - 1);
                assert_eq!(attempt(state, &PACE, None, just_before), Step::Refused(Block::Until(until)));
            }
            now = until;
        }
        assert_eq!(waited, [0, 0, 1, 2, 4, 8, 10, 10, 10]);
    }

    #[test]
    fn of_many_at_one_instant_exactly_the_free_ones_are_allowed() {
        let mut state = None;
        let allowed = (0..200).filter(|_| match attempt(state, &PACE, Some(7), at(5)) {
            Step::Allowed { state: next, .. } => {
                state = Some(next);
                true
            }
            Step::Refused(block) => {
                assert_eq!(block, Block::Until(at(1_005)));
                false
            }
        });
        assert_eq!(allowed.count(), 3);
    }

    #[test]
    fn a_delay_and_a_lock_are_told_as_they_begin_and_not_again() {
        let (mut state, mut now) = (None, at(0));
        let mut told = Vec::new();
        while let Step::Allowed { state: next, begins } = attempt(state, &PACE, Some(6), now) {
            told.push(begins.map(|block| block == Block::ForGood));
            state = Some(next);
            now = now.after(PACE.longest_delay);
        }
        assert_eq!(told, [None, None, Some(false), None, None, Some(true)]);
    }

    #[test]
    fn after_a_while_all_is_forgotten_but_for_a_lock() {
        let counted = State { count: 5, block: Some(Block::Until(at(9_000))), last: at(1_000) };
        let locked = State { count: 6, block: Some(Block::ForGood), last: at(1_000) };
        let (before, then) = (at(60_999), at(61_000));
        let count = |state, now| match attempt(Some(state), &PACE, Some(100), now) {
            Step::Allowed { state, .. } => Some(state.count),
            Step::Refused(_) => None,
        };
        assert_eq!((count(counted, before), count(counted, then)), (Some(6), Some(1)));
        assert_eq!((count(locked, before), count(locked, at(u64::MAX))), (None, None));
    }

    #[test]
    fn a_clock_that_is_behind_makes_nothing_younger() {
        let counted = State { count: 1, block: None, last: at(50_000) };
        let Step::Allowed { state, .. } = attempt(Some(counted), &PACE, None, at(10)) else { panic!() };
        assert_eq!((state.count, state.last), (2, at(50_000)));
    }

    #[test]
    fn what_is_given_back_is_one_attempt_and_no_delay() {
        let state = State { count: 3, block: Some(Block::Until(at(9))), last: at(1) };
        assert_eq!(state.given_back(), State { count: 2, ..state });
        assert_eq!(State { count: 0, ..state }.given_back().count, 0);
    }

    #[test]
    fn enormous_settings_do_not_wrap() {
        let pace = Pace { free: 1, first_delay: Duration::MAX, longest_delay: Duration::MAX, forget: Duration::MAX };
        let state = State { count: u32::MAX, block: None, last: at(0) };
        let Step::Allowed { state, .. } = attempt(Some(state), &pace, None, at(7)) else { panic!() };
        assert_eq!(state.count, u32::MAX);
        assert_eq!(state.block, Some(Block::Until(at(u64::MAX))));
    }

    #[test]
    fn bytes_go_round_and_everything_else_is_refused() {
        for block in [None, Some(Block::Until(at(77))), Some(Block::ForGood)] {
            let state = State { count: 258, block, last: at(1_800_000_000_000) };
            let bytes = state.to_bytes();
            assert_eq!(State::from_bytes(&bytes), Some(state));
            assert_eq!(State::from_bytes(&bytes[1..]), None);
            assert_eq!(State::from_bytes(&[&bytes[..], &[0]].concat()), None);
            for (place, byte) in [(0, 0), (0, 2), (1, 3)] {
                let mut other = bytes;
                other[place] = byte;
                assert_eq!(State::from_bytes(&other), None);
            }
        }
        let mut ambiguous = State { count: 1, block: None, last: at(1) }.to_bytes();
        ambiguous[13] = 1;
        assert_eq!(State::from_bytes(&ambiguous), None, "an end without a block");
        assert_eq!(State::from_bytes(&[]), None);
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    const PACE: Pace = Pace {
        free: 3,
        first_delay: Duration::from_secs(1),
        longest_delay: Duration::from_secs(10),
        forget: Duration::from_secs(60),
    };

    #[test]
    fn what_was_no_attempt_leaves_neither_count_nor_delay() {
        let mut state = None;
        for _ in 0..PACE.free {
            let Step::Allowed { state: next, .. } = attempt(state, &PACE, None, at(0)) else { panic!("free") };
            state = Some(next);
        }
        assert!(matches!(attempt(state, &PACE, None, at(0)), Step::Refused(_)));
        let state = state.map(|state| state.withdrawn(PACE.free));
        assert!(matches!(attempt(state, &PACE, None, at(0)), Step::Allowed { .. }), "the last free one is free again");
    }
}
