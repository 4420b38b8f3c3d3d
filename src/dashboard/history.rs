//! What the counters said, minute by minute, over the last hour.

use std::collections::VecDeque;

use super::figure::{Figure, HOUR};
use crate::{clock::Timestamp, sessions::Counters};

/// How much each counter has grown, by minutes.
#[derive(Debug)]
pub(super) struct History {
    /// The present minute, since the epoch.
    minute: u64,
    last: [u64; COUNTED.len()],
    /// The present one at the end. No more than an hour, and none from before the start.
    minutes: VecDeque<[u64; COUNTED.len()]>,
}

/// Title, what is counted, and where it stands.
type Counted = (&'static str, &'static str, fn(&Counters) -> u64);

impl History {
    pub(super) fn new(counters: &Counters, now: Timestamp) -> Self {
        Self { minute: minute_of(now), last: read(counters), minutes: VecDeque::from([[0; COUNTED.len()]]) }
    }

    /// Adds what has happened since the last time to the present minute. A clock that is set back stands still until it is where
    /// it was.
    pub(super) fn sample(&mut self, counters: &Counters, now: Timestamp) {
        let passed = minute_of(now).saturating_sub(self.minute);
        self.minute += passed;
        for _ in 0..passed.min(HOUR as u64) {
            self.minutes.push_back([0; COUNTED.len()]);
        }
        while self.minutes.len() > HOUR {
            self.minutes.pop_front();
        }
        let seen = read(counters);
        if let Some(present) = self.minutes.back_mut() {
            for ((sum, seen), last) in present.iter_mut().zip(seen).zip(self.last) {
                *sum += seen.saturating_sub(last);
            }
        }
        self.last = seen;
    }

    pub(super) fn figures(&self) -> Vec<Figure> {
        let figure = |(at, (title, hint, _)): (usize, &Counted)| {
            #[allow(clippy::cast_precision_loss, reason = "nothing happens so often in a minute")]
            let minutes = self.minutes.iter().map(|minute| minute[at] as f64);
            Figure::count(*title, minutes).hint(*hint)
        };
        COUNTED.iter().enumerate().map(figure).collect()
    }
}

fn read(counters: &Counters) -> [u64; COUNTED.len()] {
    COUNTED.map(|(_, _, of)| of(counters))
}

const fn minute_of(now: Timestamp) -> u64 {
    now.as_millis() / 60_000
}

const COUNTED: [Counted; 6] = [
    ("Log-ins", "users who came in", |counters| counters.logged_in),
    ("Sessions ended", "before their time, by anybody", |counters| counters.ended),
    ("Refusals", "bad tokens, and demands of routes not met", |counters| {
        counters.refused.iter().sum::<u64>() + counters.denied
    }),
    ("Failed attempts", "wrong passwords and codes, and what was turned away", |counters| {
        counters.attempts_failed + counters.attempts_refused
    }),
    ("Suspicious use", "from elsewhere than before, or with an old token", |counters| {
        counters.suspicious + counters.reused
    }),
    ("Store failures", "commands that the store did not carry out", |counters| counters.store_failures),
];

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn values(history: &History) -> Vec<String> {
        history.figures().iter().map(|figure| figure.draw().value).collect()
    }

    #[test]
    fn what_happens_counts_for_an_hour() {
        let start = Timestamp::from_millis(1_800_000_000_000);
        let at = |minutes| start.after(Duration::from_mins(minutes));
        let mut counters = Counters { logged_in: 7, store_failures: 1, ..Counters::default() };
        let mut history = History::new(&counters, start);
        assert_eq!(values(&history), ["0"; 6], "what was before is not of this hour");

        counters.logged_in += 2;
        history.sample(&counters, at(0));
        counters.logged_in += 3;
        counters.refused[0] += 1;
        counters.denied += 1;
        history.sample(&counters, at(59));
        assert_eq!(values(&history), ["5", "0", "2", "0", "0", "0"]);
        history.sample(&counters, at(60));
        assert_eq!(values(&history)[0], "3");
        history.sample(&counters, at(10));
        assert_eq!(values(&history)[0], "3", "a clock that is set back changes nothing");
        history.sample(&counters, at(1_000));
        assert_eq!(values(&history), ["0"; 6]);
    }
}
