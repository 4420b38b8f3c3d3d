//! Instants and durations in words.

use std::time::Duration;

use maud::{Markup, html};

use crate::clock::Timestamp;

/// How long ago something was, as in `3 min ago`.
pub(crate) fn ago(now: Timestamp, then: Timestamp) -> Markup {
    let passed = now.since(then);
    let words = if passed < MINUTE { "just now".to_owned() } else { format!("{} ago", span(passed)) };
    at(then, &words)
}

/// How long it is until something happens, as in `in 7 h`.
pub(crate) fn left(now: Timestamp, then: Timestamp) -> Markup {
    let left = then.since(now);
    let words = if left < MINUTE { "in less than a minute".to_owned() } else { format!("in {}", span(left)) };
    at(then, &words)
}

/// An instant to the second, as in `2026-11-20 09:30:00 UTC`.
pub(crate) fn moment(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (to_the_second(at)) } }
}

fn at(instant: Timestamp, words: &str) -> Markup {
    html! { time datetime=(instant) title=(to_the_second(instant)) { (words) } }
}

fn to_the_second(at: Timestamp) -> String {
    let text = at.to_string();
    let (date, time) = text.split_once('T').unwrap_or((&text, ""));
    format!("{date} {} UTC", time.split('.').next().unwrap_or_default())
}

/// In the largest unit that has gone by at least once, and the next one below it where that says much.
fn span(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    match (minutes / 1_440, minutes / 60, minutes % 60) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours @ 1..10, minutes @ 1..) => format!("{hours} h {minutes} min"),
        (0, hours, _) => format!("{hours} h"),
        (1, ..) => "1 day".to_owned(),
        (days, ..) => format!("{days} days"),
    }
}

const MINUTE: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_one_would_say_them() {
        let now = Timestamp::from_millis(1_795_000_000_000);
        for (seconds, past, future) in [
            (0, "just now", "in less than a minute"),
            (59, "just now", "in less than a minute"),
            (60, "1 min ago", "in 1 min"),
            (3_599, "59 min ago", "in 59 min"),
            (3_600, "1 h ago", "in 1 h"),
            (9_000, "2 h 30 min ago", "in 2 h 30 min"),
            (39_000, "10 h ago", "in 10 h"),
            (86_400, "1 day ago", "in 1 day"),
            (1_209_600, "14 days ago", "in 14 days"),
        ] {
            let distance = Duration::from_secs(seconds);
            let then = now.after(distance);
            assert!(ago(then, now).into_string().ends_with(&format!(">{past}</time>")), "{seconds}");
            assert!(left(now, then).into_string().ends_with(&format!(">{future}</time>")), "{seconds}");
        }
        let shown = moment(Timestamp::from_millis(1_800_000_000_123)).into_string();
        assert_eq!(shown, r#"<time datetime="2027-01-15T08:00:00.123Z">2027-01-15 08:00:00 UTC</time>"#);
    }
}
