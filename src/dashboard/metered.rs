//! What the metrics know beside the counters, where these sessions are measured.

use super::Figure;
use crate::{metrics::Sample, sessions::Sessions};

/// Nothing, unless the builder was told to measure. The finished minutes are those of the metrics' own task.
pub(super) fn figures(sessions: &Sessions) -> Vec<Figure> {
    let Some(metrics) = sessions.metrics() else { return Vec::new() };
    let (hour, live) = (metrics.history(), metrics.glance().live);
    let level = |title: &'static str, of: fn(&Sample) -> Option<f64>, now: Option<f64>| {
        Figure::known(title, true, hour.iter().map(of).chain([now]))
    };
    let mut figures = vec![
        level("Active sessions", |minute| minute.sessions.map(exact), live.map(|live| exact(live.sessions)))
            .hint("on all nodes, as last counted"),
        level("Active users", |minute| minute.users.map(exact), live.map(|live| exact(live.users)))
            .hint("with a session on any node"),
        level("Store latency", |minute| minute.store_p99.map(millis), None)
            .unit("ms")
            .hint("99 of 100 commands are faster"),
    ];
    if hour.iter().any(|minute| minute.cache_hit_rate.is_some()) {
        let hits = level("Cache hits", |minute| minute.cache_hit_rate.map(|rate| 100.0 * rate), None);
        figures.push(hits.unit("%").hint("of all loads, without the store"));
    }
    if hour.iter().any(|minute| minute.invalidation_lag.is_some()) {
        let lag = level("Announcements", |minute| minute.invalidation_lag.map(millis), None);
        figures.push(lag.unit("ms").hint("until an end is heard of, half of the time"));
    }
    figures
}

#[allow(clippy::cast_precision_loss, reason = "exact to 2^53")]
const fn exact(count: u64) -> f64 {
    count as f64
}

const fn millis(seconds: f64) -> f64 {
    seconds * 1_000.0
}
