//! What an event counts as: the one place where that is decided, for the counters, the snapshot and the metrics alike.

use std::{
    any::Any,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use super::{DenialKind, Event, Limiter, Reason, ServiceStep, SuspicionKind};
use crate::{clock::Timestamp, store::StoreErrorKind, token::RefusalKind};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    Started,
    LoggedIn,
    FirstFactorPassed,
    SteppedUp,
    NewDevice,
    Suspicious(SuspicionKind),
    Renewed,
    Refreshed,
    Rotated,
    Ended(Reason),
    EverybodyEnded,
    Refused(RefusalKind),
    Denied(DenialKind),
    CrossSiteReported,
    WriteLost,
    WriteRefused,
    Withheld,
    StoreFailed(StoreErrorKind),
    ServedStale,
    Swept,
    AttemptFailed,
    AttemptRefused(Limiter),
    Delayed,
    Locked,
    Service(ServiceStep),
    ServiceAccess,
    ServiceDenied,
    ServiceRefused(RefusalKind),
}

impl Fact {
    /// What an event counts as, and how often.
    pub(super) fn of(event: &Event<'_>) -> (Self, u64) {
        let fact = match event {
            Event::Started { .. } => Self::Started,
            Event::LoggedIn { .. } => Self::LoggedIn,
            Event::FirstFactorPassed { .. } => Self::FirstFactorPassed,
            Event::SteppedUp { .. } => Self::SteppedUp,
            Event::NewDevice { .. } => Self::NewDevice,
            Event::Suspicious(suspicion) => Self::Suspicious(suspicion.kind()),
            Event::Renewed { .. } => Self::Renewed,
            Event::Refreshed { .. } => Self::Refreshed,
            Event::Rotated { .. } => Self::Rotated,
            Event::Ended { reason, .. } => Self::Ended(*reason),
            Event::EverybodyEnded { .. } => Self::EverybodyEnded,
            Event::Refused { kind } => Self::Refused(*kind),
            Event::Denied { kind, .. } => Self::Denied(*kind),
            Event::CrossSiteReported { .. } => Self::CrossSiteReported,
            Event::WriteLost { .. } => Self::WriteLost,
            Event::WriteRefused { .. } => Self::WriteRefused,
            Event::Withheld { .. } => Self::Withheld,
            Event::StoreFailed { kind } => Self::StoreFailed(*kind),
            Event::ServedStale { .. } => Self::ServedStale,
            Event::Swept { sessions } => return (Self::Swept, *sessions as u64),
            Event::AttemptFailed { .. } => Self::AttemptFailed,
            Event::AttemptRefused { by } => Self::AttemptRefused(*by),
            Event::LockedOut { until: Some(_), .. } => Self::Delayed,
            Event::LockedOut { until: None, .. } => Self::Locked,
            Event::Service { step, .. } => Self::Service(*step),
            Event::ServiceAccess { allowed: true, .. } => Self::ServiceAccess,
            Event::ServiceAccess { allowed: false, .. } => Self::ServiceDenied,
            Event::ServiceRefused { kind, .. } => Self::ServiceRefused(*kind),
        };
        (fact, 1)
    }

    /// Its row, and its place there.
    const fn place(self) -> (usize, usize) {
        match self {
            Self::Started => (0, 0),
            Self::LoggedIn => (0, 1),
            Self::FirstFactorPassed => (0, 2),
            Self::SteppedUp => (0, 3),
            Self::NewDevice => (0, 4),
            Self::Renewed => (0, 5),
            Self::Refreshed => (0, 6),
            Self::Rotated => (0, 7),
            Self::EverybodyEnded => (0, 8),
            Self::CrossSiteReported => (0, 9),
            Self::WriteLost => (0, 10),
            Self::WriteRefused => (0, 11),
            Self::Withheld => (0, 12),
            Self::ServedStale => (0, 13),
            Self::Swept => (0, 14),
            Self::AttemptFailed => (0, 15),
            Self::Delayed => (0, 16),
            Self::Locked => (0, 17),
            Self::ServiceAccess => (0, 18),
            Self::ServiceDenied => (0, 19),
            Self::Suspicious(kind) => (1, kind as usize),
            Self::Ended(reason) => (2, reason as usize),
            Self::Refused(kind) => (3, kind as usize),
            Self::Denied(kind) => (4, kind as usize),
            Self::StoreFailed(kind) => (5, kind as usize),
            Self::AttemptRefused(by) => (6, by as usize),
            Self::Service(step) => (7, step as usize),
            Self::ServiceRefused(kind) => (8, kind as usize),
        }
    }
}

/// How often each has happened.
#[derive(Default)]
pub(super) struct Counts([[AtomicU64; PLACES]; ROWS]);

impl Counts {
    pub(super) fn add(&self, fact: Fact, by: u64) {
        if let Some(count) = self.at(fact) {
            count.fetch_add(by, Relaxed);
        }
    }

    pub(super) fn of(&self, fact: Fact) -> u64 {
        self.at(fact).map_or(0, |count| count.load(Relaxed))
    }

    /// Of all that differ from this one by a kind or a reason.
    pub(super) fn of_all(&self, like: Fact) -> u64 {
        let row = self.0.get(like.place().0);
        row.into_iter().flatten().map(|count| count.load(Relaxed)).sum()
    }

    fn at(&self, fact: Fact) -> Option<&AtomicU64> {
        let (row, place) = fact.place();
        self.0.get(row)?.get(place)
    }
}

/// Who is told of everything that is counted, in the moment in which it is.
pub(crate) trait Meter: Any + Send + Sync {
    /// An event has happened, and is counted as this.
    fn counted(&self, event: &Event<'_>, fact: Fact, by: u64, now: Timestamp);

    /// A session has ended that had lived for so long.
    fn lived(&self, how_long: Duration);
}

const ROWS: usize = 9;
/// More than any of the kinds has: a power of two.
const PLACES: usize = 32;

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn everything_that_is_counted_has_a_place_of_its_own() {
        let plain = [
            Fact::Started,
            Fact::LoggedIn,
            Fact::FirstFactorPassed,
            Fact::SteppedUp,
            Fact::NewDevice,
            Fact::Renewed,
            Fact::Refreshed,
            Fact::Rotated,
            Fact::EverybodyEnded,
            Fact::CrossSiteReported,
            Fact::WriteLost,
            Fact::WriteRefused,
            Fact::Withheld,
            Fact::ServedStale,
            Fact::Swept,
            Fact::AttemptFailed,
            Fact::Delayed,
            Fact::Locked,
            Fact::ServiceAccess,
            Fact::ServiceDenied,
        ];
        let kinds = [
            Fact::Suspicious(SuspicionKind::TwoPlaces),
            Fact::Ended(Reason::UsedElsewhere),
            Fact::Refused(RefusalKind::Insecure),
            Fact::Denied(DenialKind::MissingLayer),
            Fact::StoreFailed(StoreErrorKind::Open),
            Fact::AttemptRefused(Limiter::Factor),
            Fact::Service(ServiceStep::Revoked),
            Fact::ServiceRefused(RefusalKind::Insecure),
        ];
        let counts = Counts::default();
        let places: BTreeSet<_> = plain.iter().chain(&kinds).map(|fact| fact.place()).collect();
        assert_eq!(places.len(), plain.len() + kinds.len());
        for fact in plain.iter().chain(&kinds) {
            counts.add(*fact, 2);
            assert_eq!(counts.of(*fact), 2, "{fact:?}");
        }
        assert_eq!(counts.of_all(Fact::Refused(RefusalKind::Malformed)), 2);
    }
}
