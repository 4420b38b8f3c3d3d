//! The last hour, minute by minute.

use serde::Serialize;

use super::{
    distribution::Counted,
    snapshot::{created, expired},
    state::State,
};
use crate::{clock::Timestamp, sessions::Sessions, store::CacheFigures};

/// One minute of a node. Live sessions are those of all nodes, as they were last counted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Sample {
    /// The end of the minute: milliseconds since 1970.
    pub at: Timestamp,
    /// Live sessions; `None` before the first count.
    pub sessions: Option<u64>,
    /// Users with a live session.
    pub users: Option<u64>,
    /// Sessions begun in this minute, by this node.
    pub created: u64,
    /// Sessions ended before their time.
    pub ended: u64,
    /// Expired sessions deleted; `None` where the store's engine does it.
    pub expired: Option<u64>,
    /// Credentials refused.
    pub refused: u64,
    /// Attempts at a log-in that failed, or were refused unseen.
    pub attempts: u64,
    /// Store commands.
    pub commands: u64,
    /// Half of them took no longer than so many seconds; `None` if there were none.
    pub store_p50: Option<f64>,
    /// The same of 99 in 100.
    pub store_p99: Option<f64>,
    /// Store commands that failed.
    pub store_failures: u64,
    /// The part of all loads that the cache answered, from 0 to 1.
    pub cache_hit_rate: Option<f64>,
    /// Half of the ends that this node has caused were heard within so many seconds.
    pub invalidation_lag: Option<f64>,
}

impl Sample {
    /// So many are kept: an hour.
    pub const MOST: usize = 60;
}

/// Where the counts stood at the end of the last minute.
pub(super) struct Minute {
    created: u64,
    ended: u64,
    expired: Option<u64>,
    refused: u64,
    attempts: u64,
    commands: Counted,
    store_failures: u64,
    cache: Option<CacheFigures>,
    lags: Counted,
}

impl Minute {
    pub(super) fn begins(sessions: &Sessions, state: &State) -> Self {
        let counters = sessions.counters();
        Self {
            created: created(sessions),
            ended: counters.ended,
            expired: expired(sessions),
            refused: counters.refused.iter().sum(),
            attempts: counters.attempts_failed + counters.attempts_refused,
            commands: state.all_commands(),
            store_failures: counters.store_failures,
            cache: sessions.cache_figures(),
            lags: state.lag.lags().counted(),
        }
    }

    /// The minute is over: what has happened in it, and the next one.
    pub(super) fn ends(self, sessions: &Sessions, state: &State) -> (Sample, Self) {
        let next = Self::begins(sessions, state);
        let live = state.census();
        let (commands, lags) = (next.commands.since(&self.commands).spread(), next.lags.since(&self.lags).spread());
        let if_any = |count: u64, figure: f64| (count > 0).then_some(figure);
        let cache = next.cache.map(|now| now.since(self.cache.unwrap_or_default()));
        let sample = Sample {
            at: sessions.now(),
            sessions: live.map(|live| live.sessions),
            users: live.map(|live| live.users),
            created: next.created - self.created,
            ended: next.ended - self.ended,
            expired: next.expired.map(|now| now - self.expired.unwrap_or_default()),
            refused: next.refused - self.refused,
            attempts: next.attempts - self.attempts,
            commands: commands.count,
            store_p50: if_any(commands.count, commands.p50),
            store_p99: if_any(commands.count, commands.p99),
            store_failures: next.store_failures - self.store_failures,
            cache_hit_rate: cache.and_then(CacheFigures::hit_rate),
            invalidation_lag: if_any(lags.count, lags.p50),
        };
        (sample, next)
    }
}
