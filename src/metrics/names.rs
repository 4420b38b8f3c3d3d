//! Every metric: its name, its unit, and what it says. `docs/metrics.md` shows the same table, and a test holds the two together.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

use super::labels::{limiter, reason, store_failure, suspicion};
use crate::sessions::Fact;

/// Counters end in `_total`; what is measured is in seconds, from 0 to 1, or a number, as Prometheus has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Counter,
    Gauge,
    Histogram,
}

/// A metric.
#[derive(Debug)]
pub(super) struct Described {
    pub(super) name: &'static str,
    pub(super) sort: Sort,
    pub(super) text: &'static str,
}

/// Tells the recorder that is installed what each of them means.
pub(super) fn describe() {
    for Described { name, sort, text } in ALL {
        let unit = if name.ends_with("_seconds") { Unit::Seconds } else { Unit::Count };
        match sort {
            Sort::Counter => describe_counter!(*name, unit, *text),
            Sort::Gauge => describe_gauge!(*name, unit, *text),
            Sort::Histogram => describe_histogram!(*name, unit, *text),
        }
    }
}

/// The counter that something is counted by, and its label. No label's value is anything that a client, or an application, says.
pub(super) const fn series(fact: Fact) -> (&'static str, Option<(&'static str, &'static str)>) {
    match fact {
        Fact::Started => (CREATED, Some(("as", "anonymous"))),
        Fact::LoggedIn => (CREATED, Some(("as", "user"))),
        Fact::FirstFactorPassed => (CREATED, Some(("as", "pending"))),
        Fact::SteppedUp => ("countersign_sessions_stepped_up_total", None),
        Fact::Renewed => ("countersign_sessions_renewed_total", None),
        Fact::Refreshed => ("countersign_sessions_refreshed_total", None),
        Fact::Rotated => ("countersign_sessions_rotated_total", None),
        Fact::Ended(why) => ("countersign_sessions_ended_total", Some(("reason", reason(why)))),
        Fact::EverybodyEnded => ("countersign_everybody_ended_total", None),
        Fact::Swept => ("countersign_sessions_expired_total", None),
        Fact::NewDevice => ("countersign_new_devices_total", None),
        Fact::Suspicious(kind) => ("countersign_suspicions_total", Some(("kind", suspicion(kind)))),
        Fact::Refused(kind) => ("countersign_refusals_total", Some(("reason", kind.name()))),
        Fact::Denied(kind) => ("countersign_denials_total", Some(("reason", kind.name()))),
        Fact::CrossSiteReported => ("countersign_cross_site_reported_total", None),
        Fact::AttemptFailed => ("countersign_attempts_failed_total", None),
        Fact::AttemptRefused(by) => ("countersign_attempts_refused_total", Some(("by", limiter(by)))),
        Fact::Delayed => (LOCKOUTS, Some(("kind", "delayed"))),
        Fact::Locked => (LOCKOUTS, Some(("kind", "locked"))),
        Fact::WriteLost => (WRITES_LOST, Some(("reason", "ended"))),
        Fact::WriteRefused => (WRITES_LOST, Some(("reason", "refused"))),
        Fact::Withheld => ("countersign_values_withheld_total", None),
        Fact::ServedStale => ("countersign_served_stale_total", None),
        Fact::Service(step) => ("countersign_services_changed_total", Some(("step", step.name()))),
        Fact::ServiceAccess => (SERVICE_ACCESS, Some(("result", "allowed"))),
        Fact::ServiceDenied => (SERVICE_ACCESS, Some(("result", "denied"))),
        Fact::ServiceRefused(kind) => ("countersign_service_refusals_total", Some(("reason", kind.name()))),
        Fact::StoreFailed(kind) => ("countersign_store_failures_total", Some(("kind", store_failure(kind)))),
    }
}

pub(super) const CREATED: &str = "countersign_sessions_created_total";
const LOCKOUTS: &str = "countersign_lockouts_total";
const SERVICE_ACCESS: &str = "countersign_service_access_total";
const WRITES_LOST: &str = "countersign_writes_lost_total";
pub(super) const CACHE_HITS: &str = "countersign_cache_hits_total";
pub(super) const CACHE_MISSES: &str = "countersign_cache_misses_total";
pub(super) const ACTIVE_SESSIONS: &str = "countersign_sessions_active";
pub(super) const ACTIVE_USERS: &str = "countersign_users_active";
pub(super) const COUNTED_AT: &str = "countersign_count_timestamp_seconds";
pub(super) const COUNT_TOOK: &str = "countersign_count_duration_seconds";
pub(super) const SILENCE: &str = "countersign_invalidation_silence_seconds";
pub(super) const LAG: &str = "countersign_invalidation_lag_seconds";
pub(super) const STORE_COMMAND: &str = "countersign_store_command_seconds";
pub(super) const LIVED: &str = "countersign_session_duration_seconds";

/// All of them.
pub(super) const ALL: &[Described] = &[
    counter(CREATED, "Sessions begun: by a log-in, without a user, or after the first of two factors."),
    counter("countersign_sessions_renewed_total", "Sessions that got a new id because what they may do has changed."),
    counter("countersign_sessions_stepped_up_total", "Users who proved again who they are."),
    counter("countersign_sessions_refreshed_total", "Idle windows moved."),
    counter("countersign_sessions_rotated_total", "New secrets used for the first time."),
    counter("countersign_sessions_ended_total", "Sessions ended before their time, by this node."),
    counter("countersign_sessions_expired_total", "Expired sessions deleted by this node's sweeps."),
    counter("countersign_everybody_ended_total", "How often this node ended all sessions of all users."),
    counter("countersign_refusals_total", "Credentials refused."),
    counter("countersign_denials_total", "Demands of routes that were not met."),
    counter(
        "countersign_cross_site_reported_total",
        "Requests of other sites that were let through, as the settings say.",
    ),
    counter("countersign_attempts_failed_total", "Attempts at a log-in that failed."),
    counter("countersign_attempts_refused_total", "Attempts at a log-in refused unseen: too many before."),
    counter(LOCKOUTS, "Accounts whose attempts began to be delayed, or that were locked."),
    counter("countersign_new_devices_total", "Log-ins on a device that did not know the user."),
    counter("countersign_suspicions_total", "Sessions used from elsewhere than before."),
    counter("countersign_services_changed_total", "Steps in the lives of services, from registered to revoked."),
    counter(SERVICE_ACCESS, "What services did, or were not permitted to do."),
    counter("countersign_service_refusals_total", "Credentials of services refused."),
    counter(WRITES_LOST, "Requests whose writes were dropped or refused."),
    counter("countersign_values_withheld_total", "Parts of sessions that no key opens."),
    counter("countersign_served_stale_total", "Requests served by what was remembered, in an outage of the store."),
    counter("countersign_store_failures_total", "Store commands that failed."),
    counter(CACHE_HITS, "Loads that the cache answered."),
    counter(CACHE_MISSES, "Loads for which the store behind the cache was asked."),
    gauge(ACTIVE_SESSIONS, "Live sessions of all nodes, as last counted."),
    gauge(ACTIVE_USERS, "Users with a live session, as last counted."),
    gauge(COUNTED_AT, "When they were last counted, since 1970."),
    gauge(COUNT_TOOK, "How long that took."),
    gauge(SILENCE, "Since something was last heard of the ends of sessions, be it a heartbeat."),
    histogram(LAG, "From the store's answer that a session has ended to this node's hearing it announced."),
    histogram(STORE_COMMAND, "How long store commands took."),
    histogram(LIVED, "How long sessions had lived that ended by somebody who had them at hand."),
];

const fn counter(name: &'static str, text: &'static str) -> Described {
    Described { name, sort: Sort::Counter, text }
}

const fn gauge(name: &'static str, text: &'static str) -> Described {
    Described { name, sort: Sort::Gauge, text }
}

const fn histogram(name: &'static str, text: &'static str) -> Described {
    Described { name, sort: Sort::Histogram, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Name, sort and meaning, row by row, in the same order.
    #[test]
    fn the_document_shows_the_same_table() {
        let document = include_str!("../../docs/metrics.md");
        let rows = document.lines().filter(|line| line.starts_with("| `countersign_"));
        let shown: Vec<[String; 3]> = rows
            .map(|row| {
                let cells: Vec<&str> = row.split('|').map(|cell| cell.trim_matches([' ', '`'])).collect();
                [cells[1].to_owned(), cells[2].to_owned(), cells[4].to_owned()]
            })
            .collect();
        let known = ALL.iter().map(|Described { name, sort, text }| {
            [(*name).to_owned(), format!("{sort:?}").to_lowercase(), (*text).to_owned()]
        });
        assert_eq!(shown, known.collect::<Vec<_>>());
    }

    #[test]
    fn names_are_as_prometheus_has_them() {
        for Described { name, sort, .. } in ALL {
            assert_eq!(name.ends_with("_total"), *sort == Sort::Counter, "{name}");
            let timed = *sort == Sort::Histogram || name.contains("duration") || name.contains("timestamp");
            assert!(!timed || name.ends_with("_seconds"), "{name}");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
        }
    }
}
