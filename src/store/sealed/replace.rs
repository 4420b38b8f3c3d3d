//! Replacements of sealed sessions. A value opens under its own id alone, so what is kept of the old session
//! is sealed again for the new one.

use super::{Sealed, seal::SealedRecord};
use crate::{
    clock::Timestamp,
    record::{Change, ChangeRefused, FieldChange, Keep, Record, SessionId},
    store::{Replaced, Replacement, SessionStore, StoreError, Terms},
};

impl<S: SessionStore> Sealed<S> {
    pub(super) async fn replace_sealed(
        &self,
        old: SessionId,
        new: Replacement,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let _turn = self.turn(old).await;
        let mut present = self.load(old, now).await?;
        loop {
            let Some(seen) = present else { return Ok(Replaced::Gone) };
            let refused = match lost(&seen, &new) {
                Some(name) => Err(ChangeRefused::Withheld(name.into())),
                None => new.clone().succeeding(&seen),
            };
            let record = match refused {
                Ok(record) => record,
                // Unless this is not how the old one stands any more.
                Err(refused) => match self.load_fresh(old, now).await? {
                    Some(fresh) if fresh.revision() != seen.revision() => {
                        present = Some(fresh);
                        continue;
                    }
                    Some(_) => return Ok(Replaced::Refused(refused)),
                    None => return Ok(Replaced::Gone),
                },
            };
            let below = Replacement {
                record: SealedRecord::seal(&self.keys, &record)?.into_record(),
                keep: Keep::Nothing,
                change: Change::new(),
                expect: Some(seen.revision()),
            };
            match self.store.replace(old, below, terms, now).await? {
                Replaced::Refused(ChangeRefused::Outdated) => present = self.load_fresh(old, now).await?,
                Replaced::Done { record, evicted } => return Ok(Replaced::Done { record: self.open(record), evicted }),
                replaced => return Ok(replaced),
            }
        }
    }
}

/// The first of the withheld parts that the new session ought to have and cannot.
fn lost<'a>(old: &'a Record, new: &'a Replacement) -> Option<&'a str> {
    // A record that was made from the old one has lost its origin already.
    let origin = new.record.withheld().find(|name| *name == Record::ORIGIN);
    let is_lost = |name: &&str| {
        let replaced = matches!(new.change.field(name), Some(FieldChange::Set(_) | FieldChange::Remove));
        *name != Record::ORIGIN && new.keep.covers(name) && !replaced && new.record.attributes().value(name).is_none()
    };
    origin.or_else(|| old.withheld().filter(|_| !old.hides_from(&new.record)).find(is_lost))
}
