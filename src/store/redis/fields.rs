//! A record as the fields of a hash, and back: what a change touches has a field of its own, the rest is one.

use redis::Value;

use crate::{
    clock::Timestamp,
    record::{Attributes, Parts, Pending, Record, Rest, SecretHash, SessionId, Succession},
    store::StoreError,
};

/// Name and value, for each field.
pub(super) type Fields = Vec<(Vec<u8>, Vec<u8>)>;

/// A record as fields. Those that a session has not are left out.
pub(super) fn encode(record: &Record) -> Result<Fields, StoreError> {
    let mut fields: Fields = Vec::with_capacity(8);
    let mut field = |name: &str, value: Vec<u8>| fields.push((name.into(), value));
    let (absolute, idle) = record.limits();
    field("b", [digits(record.created_at().as_millis()), digits(idle), digits(absolute.as_millis())].concat().into());
    field("l", instant(record.last_seen_at()).into());
    field("s", record.secret().as_bytes().to_vec());
    field("r", record.revision().to_string().into());
    field("m", serde_json::to_vec(&record.rest()).map_err(StoreError::corrupt)?);
    if let Some(user) = record.user() {
        field("u", user.into());
    }
    if let Some(device) = record.device_id() {
        field("d", device.into());
    }
    if record.in_transit() {
        field("t", b"1".to_vec());
    }
    if let Some(sealed) = record.sealed_origin() {
        field("o", sealed.into());
    }
    if !record.succession().is_empty() {
        field("n", neighbours(record.succession()));
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
    times: Option<(Timestamp, u64, Timestamp)>,
    last_seen: Option<Timestamp>,
    secret: Option<SecretHash>,
    revision: Option<u32>,
    rest: Option<Rest>,
    user: Option<Box<str>>,
    in_transit: bool,
    sealed_origin: Option<&'a [u8]>,
    succession: Succession,
    attributes: Vec<(&'a str, &'a [u8])>,
}

impl<'a> Found<'a> {
    fn take(&mut self, name: &'a [u8], value: &'a [u8]) -> Result<(), StoreError> {
        match name {
            b"b" => self.times = times(value),
            b"l" => self.last_seen = number(value).map(Timestamp::from_millis),
            b"s" => self.secret = value.try_into().ok().map(SecretHash::from_bytes),
            b"r" => self.revision = text(value)?.parse().ok(),
            b"m" => self.rest = Some(serde_json::from_slice(value).map_err(StoreError::corrupt)?),
            b"u" => self.user = Some(text(value)?.into()),
            b"t" => self.in_transit = true,
            b"o" => self.sealed_origin = Some(value),
            b"n" => self.succession = succession(value).ok_or_else(|| missing("neighbours (n)"))?,
            _ => {
                if let Some(name) = name.strip_prefix(ATTRIBUTE.as_bytes()) {
                    self.attributes.push((text(name)?, value));
                }
            }
        }
        Ok(())
    }

    fn record(self, id: SessionId) -> Result<Record, StoreError> {
        let (created_at, idle_millis, absolute_at) = self.times.ok_or_else(|| missing("times (b)"))?;
        Ok(Record::from_parts(Parts {
            id,
            secret: self.secret.ok_or_else(|| missing("secret (s)"))?,
            succession: self.succession,
            revision: self.revision.ok_or_else(|| missing("revision (r)"))?,
            in_transit: self.in_transit,
            created_at,
            last_seen_at: self.last_seen.ok_or_else(|| missing("last use (l)"))?,
            absolute_at,
            idle_millis,
            user: self.user,
            rest: self.rest.ok_or_else(|| missing("rest (m)"))?,
            sealed_origin: self.sealed_origin.map(Into::into),
            attributes: self.attributes.into_iter().collect::<Attributes>(),
        }))
    }
}

fn missing(field: &str) -> StoreError {
    StoreError::corrupt(format!("the field of its {field} is missing or none of ours"))
}

fn text(bytes: &[u8]) -> Result<&str, StoreError> {
    str::from_utf8(bytes).map_err(StoreError::corrupt)
}

fn times(value: &[u8]) -> Option<(Timestamp, u64, Timestamp)> {
    let (created, rest) = value.split_at_checked(DIGITS)?;
    let (idle, absolute) = rest.split_at_checked(DIGITS)?;
    Some((Timestamp::from_millis(number(created)?), number(idle)?, Timestamp::from_millis(number(absolute)?)))
}

/// Since when the secret is current (or dashes), `-` or `+` with the pending successor, and the previous ones.
fn neighbours(succession: &Succession) -> Vec<u8> {
    let mut packed = succession.current_since().map_or_else(|| "-".repeat(DIGITS), instant).into_bytes();
    match succession.pending() {
        Some(next) => {
            packed.push(b'+');
            packed.extend(pending(next));
        }
        None => packed.push(b'-'),
    }
    for (hash, until) in succession.previous_ones() {
        packed.extend(hash.as_bytes());
        packed.extend(instant(until).as_bytes());
    }
    packed
}

/// A pending successor: the hash, then the nonce.
pub(super) fn pending(pending: &Pending) -> Vec<u8> {
    [&pending.hash.as_bytes()[..], &pending.nonce].concat()
}

fn succession(packed: &[u8]) -> Option<Succession> {
    let (since, rest) = packed.split_at_checked(DIGITS)?;
    let (mark, mut rest) = rest.split_first()?;
    let mut pending = None;
    if *mark == b'+' {
        let (hash, after) = rest.split_first_chunk()?;
        let (nonce, after) = after.split_first_chunk()?;
        pending = Some(Pending { hash: SecretHash::from_bytes(*hash), nonce: *nonce });
        rest = after;
    }
    let previous = rest.chunks(PREVIOUS).map(|one| {
        let (hash, until) = one.split_first_chunk()?;
        Some((SecretHash::from_bytes(*hash), Timestamp::from_millis(number(until)?)))
    });
    let previous: Vec<_> = previous.collect::<Option<_>>()?;
    let since = if since[0] == b'-' { None } else { Some(Timestamp::from_millis(number(since)?)) };
    Some(Succession::from_parts(since, pending, previous.into_iter()))
}

/// An instant as the scripts take it: 20 digits, so that texts compare as the instants do.
pub(super) fn instant(at: Timestamp) -> String {
    digits(at.as_millis())
}

fn digits(number: u64) -> String {
    format!("{number:020}")
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.len() != DIGITS {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        sum.checked_mul(10)?.checked_add(digit.into())
    })
}

/// What the names of fields begin with that are attributes.
pub(super) const ATTRIBUTE: &str = "a:";
/// `18446744073709551615`
const DIGITS: usize = 20;
const PREVIOUS: usize = 32 + DIGITS;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{
        config::Lifetime,
        record::{Change, Device, SecretStep},
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
        for missing in ["b", "l", "s", "r", "m"] {
            let mut fields = encode(&record()).unwrap();
            fields.retain(|(name, _)| name != missing.as_bytes());
            assert!(decode(id, &flat(fields)).is_err(), "{missing}");
        }
        for (name, value) in [("b", "1"), ("l", "12345678901234567890123"), ("r", "-1"), ("m", "{}"), ("n", "x")] {
            let mut fields = encode(&record()).unwrap();
            fields.retain(|(present, _)| present != name.as_bytes());
            fields.push((name.into(), value.into()));
            assert!(decode(id, &flat(fields)).is_err(), "{name}");
        }
    }
}
