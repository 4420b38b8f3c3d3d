//! Instants as they are written down.

use std::{fmt, time::Duration};

use serde::{Deserializer, Serializer, de};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::clock::Timestamp;

/// RFC 3339 with any offset. `None` before 1970.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let instant = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    u64::try_from(instant.unix_timestamp_nanos() / 1_000_000).ok().map(Timestamp::from_millis)
}

/// A Unix time, with or without fractions of a second. `None` before 1970 or beyond what RFC 3339 can say.
pub(crate) fn of_unix_seconds(seconds: f64) -> Option<Timestamp> {
    let duration = Duration::try_from_secs_f64(seconds).ok()?;
    (duration.as_secs() <= LAST_SECOND).then(|| Timestamp::from_millis(0).after(duration))
}

/// As RFC 3339.
#[allow(clippy::ref_option, reason = "serde hands over a reference to the field")]
pub(crate) fn serialize<S: Serializer>(timestamp: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    match timestamp {
        Some(timestamp) => serializer.collect_str(timestamp),
        None => serializer.serialize_none(),
    }
}

/// RFC 3339 with any offset, or a Unix time in seconds.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    struct Instant;
    impl de::Visitor<'_> for Instant {
        type Value = Option<Timestamp>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an instant of RFC 3339, as 2026-11-21T09:30:00Z, or a Unix time in seconds")
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Self::Value, E> {
            match of_unix_seconds(seconds) {
                Some(timestamp) => Ok(Some(timestamp)),
                None => Err(E::invalid_value(de::Unexpected::Other("a number out of range"), &self)),
            }
        }

        #[allow(clippy::cast_precision_loss, reason = "2^53 seconds are out of range anyway")]
        fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Self::Value, E> {
            self.visit_f64(seconds as f64)
        }

        #[allow(clippy::cast_precision_loss, reason = "what comes by here is negative, and refused")]
        fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Self::Value, E> {
            self.visit_f64(seconds as f64)
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            match parse(text) {
                Some(timestamp) => Ok(Some(timestamp)),
                None => Err(E::invalid_value(de::Unexpected::Other("another text"), &self)),
            }
        }
    }
    deserializer.deserialize_any(Instant)
}

/// 9999-12-31T23:59:59Z.
const LAST_SECOND: u64 = 253_402_300_799;
