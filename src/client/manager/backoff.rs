//! How long to wait after a refresh that has failed.

use std::time::Duration;

use crate::key::random_bytes;

/// How long to wait between refreshes that fail: twice as long each time, and up to half of it less by chance,
/// so that many programs do not come back at once. A server's `Retry-After` is kept to where it is longer.
///
/// ```
/// use countersign::client::BackOff;
/// use std::time::Duration;
///
/// let back_off = BackOff::default();
/// assert_eq!(back_off.first, Duration::from_secs(1));
/// assert_eq!(back_off.longest, Duration::from_secs(5 * 60));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackOff {
    /// After the first failure. 1 second by default.
    pub first: Duration,
    /// Never longer than this, unless the server asks for it. 5 minutes by default.
    pub longest: Duration,
}

impl Default for BackOff {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(5 * 60) }
    }
}

impl BackOff {
    /// The pause after so many failures in a row; `chance` runs from 0 to 1.
    pub(super) fn pause(self, failures: u32, after: Option<Duration>, chance: f64) -> Duration {
        let doubled = self.first.saturating_mul(1 << failures.saturating_sub(1).min(LAST_DOUBLING));
        let whole = doubled.min(self.longest);
        let pause = whole / 2 + (whole / 2).mul_f64(chance);
        pause.max(after.unwrap_or_default())
    }
}

/// From 0 to 1. Without a random generator, the middle: what depends on this is politeness, not safety.
pub(super) fn chance() -> f64 {
    random_bytes::<1>().map_or(0.5, |[byte]| f64::from(byte) / 255.0)
}

const LAST_DOUBLING: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn pauses_double_up_to_the_longest() {
        let back_off = BackOff::default();
        assert_eq!([1, 2, 3, 4].map(|n| back_off.pause(n, None, 1.0)), [1, 2, 4, 8].map(|n| SECOND * n));
        assert_eq!(back_off.pause(1_000, None, 1.0), back_off.longest);
    }

    #[test]
    fn chance_takes_away_up_to_half() {
        assert_eq!(BackOff::default().pause(1, None, 0.0), SECOND / 2);
        assert!((0.0..=1.0).contains(&chance()));
    }

    #[test]
    fn what_the_server_asks_for_is_kept_to() {
        assert_eq!(BackOff::default().pause(1, Some(SECOND * 900), 0.3), SECOND * 900);
        assert_eq!(BackOff::default().pause(3, Some(SECOND), 1.0), SECOND * 4);
    }

    #[test]
    fn no_setting_overflows() {
        let endless = BackOff { first: Duration::MAX, longest: Duration::MAX };
        assert!(endless.pause(u32::MAX, Some(Duration::MAX), 1.0) <= Duration::MAX);
    }
}
