//! Changes of sealed sessions: what a store can merge goes down sealed, what it cannot is done here.

use std::sync::Arc;

use super::{
    Sealed,
    seal::{Place, SealedRecord},
};
use crate::{
    clock::Timestamp,
    key::SEALED_OVER,
    record::{Change, ChangeRefused, FieldChange, Part, Record, SessionId},
    store::{Changed, SessionStore, StoreError},
};

impl<S: SessionStore> Sealed<S> {
    pub(super) async fn change_sealed(
        &self,
        id: SessionId,
        change: &Change,
        now: Timestamp,
    ) -> Result<Changed, StoreError> {
        // Sets and removals are merged below. An increment needs the sum that it makes.
        let changed = if change.fields().any(|(_, field)| matches!(field, FieldChange::Add(_))) {
            self.add(id, change, now).await?
        } else {
            let Some(user) = self.user_of(id, change, now).await? else { return Ok(Changed::Gone) };
            let below = self.below(&Place::of(id, user.as_deref()), change, None)?;
            self.store.change(id, below, now).await?
        };
        Ok(match changed {
            Changed::Merged(record) => Changed::Merged(self.sealed_anew(SealedRecord::from_below(record), now).await),
            other => other,
        })
    }

    /// The user, to whom sealed values are bound. He never changes under one id, so whoever has
    /// seen the session at any time knows him. `None` if there is no such session.
    async fn user_of(
        &self,
        id: SessionId,
        change: &Change,
        now: Timestamp,
    ) -> Result<Option<Option<Box<str>>>, StoreError> {
        let sets = change.fields().any(|(_, field)| matches!(field, FieldChange::Set(_)));
        let seen = change.seen().filter(|seen| seen.id() == id);
        match seen {
            _ if !sets => Ok(Some(None)),
            Some(seen) => Ok(Some(seen.user().map(Into::into))),
            None => Ok(self.store.load(id, now).await?.map(|record| record.user().map(Into::into))),
        }
    }

    /// A change with increments: read, add, and write if nobody else has written meanwhile.
    async fn add(&self, id: SessionId, change: &Change, now: Timestamp) -> Result<Changed, StoreError> {
        let _turn = self.turn(id).await;
        // What was seen may be old by now, but then the store says so.
        let mut seen = change.seen().filter(|seen| seen.id() == id).map(Arc::clone);
        if seen.is_none() {
            seen = self.load(id, now).await?;
        }
        loop {
            let Some(record) = seen else { return Ok(Changed::Gone) };
            let below = match sums(&record, change) {
                Ok(sums) => self.below(&Place::of(id, record.user()), change, Some((&record, sums)))?,
                // Unless this is not how it stands any more.
                Err(refused) => match self.load_fresh(id, now).await? {
                    Some(fresh) if fresh.revision() != record.revision() => {
                        seen = Some(fresh);
                        continue;
                    }
                    Some(_) => return Ok(Changed::Refused(refused)),
                    None => return Ok(Changed::Gone),
                },
            };
            match self.store.change(id, below, now).await? {
                Changed::Refused(ChangeRefused::Outdated) => seen = self.load_fresh(id, now).await?,
                changed => return Ok(changed),
            }
        }
    }

    /// The change that the store beneath is given: made anew, so that nothing of a record that was
    /// opened can go down with it.
    fn below(
        &self,
        place: &Place,
        change: &Change,
        counted: Option<(&Record, Vec<(&str, Box<[u8]>)>)>,
    ) -> Result<Change, StoreError> {
        let mut below = Change::new();
        for (name, field) in change.fields() {
            match field {
                FieldChange::Set(value) => below.set(name, place.seal(&self.keys, Part::Attribute(name), value)?),
                FieldChange::Remove => below.remove(name),
                FieldChange::Add(_) => {}
            }
        }
        if let Some(revision) = change.expected() {
            below.expect(revision);
        }
        if let Some((record, sums)) = counted {
            for (name, sum) in sums {
                below.set(name, place.seal(&self.keys, Part::Attribute(name), &sum)?);
            }
            below.expect(record.revision());
        }
        if let Some(at) = change.touched() {
            below.touch(at);
        }
        if let Some(step) = change.secret_step() {
            below.step(step);
        }
        if let Some(in_transit) = change.transit() {
            below.set_transit(in_transit);
        }
        if let Some(bounds) = change.bounds() {
            below = below.within(bounds);
        }
        Ok(below.leaving_uncounted(change.uncounted() + SEALED_OVER))
    }

    /// Seals a session anew by the current key, where an older one has sealed it, so that this one can be
    /// dropped one day. If somebody else is first, his change does it.
    async fn sealed_anew(&self, sealed: SealedRecord, now: Timestamp) -> Arc<Record> {
        let again = self.again(&sealed, now).await.unwrap_or_else(|error| {
            tracing::debug!(%error, "a session was not sealed anew; its next change will try again");
            None
        });
        again.unwrap_or(sealed).open(&self.keys)
    }

    async fn again(&self, sealed: &SealedRecord, now: Timestamp) -> Result<Option<SealedRecord>, StoreError> {
        let outdated = sealed.outdated(&self.keys);
        if outdated.is_empty() {
            return Ok(None);
        }
        let record = sealed.as_record();
        let place = Place::of(record.id(), record.user());
        let mut change = Change::new().having_seen(Arc::clone(record));
        for (part, plain) in outdated {
            let sealed = place.seal(&self.keys, part, &plain)?;
            match part {
                Part::Attribute(name) => change.set(name, sealed),
                Part::Origin => change.set_sealed_origin(sealed),
            }
        }
        change.expect(record.revision());
        Ok(match self.store.change(record.id(), change, now).await? {
            Changed::Merged(record) => Some(SealedRecord::from_below(record)),
            Changed::Gone | Changed::Refused(_) => None,
        })
    }
}

/// What the increments of a change make of a record, in the words and the order of [`Record::apply`].
fn sums<'a>(record: &Record, change: &'a Change) -> Result<Vec<(&'a str, Box<[u8]>)>, ChangeRefused> {
    if change.expected().is_some_and(|revision| revision != record.revision()) {
        return Err(ChangeRefused::Outdated);
    }
    if record.in_transit() && change.transit().is_none() {
        return Err(ChangeRefused::InTransit);
    }
    let mut sums = Vec::new();
    for (name, field) in change.fields() {
        if let FieldChange::Add(by) = field {
            if record.withholds(name) {
                return Err(ChangeRefused::Withheld(name.into()));
            }
            sums.push((name, Change::sum(name, record.attributes().value(name), *by)?));
        }
    }
    Ok(sums)
}
