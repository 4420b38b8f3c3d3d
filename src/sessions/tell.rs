//! Where everything that happens to sessions is told: to the log, to the counters, to the application.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use super::{Event, Reason, events::log};
use crate::token::RefusalKind;

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
    started: AtomicU64,
    logged_in: AtomicU64,
    refreshed: AtomicU64,
    rotated: AtomicU64,
    ended: AtomicU64,
    reused: AtomicU64,
    refused: [AtomicU64; RefusalKind::ALL.len()],
    writes_lost: AtomicU64,
    withheld: AtomicU64,
    store_failures: AtomicU64,
    served_stale: AtomicU64,
    swept: AtomicU64,
    attempts_failed: AtomicU64,
    attempts_refused: AtomicU64,
    locked_out: AtomicU64,
    denied: AtomicU64,
    service_accesses: AtomicU64,
    services_denied: AtomicU64,
    services_refused: AtomicU64,
    suspicious: AtomicU64,
}

impl Events {
    pub(super) fn to(listeners: Vec<Listener>) -> Self {
        Self { listeners, ..Self::default() }
    }

    pub(super) fn emit(&self, event: &Event<'_>) {
        log(event);
        self.count(event);
        self.listeners.iter().for_each(|listener| listener(event));
    }

    pub(super) fn counters(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            started: read(&self.started),
            logged_in: read(&self.logged_in),
            refreshed: read(&self.refreshed),
            rotated: read(&self.rotated),
            ended: read(&self.ended),
            reused: read(&self.reused),
            refused: std::array::from_fn(|index| read(&self.refused[index])),
            writes_lost: read(&self.writes_lost),
            withheld: read(&self.withheld),
            store_failures: read(&self.store_failures),
            served_stale: read(&self.served_stale),
            swept: read(&self.swept),
            attempts_failed: read(&self.attempts_failed),
            attempts_refused: read(&self.attempts_refused),
            locked_out: read(&self.locked_out),
            denied: read(&self.denied),
            service_accesses: read(&self.service_accesses),
            services_denied: read(&self.services_denied),
            services_refused: read(&self.services_refused),
            suspicious: read(&self.suspicious),
        }
    }

    fn count(&self, event: &Event<'_>) {
        let (counter, by) = match event {
            Event::Started { .. } => (&self.started, 1),
            Event::LoggedIn { .. } => (&self.logged_in, 1),
            Event::Refreshed { .. } => (&self.refreshed, 1),
            Event::Rotated { .. } => (&self.rotated, 1),
            Event::Ended { reason, .. } => {
                if *reason == Reason::SecretReused {
                    self.reused.fetch_add(1, Ordering::Relaxed);
                }
                (&self.ended, 1)
            }
            Event::Refused { kind } => (&self.refused[*kind as usize], 1),
            Event::WriteLost { .. } | Event::WriteRefused { .. } => (&self.writes_lost, 1),
            Event::Withheld { .. } => (&self.withheld, 1),
            Event::StoreFailed { .. } => (&self.store_failures, 1),
            Event::ServedStale { .. } => (&self.served_stale, 1),
            Event::Swept { sessions } => (&self.swept, *sessions as u64),
            Event::AttemptFailed { .. } => (&self.attempts_failed, 1),
            Event::AttemptRefused { .. } => (&self.attempts_refused, 1),
            Event::LockedOut { .. } => (&self.locked_out, 1),
            Event::Denied { .. } => (&self.denied, 1),
            Event::ServiceAccess { allowed: true, .. } => (&self.service_accesses, 1),
            Event::ServiceAccess { allowed: false, .. } => (&self.services_denied, 1),
            Event::ServiceRefused { .. } => (&self.services_refused, 1),
            Event::Suspicious(_) => (&self.suspicious, 1),
            Event::Renewed { .. }
            | Event::FirstFactorPassed { .. }
            | Event::SteppedUp { .. }
            | Event::NewDevice { .. }
            | Event::CrossSiteReported { .. }
            | Event::Service { .. }
            | Event::EverybodyEnded { .. } => return,
        };
        counter.fetch_add(by, Ordering::Relaxed);
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.counters().fmt(f)
    }
}
