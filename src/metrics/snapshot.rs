use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    census::Census,
    distribution::Spread,
    labels::{DENIALS, LIMITERS, REASONS, STORE_FAILURES, limiter, reason, store_failure},
    state::State,
    timed::Verb,
};
use crate::{
    clock::Timestamp,
    sessions::{Fact, Sessions},
    store::CacheFigures,
    token::RefusalKind,
};

/// What a node has counted and measured, at one moment. As JSON it has the same fields; durations are seconds, instants are
/// milliseconds since 1970.
///
/// All but [`live`](Self::live) is of this node, since it began.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// This moment.
    pub at: Timestamp,
    /// The last count of the live sessions of all nodes; `None` before the first.
    pub live: Option<Census>,
    /// Sessions begun: by a log-in, without a user, or after the first of two factors.
    pub created: u64,
    /// Those of this day, by UTC.
    pub created_today: u64,
    /// Sessions ended before their time, by reason.
    pub ended: BTreeMap<&'static str, u64>,
    /// Expired sessions that this node's sweeps have deleted; `None` where the store's engine does that by itself and tells
    /// nobody.
    pub expired: Option<u64>,
    /// How long sessions had lived that ended by somebody who had them at hand: log-outs, ends by their user in his list, theft,
    /// use from elsewhere. What expires, is evicted, or is ended by its id or user alone is not in it.
    pub duration: Spread,
    /// Credentials refused, by reason.
    pub refused: BTreeMap<&'static str, u64>,
    /// Demands of routes that were not met, by reason.
    pub denied: BTreeMap<&'static str, u64>,
    /// Attempts at a log-in that failed.
    pub attempts_failed: u64,
    /// Attempts at a log-in that were refused unseen, by which count.
    pub attempts_refused: BTreeMap<&'static str, u64>,
    /// Accounts whose attempts began to be delayed, and those that were locked.
    pub locked_out: u64,
    /// How long store commands took, by verb.
    pub store: BTreeMap<&'static str, Spread>,
    /// Store commands that failed, by kind.
    pub store_failures: BTreeMap<&'static str, u64>,
    /// Hits and misses of the cache, if there is one.
    pub cache: Option<CacheFigures>,
    /// The part of all loads that the cache answered, from 0 to 1.
    pub cache_hit_rate: Option<f64>,
    /// From the store's answer that a session has ended to this node's hearing it announced, by the way on which all nodes hear
    /// it: of the ends that this node has caused while it listened.
    pub invalidation_lag: Spread,
    /// Seconds since something was last heard of the ends of sessions, be it a heartbeat; `None` if nothing ever was.
    pub invalidation_silence: Option<f64>,
}

impl Snapshot {
    pub(super) fn of(sessions: &Sessions, state: &State) -> Self {
        let at = sessions.now();
        let count = |fact| sessions.count_of(fact);
        let cache = sessions.cache_figures();
        let commands = Verb::ALL.iter().zip(state.commands());
        Self {
            at,
            live: state.census(),
            created: created(sessions),
            created_today: state.created_today(at),
            ended: REASONS.iter().map(|why| (reason(*why), count(Fact::Ended(*why)))).collect(),
            expired: expired(sessions),
            duration: state.lifetimes().spread(),
            refused: RefusalKind::ALL.iter().map(|kind| (kind.name(), count(Fact::Refused(*kind)))).collect(),
            denied: DENIALS.iter().map(|kind| (kind.name(), count(Fact::Denied(*kind)))).collect(),
            attempts_failed: count(Fact::AttemptFailed),
            attempts_refused: LIMITERS.iter().map(|by| (limiter(*by), count(Fact::AttemptRefused(*by)))).collect(),
            locked_out: count(Fact::Delayed) + count(Fact::Locked),
            store: commands.map(|(verb, took)| (verb.name(), took.spread())).collect(),
            store_failures: STORE_FAILURES
                .iter()
                .map(|kind| (store_failure(*kind), count(Fact::StoreFailed(*kind))))
                .collect(),
            cache,
            cache_hit_rate: cache.and_then(CacheFigures::hit_rate),
            invalidation_lag: state.lag.lags().spread(),
            invalidation_silence: state.lag.silence().map(|silence| silence.as_secs_f64()),
        }
    }
}

pub(super) fn created(sessions: &Sessions) -> u64 {
    [Fact::Started, Fact::LoggedIn, Fact::FirstFactorPassed].map(|fact| sessions.count_of(fact)).iter().sum()
}

pub(super) fn expired(sessions: &Sessions) -> Option<u64> {
    (!sessions.expire_by_themselves()).then(|| sessions.count_of(Fact::Swept))
}
