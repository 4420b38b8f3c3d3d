//! A change, as the arguments of its script, and what the script says to it.

use redis::Value;

use super::{
    fields::{bytes, decode},
    keys::Keys,
    packed::{instant, pending, revision},
    script::{CHANGE, Call},
};
use crate::{
    clock::Timestamp,
    record::{Change, ChangeRefused, FieldChange, SecretStep, SessionId},
    store::{Changed, StoreError},
};

/// The script that applies a change: it ships what is edited, and nothing else.
pub(super) fn call(keys: &Keys, id: SessionId, change: &Change, now: Timestamp) -> Call {
    let bounds = change.bounds().map(|bounds| [bounds.fields, bounds.bytes, change.uncounted()].map(|n| n.to_string()));
    let call = Call::new(&CHANGE, [keys.session(id)])
        .arg(instant(now))
        .arg(*id.as_bytes())
        .arg(keys.indexes(id.shard_tag()))
        .arg(change.expected().map(revision).unwrap_or_default())
        .arg(change.transit().map_or("", |in_transit| if in_transit { "1" } else { "0" }))
        .arg(change.touched().map(instant).unwrap_or_default())
        .args(bounds.unwrap_or_default())
        .args(step(change.secret_step()))
        .arg(change.sealed_origin().map(|sealed| [b"=", sealed].concat()).unwrap_or_default());
    change.fields().fold(call, |call, (name, edit)| match edit {
        FieldChange::Set(value) => call.arg("=").arg(name).arg(&value[..]),
        FieldChange::Remove => call.arg("-").arg(name).arg(""),
        FieldChange::Add(by) => call.arg("+").arg(name).arg(by.to_string()),
    })
}

fn step(step: Option<SecretStep>) -> [Vec<u8>; 4] {
    match step {
        None => Default::default(),
        Some(SecretStep::Propose { from, pending: next }) => {
            [b"p".to_vec(), from.as_bytes().to_vec(), pending(&next), Vec::new()]
        }
        Some(SecretStep::Confirm { successor, at, grace }) => [
            b"c".to_vec(),
            successor.as_bytes().to_vec(),
            instant(at).into_bytes(),
            instant(at.after(grace)).into_bytes(),
        ],
    }
}

/// Whether the session is just being followed by another: then the change waits for how that ends.
pub(super) fn is_held_up(answer: &Value) -> bool {
    spoken(answer).is_ok_and(|(word, _)| word == b"held-up")
}

/// What the script says.
pub(super) fn read(id: SessionId, change: &Change, answer: &Value) -> Result<Changed, StoreError> {
    let (word, rest) = spoken(answer)?;
    let name = || -> Result<Box<str>, StoreError> {
        let name = rest.first().map(bytes).transpose()?.unwrap_or_default();
        Ok(str::from_utf8(name).map_err(StoreError::corrupt)?.into())
    };
    let most = change.bounds();
    Ok(Changed::Refused(match word {
        b"merged" => {
            let record = decode(id, rest.first().unwrap_or(&Value::Nil))?;
            return record.map_or_else(|| Err(unreadable()), |record| Ok(Changed::Merged(record.into())));
        }
        b"gone" => return Ok(Changed::Gone),
        b"corrupt" => return Err(unreadable()),
        b"outdated" => ChangeRefused::Outdated,
        b"in-transit" => ChangeRefused::InTransit,
        b"not-an-integer" => ChangeRefused::NotAnInteger(name()?),
        b"overflow" => ChangeRefused::Overflow(name()?),
        b"name-too-long" => ChangeRefused::NameTooLong(name()?),
        b"too-many-fields" => ChangeRefused::TooManyFields { most: most.map_or(0, |bounds| bounds.fields) },
        b"too-large" => ChangeRefused::TooLarge {
            bytes: name()?.parse().map_err(StoreError::corrupt)?,
            most: most.map_or(0, |bounds| bounds.bytes),
        },
        _ => return Err(unreadable()),
    }))
}

/// The word with which a script's answer begins, and what follows.
pub(super) fn spoken(answer: &Value) -> Result<(&[u8], &[Value]), StoreError> {
    match answer {
        Value::Array(parts) => {
            parts.split_first().map_or_else(|| Err(unreadable()), |(word, rest)| Ok((bytes(word)?, rest)))
        }
        _ => Err(unreadable()),
    }
}

pub(super) fn unreadable() -> StoreError {
    StoreError::corrupt("the server's answer is none that our scripts give")
}
