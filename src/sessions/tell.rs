//! Where everything that happens to sessions is told: to the log, to the counters, to the application.

use std::{fmt, sync::Arc, time::Duration};

use super::{
    DenialKind, Event, Limiter, Reason, SuspicionKind,
    events::log,
    meter::{Counts, Fact, Meter},
};
use crate::{clock::Clock, store::StoreErrorKind, token::RefusalKind};

/// How often things have happened since the start, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Sessions started without a user.
    pub started: u64,
    /// Log-ins.
    pub logged_in: u64,
    /// Idle windows moved.
    pub refreshed: u64,
    /// New secrets used for the first time.
    pub rotated: u64,
    /// Sessions ended before their time, for any reason.
    pub ended: u64,
    /// Of these, those whose old secret was used again.
    pub reused: u64,
    /// Credentials refused, in the order of [`RefusalKind::ALL`].
    pub refused: [u64; RefusalKind::ALL.len()],
    /// Requests whose buffered writes were dropped or refused.
    pub writes_lost: u64,
    /// Parts of sessions that could not be read, once per request and part.
    pub withheld: u64,
    /// Store commands that failed.
    pub store_failures: u64,
    /// Requests that got a remembered session, while the store could not be asked.
    pub served_stale: u64,
    /// Expired sessions deleted.
    pub swept: u64,
    /// Attempts that have failed, as the application says.
    pub attempts_failed: u64,
    /// Attempts at a log-in refused, as there had been too many.
    pub attempts_refused: u64,
    /// Accounts whose attempts began to be delayed, and those that were locked.
    pub locked_out: u64,
    /// Demands of routes that were not met.
    pub denied: u64,
    /// Permissions that services made use of.
    pub service_accesses: u64,
    /// Permissions that services wanted to use, and have not.
    pub services_denied: u64,
    /// Credentials of services that were refused.
    pub services_refused: u64,
    /// Sessions used from elsewhere than before.
    pub suspicious: u64,
}

pub(super) type Listener = Box<dyn Fn(&Event<'_>) + Send + Sync>;

#[derive(Default)]
pub(super) struct Events {
    listeners: Vec<Listener>,
    counts: Counts,
    meter: Option<Arc<dyn Meter>>,
}

impl Events {
    pub(super) fn to(listeners: Vec<Listener>, meter: Option<Arc<dyn Meter>>) -> Self {
        Self { listeners, counts: Counts::default(), meter }
    }

    pub(super) fn emit(&self, event: &Event<'_>, clock: &Clock) {
        log(event);
        let (fact, by) = Fact::of(event);
        self.counts.add(fact, by);
        if let Some(meter) = &self.meter {
            meter.counted(event, fact, by, clock.now());
        }
        self.listeners.iter().for_each(|listener| listener(event));
    }

    /// The end of a session that had lived for so long.
    pub(super) fn lived(&self, how_long: Duration) {
        if let Some(meter) = &self.meter {
            meter.lived(how_long);
        }
    }

    #[cfg(feature = "metrics")]
    pub(super) fn meter(&self) -> Option<Arc<dyn Meter>> {
        self.meter.clone()
    }

    #[cfg(feature = "metrics")]
    pub(super) fn count(&self, fact: Fact) -> u64 {
        self.counts.of(fact)
    }

    pub(super) fn counters(&self) -> Counters {
        let counts = &self.counts;
        let of = |fact| counts.of(fact);
        Counters {
            started: of(Fact::Started),
            logged_in: of(Fact::LoggedIn),
            refreshed: of(Fact::Refreshed),
            rotated: of(Fact::Rotated),
            ended: counts.of_all(Fact::Ended(Reason::LoggedOut)),
            reused: of(Fact::Ended(Reason::SecretReused)),
            refused: RefusalKind::ALL.map(|kind| of(Fact::Refused(kind))),
            writes_lost: of(Fact::WriteLost) + of(Fact::WriteRefused),
            withheld: of(Fact::Withheld),
            store_failures: counts.of_all(Fact::StoreFailed(StoreErrorKind::Unavailable)),
            served_stale: of(Fact::ServedStale),
            swept: of(Fact::Swept),
            attempts_failed: of(Fact::AttemptFailed),
            attempts_refused: counts.of_all(Fact::AttemptRefused(Limiter::Account)),
            locked_out: of(Fact::Delayed) + of(Fact::Locked),
            denied: counts.of_all(Fact::Denied(DenialKind::NotLoggedIn)),
            service_accesses: of(Fact::ServiceAccess),
            services_denied: of(Fact::ServiceDenied),
            services_refused: counts.of_all(Fact::ServiceRefused(RefusalKind::Malformed)),
            suspicious: counts.of_all(Fact::Suspicious(SuspicionKind::NewNetwork)),
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.counters().fmt(f)
    }
}
