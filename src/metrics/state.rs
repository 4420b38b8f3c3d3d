//! What a node has measured since it began: told to the recorder in the same moment in which it is added here.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use metrics::{counter, histogram};

use super::{
    census::Census,
    distribution::{Counted, Distribution},
    history::Sample,
    lag::Lag,
    names::{LAG, LIVED, STORE_COMMAND, series},
    timed::Verb,
};
use crate::{
    clock::Timestamp,
    record::SessionId,
    sessions::{Event, Fact, Meter},
};

pub(super) struct State {
    commands: [Distribution; Verb::ALL.len()],
    lived: Distribution,
    today: Mutex<Today>,
    pub(super) lag: Lag,
    /// The last count of all sessions.
    census: Mutex<Option<Census>>,
    /// One count at a time.
    pub(super) counting: tokio::sync::Mutex<()>,
    history: Mutex<VecDeque<Sample>>,
}

/// Sessions that this node has begun on one day.
#[derive(Clone, Copy, Debug, Default)]
struct Today {
    day: u64,
    created: u64,
}

impl State {
    pub(super) fn new() -> Self {
        Self {
            commands: Verb::ALL.map(|_| Distribution::of_moments()),
            lived: Distribution::of_lives(),
            today: Mutex::default(),
            lag: Lag::new(),
            census: Mutex::default(),
            counting: tokio::sync::Mutex::default(),
            history: Mutex::default(),
        }
    }

    /// A store command took so long.
    pub(super) fn took(&self, verb: Verb, how_long: Duration) {
        self.commands[verb as usize].add(how_long);
        histogram!(STORE_COMMAND, "verb" => verb.name()).record(how_long.as_secs_f64());
    }

    /// The end of a session was heard, on whichever node it was.
    pub(super) fn heard(&self, id: SessionId) {
        record_lag(self.lag.heard(id));
    }

    pub(super) const fn commands(&self) -> &[Distribution; Verb::ALL.len()] {
        &self.commands
    }

    /// All commands, whatever their verb.
    pub(super) fn all_commands(&self) -> Counted {
        self.commands.iter().fold(Counted::default(), |all, commands| all.and(&commands.counted()))
    }

    pub(super) const fn lifetimes(&self) -> &Distribution {
        &self.lived
    }

    /// Sessions that this node has begun on the day of `now`, by UTC.
    pub(super) fn created_today(&self, now: Timestamp) -> u64 {
        let today = *locked(&self.today);
        if today.day == day_of(now) { today.created } else { 0 }
    }

    pub(super) fn census(&self) -> Option<Census> {
        *locked(&self.census)
    }

    pub(super) fn keep_census(&self, census: Census) {
        *locked(&self.census) = Some(census);
    }

    pub(super) fn history(&self) -> Vec<Sample> {
        locked(&self.history).iter().copied().collect()
    }

    pub(super) fn keep_sample(&self, sample: Sample) {
        let mut history = locked(&self.history);
        if history.len() >= Sample::MOST {
            history.pop_front();
        }
        history.push_back(sample);
    }
}

impl Meter for State {
    fn counted(&self, event: &Event<'_>, fact: Fact, by: u64, now: Timestamp) {
        let (name, label) = series(fact);
        match label {
            Some((label, value)) => counter!(name, label => value).increment(by),
            None => counter!(name).increment(by),
        }
        match (fact, event) {
            (Fact::Started | Fact::LoggedIn | Fact::FirstFactorPassed, _) => {
                let mut today = locked(&self.today);
                if today.day != day_of(now) {
                    *today = Today { day: day_of(now), created: 0 };
                }
                today.created += by;
            }
            (_, Event::Ended { session, .. }) => record_lag(self.lag.happened(*session)),
            _ => {}
        }
    }

    fn lived(&self, how_long: Duration) {
        self.lived.add(how_long);
        histogram!(LIVED).record(how_long.as_secs_f64());
    }
}

/// The day of an instant, by UTC, as a number.
pub(super) const fn day_of(instant: Timestamp) -> u64 {
    instant.as_millis() / (24 * 60 * 60 * 1_000)
}

fn record_lag(lag: Option<Duration>) {
    if let Some(lag) = lag {
        histogram!(LAG).record(lag.as_secs_f64());
    }
}

/// Nothing panics while it is locked.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
