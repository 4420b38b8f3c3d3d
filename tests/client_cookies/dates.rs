//! Section 5.1.1: dates, in every form that the algorithm reads, by what `Expires` comes to.

use countersign::{Timestamp, client::CookieJar};

use crate::help::{HERE, now, uri};

/// The expiry of a cookie with this `Expires`, if it is read at all; the present is long before it.
fn read(date: &str) -> Option<String> {
    read_from(date, Timestamp::from_millis(0))
}

fn read_from(date: &str, present: Timestamp) -> Option<String> {
    let mut jar = CookieJar::new();
    jar.insert(&uri(HERE), format!("a=1; Expires={date}"), present).unwrap();
    let expires_at = jar.iter().next()?.expires_at();
    expires_at.map(|instant| instant.to_string())
}

/// Lifetimes end after 400 days, so that each date is read at a day before it.
fn assert_read(date: &str, expected: &str) {
    let present = Timestamp::from(humantime::parse_rfc3339(expected).unwrap()).as_millis() - 86_400_000;
    let read = read_from(date, Timestamp::from_millis(present));
    assert_eq!(read.as_deref().map(|text| &text[..19]), Some(&expected[..19]), "{date}");
}

#[test]
fn s5_1_1_the_three_forms_of_http_are_read() {
    for date in ["Fri, 20 Nov 2026 09:30:15 GMT", "Friday, 20-Nov-26 09:30:15 GMT", "Fri Nov 20 09:30:15 2026"] {
        assert_read(date, "2026-11-20T09:30:15Z");
    }
}

#[test]
fn s5_1_1_tokens_may_stand_in_any_order_between_any_delimiters() {
    for date in [
        "2026 Nov 20 09:30:15",
        "09:30:15 20 Nov 2026",
        "Nov 2026 09:30:15 20",
        "20/Nov/2026/09:30:15",
        "20-Nov-2026!09:30:15",
        "20,Nov,2026,09:30:15",
        "  20\tNov\t2026\t09:30:15  ",
        "20(Nov)2026[09:30:15]",
        "20~Nov{2026}09:30:15|",
        "\"20\" 'Nov' <2026> @09:30:15@",
        "20=Nov=2026=09:30:15",
        "--20--Nov--2026--09:30:15--",
    ] {
        assert_read(date, "2026-11-20T09:30:15Z");
    }
}

#[test]
fn s5_1_1_what_is_no_part_of_a_date_is_passed_over() {
    for date in [
        "Nonsense, 20 Nov 2026 09:30:15 GMT",
        "Sun, 20 Nov 2026 09:30:15 PST",
        "20 Nov 2026 09:30:15 +0200",
        "20 Nov 2026 09:30:15 x y z 12345678",
        "123456 20 Nov 2026 09:30:15",
        "20 Nov 2026 9:30 09:30:15",
        "20 Nov 2026 1:2:345 09:30:15",
        "\u{e9}t\u{e9} 20 Nov 2026 09:30:15",
    ] {
        assert_read(date, "2026-11-20T09:30:15Z");
    }
}

#[test]
fn s5_1_1_of_each_kind_the_first_token_counts() {
    assert_read("20 Nov 2026 09:30:15 10:00:00 Dec 2027", "2026-11-20T09:30:15Z");
    // Once the day is told, the next number of two digits is the year.
    assert_read("20 26 Nov 09:30:15 2031", "2026-11-20T09:30:15Z");
}

#[test]
fn s5_1_1_numbers_may_be_short_and_may_be_followed_by_other_characters() {
    assert_read("1 Nov 2026 9:3:5", "2026-11-01T09:03:05Z");
    assert_read("1st Nov 2026AD 9:3:5.123", "2026-11-01T09:03:05Z");
    assert_read("01 Nov 2026 09:03:05Z", "2026-11-01T09:03:05Z");
    assert_read("20Nov Nov 2026 09:30:15", "2026-11-20T09:30:15Z");
}

#[test]
fn s5_1_1_months_are_three_letters_of_any_case_and_whatever_follows() {
    let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    for (month, number) in months.into_iter().zip(1..) {
        for spelt in [month.to_owned(), month.to_uppercase(), format!("{month}ember"), format!("{month}\u{e4}")] {
            assert_read(&format!("15 {spelt} 2027 00:00:00"), &format!("2027-{number:02}-15T00:00:00Z"));
        }
    }
}

#[test]
fn s5_1_1_two_digit_years_from_70_are_of_the_last_century() {
    assert_read("20 Nov 99 09:30:15", "1999-11-20T09:30:15Z");
    assert_read("20 Nov 70 09:30:15", "1970-11-20T09:30:15Z");
    assert_read("20 Nov 69 09:30:15", "2069-11-20T09:30:15Z");
    assert_read("20 Nov 00 09:30:15", "2000-11-20T09:30:15Z");
    // Three and four digits are read as numbers, too.
    assert_read("20 Nov 026 09:30:15", "2026-11-20T09:30:15Z");
    assert_read("20 Nov 0099 09:30:15", "1999-11-20T09:30:15Z");
}

#[test]
fn s5_1_1_leap_days_exist_in_leap_years() {
    assert_read("29 Feb 2028 12:00:00", "2028-02-29T12:00:00Z");
    assert_read("29 Feb 2000 12:00:00", "2000-02-29T12:00:00Z");
    assert_eq!(read("29 Feb 2100 12:00:00"), None);
    assert_eq!(read("29 Feb 2027 12:00:00"), None);
}

#[test]
fn s5_1_1_what_is_missing_or_out_of_range_makes_it_no_date() {
    for date in [
        "",
        "tomorrow",
        "20 Nov 2026",
        "Nov 2026 09:30:15",
        "20 2026 09:30:15",
        "20 Nov 09:30:15",
        "20 Nov 2026 24:00:00",
        "20 Nov 2026 09:60:00",
        "20 Nov 2026 09:30:60",
        "00 Nov 2026 09:30:15",
        "32 Jan 2026 09:30:15",
        "31 Nov 2026 09:30:15",
        "30 Feb 2026 09:30:15",
        "20 Nov 1600 09:30:15",
        "20 Nov 160 09:30:15",
        "20 Nov 20266 09:30:15",
        "20 Nov 6 09:30:15",
        "200 Nov 2026 09:30:15",
        "20 No 2026 09:30:15",
        "20 Nov 2026 09:30",
        "20 Nov 2026 :09:30:15",
        "20 Nov 2026 009:30:15",
        "20 Nov 2026 09:30:155",
        "2026-11-20T09:30:15Z",
        "20 \u{669}\u{669} Nov 09:30:15",
        "\u{662}\u{660} Nov 2026 09:30:15",
    ] {
        assert_eq!(read(date), None, "{date}");
    }
}

#[test]
fn s5_1_1_years_begin_at_1601_and_what_is_past_is_past() {
    for date in ["01 Jan 1601 00:00:00", "31 Dec 1969 23:59:59", "20 Nov 1970 09:30:15", "20 Nov 2026 09:29:59"] {
        let mut jar = CookieJar::new();
        jar.insert(&uri(HERE), "a=1", now()).unwrap();
        assert_eq!(jar.insert(&uri(HERE), format!("a=; Expires={date}"), now()), Ok(true), "{date}");
        assert!(jar.is_empty(), "{date}");
    }
}
