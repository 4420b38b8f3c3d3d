//! Sealing and opening of whole records, and the type that keeps the two apart.

use std::sync::Arc;

use crate::{
    key::{Opened, SealKeys},
    record::{Part, Record, SessionId},
    store::StoreError,
};

/// A record as the store beneath has it. Only such a one is ever handed down to it.
#[derive(Clone)]
pub(super) struct SealedRecord(Arc<Record>);

impl SealedRecord {
    /// What the store beneath has answered.
    pub(super) const fn from_below(record: Arc<Record>) -> Self {
        Self(record)
    }

    /// A record of ours, with everything in it sealed.
    pub(super) fn seal(keys: &SealKeys, record: &Record) -> Result<Self, StoreError> {
        let place = Place::of(record.id(), record.user());
        let sealed = record.sealed(|part, plain| place.seal(keys, part, plain))?;
        Ok(Self(Arc::new(sealed)))
    }

    pub(super) fn open(&self, keys: &SealKeys) -> Arc<Record> {
        let place = Place::of(self.0.id(), self.0.user());
        Arc::new(self.0.opened(|part, sealed| place.open(keys, part, sealed).map(|opened| opened.plain)))
    }

    /// The parts that another key than the current one has sealed, opened.
    pub(super) fn outdated(&self, keys: &SealKeys) -> Vec<(Part<'_>, Vec<u8>)> {
        let place = Place::of(self.0.id(), self.0.user());
        let attributes = self.0.attributes().iter().map(|(name, sealed)| (Part::Attribute(name), sealed));
        let parts = attributes.chain(self.0.sealed_origin().map(|sealed| (Part::Origin, sealed)));
        let opened = parts.filter_map(|(part, sealed)| {
            let opened = place.open(keys, part, sealed)?;
            opened.outdated.then_some((part, opened.plain))
        });
        opened.collect()
    }

    pub(super) const fn as_record(&self) -> &Arc<Record> {
        &self.0
    }

    pub(super) fn into_record(self) -> Record {
        Arc::unwrap_or_clone(self.0)
    }
}

/// What sealed parts are bound to: the session, its user, and which part it is. So no value opens
/// in another's place.
pub(super) struct Place {
    /// Label, id, user.
    start: Vec<u8>,
}

impl Place {
    pub(super) fn of(id: SessionId, user: Option<&str>) -> Self {
        let mut start = Vec::with_capacity(LABEL.len() + SessionId::BYTES + 96);
        start.extend(LABEL);
        start.extend(id.as_bytes());
        match user {
            None => start.push(0),
            Some(user) => {
                start.push(1);
                frame(&mut start, user);
            }
        }
        Self { start }
    }

    pub(super) fn seal(&self, keys: &SealKeys, part: Part<'_>, plain: &[u8]) -> Result<Box<[u8]>, StoreError> {
        keys.seal(&self.context(part), plain).map_err(StoreError::unavailable)
    }

    pub(super) fn open(&self, keys: &SealKeys, part: Part<'_>, sealed: &[u8]) -> Option<Opened> {
        keys.open(&self.context(part), sealed)
    }

    fn context(&self, part: Part<'_>) -> Vec<u8> {
        let mut context = self.start.clone();
        match part {
            Part::Attribute(name) => {
                context.push(ATTRIBUTE);
                frame(&mut context, name);
            }
            Part::Origin => context.push(ORIGIN),
        }
        context
    }
}

/// Length first: so no two places have one context.
fn frame(context: &mut Vec<u8>, text: &str) {
    context.extend((text.len() as u64).to_be_bytes());
    context.extend(text.as_bytes());
}

const LABEL: &[u8] = b"countersign sealed v1";
const ATTRIBUTE: u8 = 1;
const ORIGIN: u8 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_places_have_one_context() {
        let (one, other) = (SessionId::from_bytes([1; 18]), SessionId::from_bytes([2; 18]));
        let users = [None, Some(""), Some("a"), Some("ab"), Some("\u{1}"), Some("a\u{1}")];
        let names = ["", "a", "b", "ab", "\u{1}", "\u{2}", "a\0\0\0\0\0\0\0\u{1}b"];
        let mut contexts = std::collections::BTreeSet::new();
        let mut places = 0;
        for id in [one, other] {
            for user in users {
                let place = Place::of(id, user);
                let parts = names.map(Part::Attribute).into_iter().chain([Part::Origin]);
                for part in parts {
                    places += 1;
                    contexts.insert(place.context(part));
                }
            }
        }
        assert_eq!(contexts.len(), places);
    }
}
