//! A record as the fields of a hash, and back: what a change touches has a field of its own, the rest is one.

use redis::Value;

use super::packed::{Changes, Stays, what_changes, what_stays};
use crate::{
    record::{Attributes, Parts, Record, SessionId},
    store::StoreError,
};

/// Name and value, for each field.
pub(super) type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// A record as fields. Those that a session has not are left out.
pub(super) fn encode(record: &Record) -> Result<Fields, StoreError> {
    let mut fields: Fields = Vec::with_capacity(8);
    let mut field = |name: &str, value: Vec<u8>| fields.push((name.into(), value));
    field("m", what_stays(record)?);
    field("v", what_changes(record));
    if let Some(sealed) = record.sealed_origin() {
        field("o", sealed.into());
    }
    for (name, value) in record.attributes().iter() {
        field(&format!("{ATTRIBUTE}{name}"), value.into());
    }
    Ok(fields)
}

/// The record of this id, out of an answer that names its fields. `None` if there are none. Fields that a later
/// version may have added are passed over.
pub(super) fn decode(id: SessionId, answer: &Value) -> Result<Option<Record>, StoreError> {
    let mut found = Found::default();
    let mut fields = 0;
    match answer {
        Value::Map(pairs) => {
            for (name, value) in pairs {
                found.take(bytes(name)?, bytes(value)?)?;
                fields += 1;
            }
        }
        Value::Array(flat) => {
            for pair in flat.chunks_exact(2) {
                found.take(bytes(&pair[0])?, bytes(&pair[1])?)?;
                fields += 1;
            }
        }
        Value::Nil => {}
        _ => return Err(StoreError::corrupt("the answer has no fields")),
    }
    if fields == 0 { Ok(None) } else { found.record(id).map(Some) }
}

/// The bytes of an answer that is a text.
pub(super) fn bytes(value: &Value) -> Result<&[u8], StoreError> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.as_bytes()),
        _ => Err(StoreError::corrupt("the answer is not a text")),
    }
}

/// What was found so far.
#[derive(Default)]
struct Found<'a> {
    stays: Option<Stays>,
    changes: Option<Changes>,
    sealed_origin: Option<&'a [u8]>,
    attributes: Vec<(&'a str, &'a [u8])>,
}

impl<'a> Found<'a> {
    fn take(&mut self, name: &'a [u8], value: &'a [u8]) -> Result<(), StoreError> {
        match name {
            b"m" => self.stays = Some(Stays::read(value).ok_or_else(|| broken("m"))?),
            b"v" => self.changes = Some(Changes::read(value).ok_or_else(|| broken("v"))?),
            b"o" => self.sealed_origin = Some(value),
            _ => {
                if let Some(name) = name.strip_prefix(ATTRIBUTE.as_bytes()) {
                    self.attributes.push((text(name)?, value));
                }
            }
        }
        Ok(())
    }

    fn record(self, id: SessionId) -> Result<Record, StoreError> {
        let stays = self.stays.ok_or_else(|| broken("m"))?;
        let changes = self.changes.ok_or_else(|| broken("v"))?;
        Ok(Record::from_parts(Parts {
            id,
            secret: changes.secret,
            succession: changes.succession,
            revision: changes.revision,
            in_transit: changes.in_transit,
            created_at: stays.created_at,
            last_seen_at: changes.last_seen_at,
            absolute_at: stays.absolute_at,
            idle_millis: stays.idle_millis,
            user: stays.user,
            rest: stays.rest,
            sealed_origin: self.sealed_origin.map(Into::into),
            attributes: self.attributes.into_iter().collect::<Attributes>(),
        }))
    }
}

fn broken(field: &str) -> StoreError {
    StoreError::corrupt(format!("the field `{field}` is missing or none of ours"))
}

fn text(bytes: &[u8]) -> Result<&str, StoreError> {
    str::from_utf8(bytes).map_err(StoreError::corrupt)
}

/// What the names of fields begin with that are attributes.
pub(super) const ATTRIBUTE: &str = "a:";
#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        clock::Timestamp,
        config::Lifetime,
        record::{Change, Device, Pending, SecretHash, SecretStep},
    };

    fn record() -> Record {
        let id = SessionId::from_bytes([3; 18]);
        let mut record = Record::new(
            id,
            SecretHash::from_bytes([1; 32]),
            Lifetime::new(Duration::MAX, Duration::MAX),
            Timestamp::from_millis(9_007_199_254_740_993),
        )
        .with_user("ada")
        .with_roles(["r"])
        .with_transit(false)
        .with_origin(Device { id: Some("d".into()), ..Device::default() }, Some([127, 0, 0, 1].into()));
        let mut change = Change::new();
        change.set("x", [0, 255]);
        change.set("", *b"");
        let next = Pending { hash: SecretHash::from_bytes([2; 32]), nonce: [9; 16] };
        change.step(SecretStep::Propose { from: *record.secret(), pending: next });
        record.apply(&change).unwrap();
        let mut change = Change::new();
        change.step(SecretStep::Confirm {
            successor: next.hash,
            at: Timestamp::from_millis(u64::MAX),
            grace: Duration::MAX,
        });
        change.set_sealed_origin([7, 0]);
        record.apply(&change).unwrap();
        record
    }

    fn flat(fields: Fields) -> Value {
        Value::Array(fields.into_iter().flat_map(|(name, value)| [name, value]).map(Value::BulkString).collect())
    }

    #[test]
    fn a_record_comes_back_from_its_fields() {
        let record = record();
        let mut fields = encode(&record).unwrap();
        fields.push((b"from a later version".to_vec(), vec![1]));
        assert_eq!(decode(record.id(), &flat(fields)).unwrap(), Some(record));
    }

    #[test]
    fn what_is_not_a_record_is_corrupt_and_nothing_is_nothing() {
        let id = record().id();
        assert_eq!(decode(id, &Value::Array(vec![])).unwrap(), None);
        for missing in ["m", "v"] {
            let mut fields = encode(&record()).unwrap();
            fields.retain(|(name, _)| name != missing.as_bytes());
            assert!(decode(id, &flat(fields)).is_err(), "{missing}");
        }
        for (name, value) in
            [("m", "{}"), ("m", &"9".repeat(100)), ("v", ""), ("v", &"9".repeat(62)), ("v", &"9".repeat(70))]
        {
            let mut fields = encode(&record()).unwrap();
            fields.retain(|(present, _)| present != name.as_bytes());
            fields.push((name.into(), value.into()));
            assert!(decode(id, &flat(fields)).is_err(), "{name}");
        }
    }
}
