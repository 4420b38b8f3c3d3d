//! A figure and its last hour: pure data, and what a page and a stream say of it.

use serde::Serialize;

/// What the operators' view shows as a number and its last hour.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    pub(super) title: Box<str>,
    pub(super) hint: Box<str>,
    unit: Box<str>,
    is_level: bool,
    /// Of the last hour, the oldest in front; `None` where it is not known.
    minutes: [Option<f64>; HOUR],
}

/// A figure as the page draws it, in words and heights.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Drawn {
    pub(super) value: String,
    pub(super) summary: String,
    pub(super) most: String,
    /// The height of the plot.
    pub(super) room: u32,
    pub(super) bars: Vec<u32>,
    /// Of five minutes each, the newest in front.
    pub(super) rows: Vec<String>,
}

impl Figure {
    /// How often something has happened, minute by minute, the present one last: the number is the sum of the last hour.
    pub fn count(title: impl Into<Box<str>>, minutes: impl IntoIterator<Item = f64>) -> Self {
        Self::known(title, false, minutes.into_iter().map(Some))
    }

    /// How much there is of something, minute by minute, the present one last: the number is that of now.
    pub fn level(title: impl Into<Box<str>>, minutes: impl IntoIterator<Item = f64>) -> Self {
        Self::known(title, true, minutes.into_iter().map(Some))
    }

    /// Says in a few words what is counted.
    #[must_use]
    pub fn hint(self, hint: impl Into<Box<str>>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    /// Says what it is measured in, as in `ms`.
    #[must_use]
    pub fn unit(self, unit: impl Into<Box<str>>) -> Self {
        Self { unit: unit.into(), ..self }
    }

    /// Of minutes that are known, and others that are not.
    pub(super) fn known(
        title: impl Into<Box<str>>,
        is_level: bool,
        known: impl IntoIterator<Item = Option<f64>>,
    ) -> Self {
        let known: Vec<Option<f64>> = known.into_iter().collect();
        let mut minutes = [None; HOUR];
        for (minute, value) in minutes.iter_mut().rev().zip(known.into_iter().rev()) {
            *minute = value.filter(|value| value.is_finite() && *value >= 0.0);
        }
        Self { title: title.into(), hint: Box::default(), unit: Box::default(), is_level, minutes }
    }

    /// What the number is of.
    pub(super) fn period(&self) -> String {
        let period = if self.is_level { "now" } else { "in the last hour" };
        if self.unit.is_empty() { period.to_owned() } else { format!("{} {period}", self.unit) }
    }

    pub(super) const fn is_level(&self) -> bool {
        self.is_level
    }

    pub(super) fn draw(&self) -> Drawn {
        let known = || self.minutes.iter().flatten().copied();
        let most = known().fold(0.0, f64::max);
        let value = number(self.summed(&self.minutes));
        let summary = format!(
            "{}: {value} {}. Minute by minute, the most was {}; in the present minute it is {}.",
            self.title,
            self.period(),
            number(Some(most)),
            number(self.minutes[HOUR - 1])
        );
        Drawn {
            value,
            summary,
            most: format!("{}{}", number(Some(most)), self.rate()),
            room: ROOM,
            bars: self.minutes.iter().map(|minute| height(minute.unwrap_or(0.0), most)).collect(),
            rows: self.minutes.rchunks(ROW).map(|row| number(self.summed(row))).collect(),
        }
    }

    /// What stands behind the number of a minute.
    fn rate(&self) -> String {
        match (&*self.unit, self.is_level) {
            ("", true) => String::new(),
            ("", false) => " a minute".to_owned(),
            (unit, true) => format!(" {unit}"),
            (unit, false) => format!(" {unit} a minute"),
        }
    }

    /// What several minutes come to. Of what nobody knows nothing is said.
    fn summed(&self, minutes: &[Option<f64>]) -> Option<f64> {
        let known = minutes.iter().flatten().copied();
        if self.is_level { known.last() } else { known.reduce(|sum, minute| sum + minute) }
    }
}

/// As high as its share of the most, and to be seen if it is anything at all.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between nothing and the height of the plot"
)]
fn height(value: f64, most: f64) -> u32 {
    if value <= 0.0 || most <= 0.0 { 0 } else { ((value / most * f64::from(ROOM)).round() as u32).clamp(2, ROOM) }
}

/// Whole, or with one digit after the point; in groups of three.
fn number(value: Option<f64>) -> String {
    let Some(value) = value else { return "–".to_owned() };
    let text = if value.fract().abs() < 0.05 { format!("{value:.0}") } else { format!("{value:.1}") };
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (at, digit) in whole.char_indices() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped + rest
}

/// Minutes in an hour.
pub(super) const HOUR: usize = 60;
/// Minutes in a row of the table.
pub(super) const ROW: usize = 5;
/// The height of a plot, and the width of a bar with its gap.
pub(super) const ROOM: u32 = 56;
pub(super) const STEP: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_summed_and_a_level_is_that_of_now() {
        let minutes = [1.0, 2.0, 0.0, 4.0, 3.0, 2.0];
        let count = Figure::count("Log-ins", minutes).draw();
        assert_eq!((count.value.as_str(), count.most.as_str()), ("12", "4 a minute"));
        assert_eq!(count.rows[..3], ["11", "1", "–"]);
        assert_eq!(count.rows.len() * ROW, HOUR);
        assert_eq!(count.bars[HOUR - 7..], [0, 14, 28, 0, 56, 42, 28]);
        assert!(count.summary.starts_with("Log-ins: 12 in the last hour."), "{}", count.summary);
        let level = Figure::level("Users", minutes).draw();
        assert_eq!((level.value.as_str(), level.rows[0].as_str(), level.most.as_str()), ("2", "2", "4"));
        let time = Figure::known("Latency", true, [Some(1.25), Some(0.5), None]).unit("ms");
        assert_eq!((time.draw().value.as_str(), time.draw().most.as_str()), ("0.5", "1.2 ms"));
        assert!(time.draw().summary.starts_with("Latency: 0.5 ms now."), "{}", time.draw().summary);
    }

    #[test]
    fn nothing_known_and_nothing_sensible_is_shown_as_such() {
        for known in [&[][..], &[f64::NAN], &[-1.0], &[f64::INFINITY]] {
            let drawn = Figure::level("x", known.iter().copied()).draw();
            assert_eq!((drawn.value.as_str(), drawn.bars[HOUR - 1]), ("–", 0), "{known:?}");
        }
        let many = Figure::count("x", (0..100).map(f64::from)).draw();
        assert_eq!(many.value, "4\u{202f}170", "the last sixty");
        assert_eq!(Figure::level("x", [1_234_567.26]).draw().value, "1\u{202f}234\u{202f}567.3");
        assert_eq!(Figure::count("x", [0.001, 1_000.0]).draw().bars[HOUR - 2], 2, "little is not nothing");
    }
}
