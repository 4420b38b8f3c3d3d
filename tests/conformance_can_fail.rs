//! The suite finds what it is there to find: stores with one flaw each.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use countersign::{
    Change, FieldChange, Limit, MemoryStore, Record, SessionId, SessionStore, StoreError, Timestamp, WhenFull,
    conformance,
    store::{Changed, Created, Cursor, Epoch, Invalidations, Page, Replaced, Replacement, Scanned, Terms},
};
use tokio::{task::yield_now, time::sleep};

/// What is wrong with a store.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    CreateOverwrites,
    CreateIgnoresTheLimit,
    CreateCountsBeforeItWrites,
    CreateForgetsEmptyValues,
    LoadIgnoresTheEnd,
    LoadAnswersWithAnError,
    ChangeUpserts,
    ChangeReadsBeforeItWrites,
    ChangeForgetsTouches,
    ReplaceLeavesTheOld,
    ReplaceRevokesBeforeItCreates,
    ReplaceCreatesBeforeItRevokes,
    RevokeOnlySaysSo,
    RevokeUserSparesNobody,
    RevokeUserFoldsCase,
    RevokeDeviceEndsTheUser,
    ListIsInNoOrder,
    ListStartsAtTheIdNotAfter,
    SweepTakesTheLiving,
    SweepIgnoresTheBatch,
    SweepNeverEnds,
}

/// For each flaw, one of the promises that it breaks.
const FOUND_BY: [(Flaw, &str); 21] = [
    (Flaw::CreateOverwrites, "create::refuses_an_id_that_is_taken"),
    (Flaw::CreateIgnoresTheLimit, "create::refuses_one_too_many_and_changes_nothing"),
    (Flaw::CreateCountsBeforeItWrites, "races::creates_keep_a_limit_that_rejects"),
    (Flaw::CreateForgetsEmptyValues, "load::brings_back_values_of_any_bytes"),
    (Flaw::LoadIgnoresTheEnd, "load::ends_the_idle_window_to_the_millisecond"),
    (Flaw::LoadAnswersWithAnError, "load::knows_nothing_of_an_unknown_id"),
    (Flaw::ChangeUpserts, "change::never_revives_a_session_that_was_revoked"),
    (Flaw::ChangeReadsBeforeItWrites, "races::increments_add_up"),
    (Flaw::ChangeForgetsTouches, "change::moves_the_window_by_a_touch"),
    (Flaw::ReplaceLeavesTheOld, "replace::puts_the_new_session_in_the_place_of_the_old"),
    (Flaw::ReplaceRevokesBeforeItCreates, "cancel::replace_is_done_or_not"),
    (Flaw::ReplaceCreatesBeforeItRevokes, "races::a_session_is_replaced_once"),
    (Flaw::RevokeOnlySaysSo, "revoke::ends_a_session"),
    (Flaw::RevokeUserSparesNobody, "revoke_user::ends_all_but_one"),
    (Flaw::RevokeUserFoldsCase, "users::are_revoked_by_the_letter"),
    (Flaw::RevokeDeviceEndsTheUser, "revoke_user::ends_the_sessions_on_a_device"),
    (Flaw::ListIsInNoOrder, "list::orders_by_id"),
    (Flaw::ListStartsAtTheIdNotAfter, "list::goes_through_all_pages_without_a_gap"),
    (Flaw::SweepTakesTheLiving, "sweep::deletes_to_the_millisecond"),
    (Flaw::SweepIgnoresTheBatch, "sweep::deletes_no_more_than_a_batch"),
    (Flaw::SweepNeverEnds, "sweep::counts_nothing_that_had_ended_before"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_flaw_is_found_and_named() {
    for (flaw, check) in FOUND_BY {
        let report = report(flaw).await;
        assert!(report.contains(check), "{flaw:?} should break {check}\n{report}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_report_names_the_check_and_what_was_expected() {
    let report = report(Flaw::RevokeOnlySaysSo).await;
    assert!(report.starts_with("the store breaks "), "{report}");
    assert!(report.contains("revoke::ends_a_session\n    a revoked session is absent\n"), "{report}");
    assert!(report.contains("\n      expected: None\n      answered: Some(Record {"), "{report}");
    assert!(!report.contains("list::orders_by_id"), "what is kept is not reported: {report}");
}

#[test]
#[should_panic(expected = "wants threads")]
fn a_runtime_without_threads_proves_nothing() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(conformance::check(|| async { MemoryStore::new() }));
}

async fn report(flaw: Flaw) -> String {
    let suite = tokio::spawn(conformance::check(move || async move { Flawed::with(flaw) }));
    let panic = suite.await.expect_err("a flaw is found").into_panic();
    *panic.downcast().unwrap()
}

/// A store that keeps the contract but for one flaw.
struct Flawed {
    flaw: Flaw,
    sound: MemoryStore,
    remembered: Mutex<HashMap<SessionId, Record>>,
}

impl Flawed {
    fn with(flaw: Flaw) -> Self {
        Self { flaw, sound: MemoryStore::new(), remembered: Mutex::default() }
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == flaw
    }
}

impl SessionStore for Flawed {
    async fn create(&self, record: Record, terms: Terms, now: Timestamp) -> Result<Created, StoreError> {
        let id = record.id();
        self.remembered.lock().unwrap().insert(id, record.clone());
        let empty: Vec<String> =
            record.attributes().iter().filter(|(_, value)| value.is_empty()).map(|(name, _)| name.into()).collect();
        match self.flaw {
            Flaw::CreateOverwrites => {
                self.sound.revoke(id, now).await?;
            }
            Flaw::CreateIgnoresTheLimit => return self.sound.create(record, NO_LIMIT.into(), now).await,
            Flaw::CreateCountsBeforeItWrites if terms.limit.max > 0 && terms.limit.when_full == WhenFull::Reject => {
                let page = Page { after: None, size: 100 };
                let live = self.sound.list(record.user().unwrap_or_default(), page, now).await?.len();
                meanwhile().await;
                let full = u32::try_from(live).unwrap() >= terms.limit.max;
                return if full {
                    Ok(Created::LimitReached)
                } else {
                    self.sound.create(record, NO_LIMIT.into(), now).await
                };
            }
            _ => {}
        }
        let created = self.sound.create(record, terms, now).await;
        if self.has(Flaw::CreateForgetsEmptyValues) {
            let mut change = Change::new();
            empty.iter().for_each(|name| change.remove(name));
            self.sound.change(id, change, now).await?;
        }
        created
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        let now = if self.has(Flaw::LoadIgnoresTheEnd) { Timestamp::from_millis(0) } else { now };
        match self.sound.load(id, now).await? {
            None if self.has(Flaw::LoadAnswersWithAnError) => Err(StoreError::unavailable("not found")),
            found => Ok(found),
        }
    }

    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
        match self.flaw {
            Flaw::ChangeUpserts => {
                let changed = self.sound.change(id, change.clone(), now).await?;
                let remembered = self.remembered.lock().unwrap().get(&id).cloned();
                let (Changed::Gone, Some(mut record)) = (&changed, remembered) else { return Ok(changed) };
                let _ = record.apply(&change);
                self.sound.create(record, NO_LIMIT.into(), now).await?;
                Ok(changed)
            }
            Flaw::ChangeReadsBeforeItWrites => {
                let Some(before) = self.sound.load(id, now).await? else { return Ok(Changed::Gone) };
                meanwhile().await;
                let after = match change.merged(before.attributes()) {
                    Ok(after) => after,
                    Err(refused) => return Ok(Changed::Refused(refused)),
                };
                let mut write_back = change.clone();
                after.iter().for_each(|(name, value)| write_back.set(name, value));
                self.sound.change(id, write_back, now).await
            }
            Flaw::ChangeForgetsTouches => self.sound.change(id, without_touch(&change), now).await,
            _ => self.sound.change(id, change, now).await,
        }
    }

    async fn replace(
        &self,
        old: SessionId,
        new: Replacement,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let in_steps = matches!(self.flaw, Flaw::ReplaceRevokesBeforeItCreates | Flaw::ReplaceCreatesBeforeItRevokes);
        let present = self.sound.load(old, now).await?;
        let (Some(present), true) = (&present, in_steps) else {
            let replaced = self.sound.replace(old, new, terms, now).await?;
            if let (Replaced::Done { .. }, Some(old), true) = (&replaced, present, self.has(Flaw::ReplaceLeavesTheOld))
            {
                self.sound.create(Record::clone(&old), NO_LIMIT.into(), now).await?;
            }
            return Ok(replaced);
        };
        let record = match new.succeeding(present) {
            Ok(record) => Arc::new(record),
            Err(refused) => return Ok(Replaced::Refused(refused)),
        };
        if self.has(Flaw::ReplaceRevokesBeforeItCreates) {
            self.sound.revoke(old, now).await?;
            yield_now().await;
        }
        let created = self.sound.create(Record::clone(&record), terms, now).await?;
        yield_now().await;
        self.sound.revoke(old, now).await?;
        Ok(match created {
            Created::Kept { evicted } => Replaced::Done { record, evicted },
            Created::IdTaken => Replaced::IdTaken,
            Created::LimitReached => Replaced::LimitReached,
            Created::EpochPassed => Replaced::EpochPassed,
        })
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        if self.has(Flaw::RevokeOnlySaysSo) {
            return Ok(self.sound.load(id, now).await?.is_some());
        }
        self.sound.revoke(id, now).await
    }

    async fn revoke_user(
        &self,
        user: &str,
        except: Option<SessionId>,
        now: Timestamp,
    ) -> Result<Vec<SessionId>, StoreError> {
        if self.has(Flaw::RevokeUserFoldsCase) {
            self.sound.revoke_user(&user.to_lowercase(), except, now).await?;
        }
        let except = except.filter(|_| !self.has(Flaw::RevokeUserSparesNobody));
        self.sound.revoke_user(user, except, now).await
    }

    async fn revoke_device(&self, user: &str, device: &str, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        if self.has(Flaw::RevokeDeviceEndsTheUser) {
            return self.sound.revoke_user(user, None, now).await;
        }
        self.sound.revoke_device(user, device, now).await
    }

    async fn list(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        let mut listed = self.sound.list(user, page, now).await?;
        if self.has(Flaw::ListIsInNoOrder) {
            listed.sort_by_key(|record| record.id().to_string());
        }
        if let (Flaw::ListStartsAtTheIdNotAfter, Some(after)) = (self.flaw, page.after) {
            listed.splice(0..0, self.sound.load(after, now).await?);
            listed.truncate(page.size);
        }
        Ok(listed)
    }

    async fn sweep(&self, now: Timestamp, batch: usize) -> Result<usize, StoreError> {
        match self.flaw {
            Flaw::SweepTakesTheLiving => self.sound.sweep(Timestamp::from_millis(now.as_millis() + 1), batch).await,
            Flaw::SweepIgnoresTheBatch => self.sound.sweep(now, usize::MAX).await,
            Flaw::SweepNeverEnds => Ok(self.sound.sweep(now, batch).await?.max(1)),
            _ => self.sound.sweep(now, batch).await,
        }
    }

    async fn epoch(&self, user: &str, now: Timestamp) -> Result<Epoch, StoreError> {
        self.sound.epoch(user, now).await
    }

    async fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Result<Scanned, StoreError> {
        self.sound.scan(from, size, now).await
    }

    async fn invalidations(&self, heartbeat: Duration) -> Result<Invalidations, StoreError> {
        self.sound.invalidations(heartbeat).await
    }
}

/// Time enough for others, so that a race which can be lost is lost.
async fn meanwhile() {
    sleep(Duration::from_millis(1)).await;
}

fn without_touch(change: &Change) -> Change {
    let mut rest = Change::new();
    for (name, field) in change.fields() {
        match field {
            FieldChange::Set(value) => rest.set(name, value.clone()),
            FieldChange::Remove => rest.remove(name),
            FieldChange::Add(by) => rest.add(name, *by).unwrap(),
        }
    }
    rest
}

const NO_LIMIT: Limit = Limit { max: 0, when_full: WhenFull::Reject };
