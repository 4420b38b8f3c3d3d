//! Instants in the JSON of entries: RFC 3339, so that people and other programs read them too.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

use crate::clock::Timestamp;

pub(super) fn serialize<S: Serializer>(instant: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(instant)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(from)?;
    humantime::parse_rfc3339(&text).map(Timestamp::from).map_err(D::Error::custom)
}

/// The same, of an instant that may be left out.
pub(super) mod optional {
    use super::{Deserializer, Serializer, Timestamp};

    pub(in crate::audit) fn serialize<S: Serializer>(instant: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
        match instant {
            Some(instant) => super::serialize(instant, to),
            None => to.serialize_none(),
        }
    }

    pub(in crate::audit) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
        super::deserialize(from).map(Some)
    }
}
