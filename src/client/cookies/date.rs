//! Dates of cookies, in every form that RFC 6265bis, section 5.1.1, reads.

use std::time::Duration;

use crate::clock::Timestamp;

/// Reads a date. Whatever lies before 1970 is 1970: as long ago as can be told.
pub(super) fn parse(text: &[u8]) -> Option<Timestamp> {
    let mut found = Found::default();
    for token in text.split(|byte| is_delimiter(*byte)).filter(|token| !token.is_empty()) {
        found.take(token);
    }
    found.into_instant()
}

/// What the tokens have told so far: of each kind, the first one counts.
#[derive(Default)]
struct Found {
    time: Option<[u64; 3]>,
    day: Option<u64>,
    month: Option<u64>,
    year: Option<u64>,
}

impl Found {
    /// A token that fits nothing which is still open is passed over.
    fn take(&mut self, token: &[u8]) {
        if self.time.is_none()
            && let Some(time) = time(token)
        {
            self.time = Some(time);
        } else if self.day.is_none()
            && let Some((day, rest)) = number(token, 1, 2)
            && ends(rest)
        {
            self.day = Some(day);
        } else if self.month.is_none()
            && let Some(month) = month(token)
        {
            self.month = Some(month);
        } else if self.year.is_none()
            && let Some((year, rest)) = number(token, 2, 4)
            && ends(rest)
        {
            self.year = Some(year);
        }
    }

    fn into_instant(self) -> Option<Timestamp> {
        let ([hour, minute, second], day, month) = (self.time?, self.day?, self.month?);
        let year = match self.year? {
            year @ 70..=99 => year + 1900,
            year @ 0..=69 => year + 2000,
            year => year,
        };
        let valid = year >= FIRST_YEAR
            && (1..=days_in(month, year)).contains(&day)
            && hour <= 23
            && minute <= 59
            && second <= 59;
        if !valid {
            return None;
        }
        let days = days_since(year, month, day).checked_sub(days_since(1970, 1, 1));
        let seconds = days.map_or(0, |days| days * 86_400 + hour * 3600 + minute * 60 + second);
        Some(Timestamp::from_millis(0).after(Duration::from_secs(seconds)))
    }
}

/// `hh:mm:ss`, each of one or two digits, and then anything but a digit.
fn time(token: &[u8]) -> Option<[u64; 3]> {
    let (hour, rest) = number(token, 1, 2)?;
    let (minute, rest) = number(rest.strip_prefix(b":")?, 1, 2)?;
    let (second, rest) = number(rest.strip_prefix(b":")?, 1, 2)?;
    ends(rest).then_some([hour, minute, second])
}

/// The month that the first three letters name, from 1.
fn month(token: &[u8]) -> Option<u64> {
    let name = token.get(..3)?;
    MONTHS.iter().zip(1..).find(|(month, _)| month.as_bytes().eq_ignore_ascii_case(name)).map(|(_, number)| number)
}

/// The number at the start, of at most `most` digits, and what follows them.
fn number(token: &[u8], least: usize, most: usize) -> Option<(u64, &[u8])> {
    let digits = token.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
    let value = token[..digits].iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0'));
    (digits >= least).then_some((value, &token[digits..]))
}

fn ends(rest: &[u8]) -> bool {
    !rest.first().is_some_and(u8::is_ascii_digit)
}

const fn is_delimiter(byte: u8) -> bool {
    matches!(byte, 0x09 | 0x20..=0x2f | 0x3b..=0x40 | 0x5b..=0x60 | 0x7b..=0x7e)
}

const fn days_in(month: u64, year: u64) -> u64 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1 March of the year 0 in the Gregorian calendar. Years here begin in March, so that the day that some
/// of them have more is their last.
const fn days_since(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Earlier years are no dates.
const FIRST_YEAR: u64 = 1601;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s5_1_1_every_day_of_four_centuries_follows_the_one_before() {
        let mut before = days_since(1969, 12, 31);
        for year in 1970..2370 {
            for month in 1..=12 {
                for day in 1..=days_in(month, year) {
                    let this = days_since(year, month, day);
                    assert_eq!(this, before + 1, "{year}-{month}-{day}");
                    before = this;
                }
            }
        }
        assert_eq!(before - days_since(1969, 12, 31), 400 * 365 + 97);
    }

    #[test]
    fn s5_1_1_the_epoch_is_zero() {
        assert_eq!(parse(b"Thu, 01 Jan 1970 00:00:00 GMT"), Some(Timestamp::from_millis(0)));
        assert_eq!(parse(b"Thu, 01 Jan 1970 00:00:01 GMT"), Some(Timestamp::from_millis(1000)));
    }
}
