//! What a session's attributes are, said as simply as possible: a map, edited in order.

use std::{collections::BTreeMap, ops::RangeInclusive};

use countersign::{Bounds, Change};
use proptest::prelude::*;

pub(crate) type Fields = BTreeMap<String, Vec<u8>>;

#[derive(Clone, Debug)]
pub(crate) enum Edit {
    Set(String, Vec<u8>),
    Remove(String),
    Add(String, i64),
}

impl Edit {
    pub(crate) fn name(&self) -> &str {
        let (Self::Set(name, _) | Self::Remove(name) | Self::Add(name, _)) = self;
        name
    }

    /// Edits a map, or leaves it as it was.
    pub(crate) fn apply(&self, fields: &mut Fields) -> Result<(), ()> {
        match self {
            Self::Set(name, value) => drop(fields.insert(name.clone(), value.clone())),
            Self::Remove(name) => drop(fields.remove(name)),
            Self::Add(name, by) => {
                let before = fields.get(name).map_or(Ok(0), |value| integer(value))?;
                let after = before.checked_add(*by).ok_or(())?;
                fields.insert(name.clone(), after.to_string().into_bytes());
            }
        }
        Ok(())
    }

    /// Puts it into a change. Whether it was taken.
    pub(crate) fn put_into(&self, change: &mut Change) -> bool {
        match self {
            Self::Set(name, value) => change.set(name, value.clone()),
            Self::Remove(name) => change.remove(name),
            Self::Add(name, by) => return change.add(name, *by).is_ok(),
        }
        true
    }
}

fn integer(value: &[u8]) -> Result<i64, ()> {
    str::from_utf8(value).ok().and_then(|text| text.parse().ok()).ok_or(())
}

/// All edits in order, or none of them. What a later edit of the same field makes of no account does
/// not have to fit.
pub(crate) fn apply_all(edits: &[Edit], bounds: Option<Bounds>, fields: &mut Fields) -> Result<(), ()> {
    let mut after = fields.clone();
    for (index, edit) in edits.iter().enumerate() {
        let overrides = |later: &Edit| later.name() == edit.name() && !matches!(later, Edit::Add(..));
        if !edits[index + 1..].iter().any(overrides) {
            edit.apply(&mut after)?;
        }
    }
    if let Some(bounds) = bounds {
        let grows = |size: fn(&Fields) -> usize, most| size(&after) > most && size(&after) > size(fields);
        if grows(Fields::len, bounds.fields) || grows(bytes, bounds.bytes) {
            return Err(());
        }
    }
    *fields = after;
    Ok(())
}

fn bytes(fields: &Fields) -> usize {
    fields.iter().map(|(name, value)| name.len() + value.len()).sum()
}

/// An edit of one of a few fields; increments lie in this range.
pub(crate) fn edit(
    value: impl Strategy<Value = Vec<u8>> + 'static,
    by: RangeInclusive<i64>,
) -> impl Strategy<Value = Edit> {
    let name = || prop_oneof!["[a-e]", Just("größe".to_owned())];
    prop_oneof![
        (name(), value).prop_map(|(name, value)| Edit::Set(name, value)),
        name().prop_map(Edit::Remove),
        (name(), by).prop_map(|(name, by)| Edit::Add(name, by)),
    ]
}
