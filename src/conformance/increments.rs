//! What `change` promises about increments.

use super::{
    material::{NOW, add, after, equal, session, set, user},
    probe::Probe,
};
use crate::{
    record::{ChangeRefused, Record},
    store::{Changed, SessionStore},
};

promises!(change:
    counts_from_nothing,
    counts_to_64_bits_exactly,
    refuses_a_sum_beyond_64_bits,
    counts_on_from_what_reads_as_an_integer,
    refuses_to_count_on_from_anything_else,
);

/// A field that is not there counts as 0, and a sum of 0 is a value.
async fn counts_from_nothing<S: SessionStore>(store: Probe<S>) {
    let mut record = store.keep(session(&user())).await;
    for (by, sum) in [(2, "2"), (40, "42"), (-42, "0"), (-1, "-1"), (0, "-1")] {
        record = becomes(&store, &record, by, sum).await;
    }
    let record = store.keep(session(&user())).await;
    becomes(&store, &record, 0, "0").await;
}

/// Integers are exact to the last bit: no sum goes through a float.
async fn counts_to_64_bits_exactly<S: SessionStore>(store: Probe<S>) {
    for (start, by, sum) in [
        (9_007_199_254_740_992, 1, "9007199254740993"),
        (1_000_000_000_000_000, 1, "1000000000000001"),
        (i64::MAX - 1, 1, "9223372036854775807"),
        (i64::MIN + 1, -1, "-9223372036854775808"),
        (i64::MIN, i64::MAX, "-1"),
        (0, i64::MIN, "-9223372036854775808"),
    ] {
        let record = counting_from(&store, &start.to_string()).await;
        becomes(&store, &record, by, sum).await;
    }
}

/// A sum that does not fit is refused, and the field stays.
async fn refuses_a_sum_beyond_64_bits<S: SessionStore>(store: Probe<S>) {
    for (start, by) in [(i64::MAX, 1), (i64::MIN, -1), (1, i64::MAX), (-2, i64::MIN)] {
        let record = counting_from(&store, &start.to_string()).await;
        is_refused(&store, &record, by, ChangeRefused::Overflow("n".into())).await;
    }
}

/// An integer may be written with a sign and with zeros in front.
async fn counts_on_from_what_reads_as_an_integer<S: SessionStore>(store: Probe<S>) {
    for (start, sum) in [("+5", "6"), ("007", "8"), ("-0", "1"), ("-5", "-4"), ("00000000000000000000009", "10")] {
        let record = counting_from(&store, start).await;
        becomes(&store, &record, 1, sum).await;
    }
}

/// Everything else is not an integer, an increment of 0 included.
async fn refuses_to_count_on_from_anything_else<S: SessionStore>(store: Probe<S>) {
    for start in ["", " ", " 5", "5 ", "5.0", "1e3", "0x10", "\"5\"", "null", "--5", "5\n", "5\0", "٥", "nan"] {
        let record = counting_from(&store, start).await;
        for by in [0, 1] {
            is_refused(&store, &record, by, ChangeRefused::NotAnInteger("n".into())).await;
        }
    }
    let beyond = counting_from(&store, "9223372036854775808").await;
    is_refused(&store, &beyond, -1, ChangeRefused::NotAnInteger("n".into())).await;
}

async fn counting_from<S: SessionStore>(store: &Probe<S>, start: &str) -> Record {
    store.keep(after(session(&user()), &set("n", start.as_bytes()))).await
}

async fn becomes<S: SessionStore>(store: &Probe<S>, record: &Record, by: i64, sum: &str) -> Record {
    let expected = after(record.clone(), &set("n", sum.as_bytes()));
    let changed = store.change(record.id(), &add("n", by), NOW).await;
    equal("an increment adds", changed, Changed::Merged(expected.clone().into()));
    let found = store.load(record.id(), NOW).await;
    let found = found.as_ref().and_then(|found| found.attributes().value("n")).map(String::from_utf8_lossy);
    equal("the sum is kept as decimal digits", found.as_deref(), Some(sum));
    expected
}

async fn is_refused<S: SessionStore>(store: &Probe<S>, record: &Record, by: i64, refused: ChangeRefused) {
    let changed = store.change(record.id(), &add("n", by), NOW).await;
    let value = record.attributes().value("n").map(String::from_utf8_lossy);
    equal(&format!("{by} cannot be added to {value:?}"), changed, Changed::Refused(refused));
    store.is_there("a refused increment has done nothing", record, NOW).await;
}
