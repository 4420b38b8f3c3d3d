//! The suite finds stores that take conditions, hints and marks lightly.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

use std::{sync::Arc, time::Duration};

use countersign::{
    Change, FieldChange, Limit, MemoryStore, Record, SessionId, SessionStore, StoreError, Timestamp, WhenFull,
    conformance,
    store::{Changed, Created, Cursor, Epoch, Invalidations, Page, Replaced, Replacement, Scanned, Terms},
};

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    IgnoresWhatIsExpected,
    ReadsAndComparesBeforeItWrites,
    IgnoresWhatAReplacementExpects,
    TrustsTheHint,
    RevivesByTheHint,
    CountsEveryByte,
    LosesTheMark,
    LosesSealedBytes,
}

/// For each flaw, one of the promises that it breaks.
const FOUND_BY: [(Flaw, &str); 8] = [
    (Flaw::IgnoresWhatIsExpected, "conditions::a_change_may_expect_a_revision"),
    (Flaw::ReadsAndComparesBeforeItWrites, "conditions::of_many_who_expect_one_revision_one_is_merged"),
    (Flaw::IgnoresWhatAReplacementExpects, "conditions::a_replacement_may_expect_a_revision"),
    (Flaw::TrustsTheHint, "conditions::what_was_seen_changes_nothing"),
    (Flaw::RevivesByTheHint, "conditions::what_was_seen_of_the_dead_brings_nobody_back"),
    (Flaw::CountsEveryByte, "conditions::bytes_may_be_left_uncounted"),
    (Flaw::LosesTheMark, "transit::a_session_on_its_way_refuses_changes"),
    (Flaw::LosesSealedBytes, "sealing::sealed_bytes_of_the_origin_are_replaced"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_flaw_is_found_and_named() {
    for (flaw, name) in FOUND_BY {
        let check = conformance::checks::<Flawed>().into_iter().find(|check| check.name() == name).expect(name);
        let broken = check.run(Flawed { flaw, sound: MemoryStore::new() }).await;
        assert!(broken.is_err(), "{flaw:?} should break {name}");
    }
}

/// A store that keeps the contract but for one flaw.
struct Flawed {
    flaw: Flaw,
    sound: MemoryStore,
}

impl Flawed {
    /// The change, without what the flaw makes the store forget.
    fn forgetful(&self, change: &Change) -> Change {
        let mut rest = Change::new();
        for (name, field) in change.fields() {
            match field {
                FieldChange::Set(value) => rest.set(name, value.clone()),
                FieldChange::Remove => rest.remove(name),
                FieldChange::Add(by) => rest.add(name, *by).unwrap(),
            }
        }
        change.touched().into_iter().for_each(|at| rest.touch(at));
        change.secret_step().into_iter().for_each(|step| rest.step(step));
        let expected = change.expected().filter(|_| self.flaw != Flaw::IgnoresWhatIsExpected);
        expected.into_iter().for_each(|revision| rest.expect(revision));
        let mark = change.transit().filter(|_| self.flaw != Flaw::LosesTheMark);
        mark.into_iter().for_each(|mark| rest.set_transit(mark));
        let sealed = change.sealed_origin().filter(|_| self.flaw != Flaw::LosesSealedBytes);
        sealed.into_iter().for_each(|sealed| rest.set_sealed_origin(sealed));
        if let Some(bounds) = change.bounds() {
            rest = rest.within(bounds);
        }
        if self.flaw == Flaw::CountsEveryByte { rest } else { rest.leaving_uncounted(change.uncounted()) }
    }
}

impl SessionStore for Flawed {
    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
        let present = self.sound.load(id, now).await?;
        match (self.flaw, change.seen().filter(|seen| seen.id() == id)) {
            (Flaw::TrustsTheHint, Some(seen)) if present.is_some() => {
                let mut record = Record::clone(seen);
                Ok(match record.apply(&change) {
                    Ok(()) => {
                        self.sound.revoke(id, now).await?;
                        self.sound.create(record.clone(), NO_LIMIT.into(), now).await?;
                        Changed::Merged(record.into())
                    }
                    Err(refused) => Changed::Refused(refused),
                })
            }
            (Flaw::RevivesByTheHint, Some(seen)) if present.is_none() => {
                self.sound.create(Record::clone(seen), NO_LIMIT.into(), now).await?;
                self.sound.change(id, change, now).await
            }
            (Flaw::ReadsAndComparesBeforeItWrites, _) => {
                let outdated = present.filter(|present| change.expected().is_some_and(|at| at != present.revision()));
                tokio::time::sleep(Duration::from_millis(1)).await;
                if outdated.is_some() {
                    return self.sound.change(id, change, now).await;
                }
                let unconditional = Self { flaw: Flaw::IgnoresWhatIsExpected, sound: MemoryStore::new() };
                self.sound.change(id, unconditional.forgetful(&change), now).await
            }
            _ => self.sound.change(id, self.forgetful(&change), now).await,
        }
    }

    async fn replace(
        &self,
        old: SessionId,
        new: Replacement,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let expect = new.expect.filter(|_| self.flaw != Flaw::IgnoresWhatAReplacementExpects);
        self.sound.replace(old, Replacement { expect, ..new }, terms, now).await
    }

    async fn create(&self, record: Record, terms: Terms, now: Timestamp) -> Result<Created, StoreError> {
        self.sound.create(record, terms, now).await
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        self.sound.load(id, now).await
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        self.sound.revoke(id, now).await
    }

    async fn revoke_user(
        &self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.sound.revoke_user(user, except, now).await
    }

    async fn revoke_device(&self, user: &str, device: &str, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        self.sound.revoke_device(user, device, now).await
    }

    async fn epoch(&self, user: &str, now: Timestamp) -> Result<Epoch, StoreError> {
        self.sound.epoch(user, now).await
    }

    async fn list(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        self.sound.list(user, page, now).await
    }

    async fn sweep(&self, now: Timestamp, batch: usize) -> Result<usize, StoreError> {
        self.sound.sweep(now, batch).await
    }

    async fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Result<Scanned, StoreError> {
        self.sound.scan(from, size, now).await
    }

    async fn invalidations(&self, heartbeat: Duration) -> Result<Invalidations, StoreError> {
        self.sound.invalidations(heartbeat).await
    }
}

const NO_LIMIT: Limit = Limit { max: 0, when_full: WhenFull::Reject };
