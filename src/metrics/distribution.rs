//! How long things take: counted in classes that grow with the value, so that any quantile is within 4 % of the truth, in 8 KiB,
//! without a lock.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use serde::Serialize;

/// A distribution of durations, in seconds. Quantiles are within 4 % of the truth; all is 0 while `count` is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Spread {
    /// How many there were.
    pub count: u64,
    /// Their mean.
    pub mean: f64,
    /// Half of them took no longer.
    pub p50: f64,
    /// Nine in ten took no longer.
    pub p90: f64,
    /// 99 in 100 took no longer.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

/// Counts durations, in a unit that is chosen so that their sum does not overflow.
pub(super) struct Distribution {
    unit: Duration,
    classes: Box<[AtomicU64]>,
    sum: AtomicU64,
    max: AtomicU64,
}

/// What a distribution had counted at some moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    classes: Vec<u64>,
    sum: u64,
    max: u64,
    unit: f64,
}

impl Distribution {
    /// For what takes less than a second, usually.
    pub(super) fn of_moments() -> Self {
        Self::new(Duration::from_nanos(1))
    }

    /// For what takes hours or weeks.
    pub(super) fn of_lives() -> Self {
        Self::new(Duration::from_millis(1))
    }

    fn new(unit: Duration) -> Self {
        let classes = (0..CLASSES).map(|_| AtomicU64::new(0)).collect();
        Self { unit, classes, sum: AtomicU64::new(0), max: AtomicU64::new(0) }
    }

    pub(super) fn add(&self, took: Duration) {
        let value = u64::try_from(took.as_nanos() / self.unit.as_nanos()).unwrap_or(u64::MAX);
        if let Some(class) = self.classes.get(class_of(value)) {
            class.fetch_add(1, Relaxed);
        }
        self.sum.fetch_add(value, Relaxed);
        self.max.fetch_max(value, Relaxed);
    }

    pub(super) fn counted(&self) -> Counted {
        Counted {
            classes: self.classes.iter().map(|class| class.load(Relaxed)).collect(),
            sum: self.sum.load(Relaxed),
            max: self.max.load(Relaxed),
            unit: self.unit.as_secs_f64(),
        }
    }

    pub(super) fn spread(&self) -> Spread {
        self.counted().spread()
    }
}

impl Counted {
    /// Both together: of one unit.
    pub(super) fn and(mut self, other: &Self) -> Self {
        if self.classes.is_empty() {
            return other.clone();
        }
        self.classes.iter_mut().zip(&other.classes).for_each(|(mine, other)| *mine += other);
        Self { sum: self.sum.wrapping_add(other.sum), max: self.max.max(other.max), ..self }
    }

    /// What has come to it since `earlier`.
    pub(super) fn since(&self, earlier: &Self) -> Self {
        let mut classes = self.classes.clone();
        classes.iter_mut().zip(&earlier.classes).for_each(|(now, then)| *now = now.saturating_sub(*then));
        Self { classes, sum: self.sum.saturating_sub(earlier.sum), ..*self }
    }

    #[allow(clippy::cast_precision_loss, reason = "statistics")]
    pub(super) fn spread(&self) -> Spread {
        let count = self.classes.iter().sum();
        if count == 0 {
            return Spread::default();
        }
        let [p50, p90, p99] = [50, 90, 99].map(|percent| self.quantile(count, percent));
        let in_seconds = |value: f64| value * self.unit;
        Spread {
            count,
            mean: in_seconds(self.sum as f64 / count as f64),
            p50,
            p90,
            p99,
            max: in_seconds(self.max as f64),
        }
    }

    /// The least value that so many in a hundred do not exceed: the middle of its class.
    #[allow(clippy::cast_precision_loss, reason = "statistics")]
    fn quantile(&self, count: u64, percent: u64) -> f64 {
        let rank = (u128::from(count) * u128::from(percent)).div_ceil(100);
        let mut seen = 0;
        let class = self.classes.iter().position(|class| {
            seen += u128::from(*class);
            seen >= rank
        });
        let middle = class.map_or(0, middle_of).min(self.max);
        middle as f64 * self.unit
    }
}

/// Small values have a class of their own; above, each power of two is cut into [`PARTS`].
fn class_of(value: u64) -> usize {
    if value < PARTS {
        return value as usize;
    }
    let power = u64::from(63 - value.leading_zeros());
    let part = (value >> (power - PARTS_LOG)) - PARTS;
    ((power - PARTS_LOG + 1) * PARTS + part) as usize
}

fn middle_of(class: usize) -> u64 {
    let (power, part) = (class as u64 / PARTS, class as u64 % PARTS);
    if power == 0 {
        return part;
    }
    let width = 1_u64 << (power - 1);
    (PARTS + part).saturating_mul(width).saturating_add(width / 2)
}

const PARTS_LOG: u64 = 4;
const PARTS: u64 = 1 << PARTS_LOG;
const CLASSES: usize = ((64 - PARTS_LOG + 1) * PARTS) as usize;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_has_a_class_whose_middle_is_near() {
        for power in 0..64 {
            for value in [1_u64 << power, (1 << power) + (1 << power) / 3, ((1 << power) - 1) | (1 << power)] {
                let class = class_of(value);
                assert!(class < CLASSES, "{value}");
                let middle = middle_of(class);
                assert!(middle.abs_diff(value) as f64 <= value as f64 * 0.04, "{value} {middle}");
            }
        }
    }

    #[test]
    fn quantiles_are_those_of_the_sorted_values_within_4_percent() {
        let distribution = Distribution::of_moments();
        let mut values: Vec<u64> = (1..=10_000_u64).map(|n| n * n * 37 % 90_000_001 + 1).collect();
        values.iter().for_each(|value| distribution.add(Duration::from_nanos(*value)));
        values.sort_unstable();
        let spread = distribution.spread();
        assert_eq!(spread.count, 10_000);
        for (quantile, rank) in [(spread.p50, 5_000), (spread.p90, 9_000), (spread.p99, 9_900)] {
            let truth = values[rank - 1] as f64 / 1e9;
            assert!((quantile / truth - 1.0).abs() < 0.04, "{quantile} {truth}");
        }
        let mean = values.iter().sum::<u64>() as f64 / 1e13;
        assert!((spread.mean / mean - 1.0).abs() < 1e-6);
        assert!((spread.max * 1e9 - values[9_999] as f64).abs() < 1.0);
    }

    #[test]
    fn lives_of_months_do_not_overflow_and_a_difference_is_what_came_since() {
        let distribution = Distribution::of_lives();
        let month = Duration::from_secs(30 * 24 * 60 * 60);
        (0..10_000).for_each(|_| distribution.add(month));
        let before = distribution.counted();
        assert!((distribution.spread().mean / month.as_secs_f64() - 1.0).abs() < 1e-6);
        distribution.add(Duration::from_secs(1));
        let since = distribution.counted().since(&before).spread();
        assert_eq!(since.count, 1);
        assert!((since.p99 - 1.0).abs() < 0.04, "{since:?}");
        assert_eq!(Distribution::of_lives().spread(), Spread::default());
    }
}
