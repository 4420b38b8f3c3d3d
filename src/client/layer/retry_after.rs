//! `Retry-After`: when a server wants to be asked again (RFC 9110, section 10.2.3).

use std::time::Duration;

use http::{HeaderMap, header::RETRY_AFTER};

use crate::clock::Timestamp;

/// In the extensions of a 503 or 429: the server asked to be left alone for so long, which was longer than
/// the layer waits, or the request could not be sent once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryAfter(pub Duration);

/// How long to wait, from seconds or from a date. `None` without the header, or if it says something else.
pub(super) fn read(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More seconds than fit are more than anybody waits.
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(Timestamp::from(date).since(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_understood_and_nothing_else() {
        // 2027-01-15T08:00:00Z.
        let now = Timestamp::from_millis(1_800_000_000_000);
        let read = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            read(&headers, now)
        };
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(read("0"), seconds(0));
        assert_eq!(read("120"), seconds(120));
        assert_eq!(read("99999999999999999999999"), seconds(u64::MAX));
        assert_eq!(read("Fri, 15 Jan 2027 08:00:07 GMT"), seconds(7));
        assert_eq!(read("Fri, 15 Jan 2027 07:00:00 GMT"), seconds(0), "a date that is over");
        assert_eq!(read("Friday, 15-Jan-27 08:00:07 GMT"), seconds(7), "the form of RFC 850");
        for nothing in ["", "soon", "-1", "+1", "1.5", "1 s", "2027-01-15T08:00:07Z"] {
            assert_eq!(read(nothing), None, "{nothing}");
        }
    }
}
