//! The suite finds stores whose epochs or scans are not what is promised.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use countersign::{
    Change, MemoryStore, Record, SessionId, SessionStore, StoreError, Timestamp, conformance,
    store::{Changed, Created, Cursor, Epoch, Invalidations, Page, Replaced, Replacement, Scanned, Terms},
};
use tokio::time::sleep;

/// What is wrong with a store's epochs, or its scan.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    EverybodyBeginsElsewhere,
    EpochNeverPasses,
    EpochPassesUnlessOneIsSpared,
    EpochPassesWithADevice,
    EpochIsSwept,
    EpochFoldsCase,
    EpochIsOnlyTold,
    EpochBindsNoReplacement,
    EpochIsToldLast,
    EpochBindsNobody,
    EpochIsCheckedBefore,
    ScanForgetsTheAnonymous,
    ScanTellsTheExpired,
    ScanIgnoresTheSize,
    ScanSkipsOne,
    ScanGoesBack,
}

/// For each flaw, one of the promises that it breaks.
const FOUND_BY: [(Flaw, &str); 16] = [
    (Flaw::EverybodyBeginsElsewhere, "epoch::begins_at_the_same_for_everybody"),
    (Flaw::EpochNeverPasses, "epoch::passes_when_the_user_is_revoked"),
    (Flaw::EpochPassesUnlessOneIsSpared, "epoch::passes_whoever_is_spared_and_whoever_is_there"),
    (Flaw::EpochPassesWithADevice, "epoch::stays_when_single_sessions_end"),
    (Flaw::EpochIsSwept, "epoch::is_remembered_for_an_hour"),
    (Flaw::EpochFoldsCase, "epoch::belongs_to_one_user_by_the_letter"),
    (Flaw::EpochIsOnlyTold, "epoch::refuses_a_log_in_from_before"),
    (Flaw::EpochBindsNoReplacement, "epoch::refuses_a_replacement_from_before"),
    (Flaw::EpochIsToldLast, "epoch::is_told_before_a_limit_and_a_taken_id"),
    (Flaw::EpochBindsNobody, "epoch::does_not_bind_who_is_nobody"),
    (Flaw::EpochIsCheckedBefore, "epoch::lets_no_log_in_from_before_survive"),
    (Flaw::ScanForgetsTheAnonymous, "scan::tells_every_live_session"),
    (Flaw::ScanTellsTheExpired, "scan::tells_nothing_that_has_ended"),
    (Flaw::ScanIgnoresTheSize, "scan::keeps_to_the_size"),
    (Flaw::ScanSkipsOne, "scan::misses_nothing_that_stays_while_others_come_and_go"),
    (Flaw::ScanGoesBack, "scan::says_how_much_is_done"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_flaw_is_found() {
    for (flaw, name) in FOUND_BY {
        let check = conformance::checks::<Flawed>().into_iter().find(|check| check.name() == name).unwrap();
        let broken = check.run(Flawed::with(flaw)).await;
        assert!(broken.is_err(), "{flaw:?} should break {name}");
    }
}

/// A store that keeps the contract but for one flaw.
struct Flawed {
    flaw: Flaw,
    sound: MemoryStore,
    /// Epochs that are not the sound store's.
    passed: Mutex<HashMap<String, u64>>,
}

impl Flawed {
    fn with(flaw: Flaw) -> Self {
        Self { flaw, sound: MemoryStore::new(), passed: Mutex::default() }
    }

    /// The terms as this store understands them.
    fn understood(&self, terms: Terms) -> Terms {
        // The sound store knows nothing of the epochs that this one tells.
        let ignored = matches!(
            self.flaw,
            Flaw::EpochIsOnlyTold | Flaw::EpochIsToldLast | Flaw::EpochIsCheckedBefore | Flaw::EverybodyBeginsElsewhere
        );
        if ignored { Terms { epoch: None, ..terms } } else { terms }
    }

    async fn is_passed(&self, record: &Record, terms: Terms, now: Timestamp) -> Result<bool, StoreError> {
        match (record.user(), terms.epoch) {
            (Some(user), Some(expected)) => Ok(self.sound.epoch(user, now).await? != expected),
            _ => Ok(false),
        }
    }
}

impl SessionStore for Flawed {
    async fn create(&self, record: Record, terms: Terms, now: Timestamp) -> Result<Created, StoreError> {
        match self.flaw {
            Flaw::EpochBindsNobody if record.user().is_none() && terms.epoch.is_some() => {
                return Ok(Created::EpochPassed);
            }
            Flaw::EpochIsCheckedBefore => {
                let passed = self.is_passed(&record, terms, now).await?;
                sleep(Duration::from_millis(1)).await;
                if passed {
                    return Ok(Created::EpochPassed);
                }
            }
            Flaw::EpochIsToldLast => {
                let page = Page { after: None, size: 99 };
                let live = self.sound.list(record.user().unwrap_or_default(), page, now).await?.len();
                if terms.limit.max > 0 && live >= terms.limit.max as usize {
                    return Ok(Created::LimitReached);
                }
                if self.is_passed(&record, terms, now).await? {
                    return Ok(Created::EpochPassed);
                }
            }
            _ => {}
        }
        self.sound.create(record, self.understood(terms), now).await
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        self.sound.load(id, now).await
    }

    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
        self.sound.change(id, change, now).await
    }

    async fn replace(
        &self,
        old: SessionId,
        new: Replacement,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let ignored = self.flaw == Flaw::EpochBindsNoReplacement;
        let terms = if ignored { Terms { epoch: None, ..terms } } else { self.understood(terms) };
        self.sound.replace(old, new, terms, now).await
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
        if self.flaw == Flaw::EpochFoldsCase {
            *self.passed.lock().unwrap().entry(user.trim().to_lowercase()).or_default() += 1;
        }
        if self.flaw == Flaw::EpochPassesUnlessOneIsSpared && except.is_some() {
            let mut ended = Vec::new();
            for record in self.sound.list(user, Page { after: None, size: 99 }, now).await? {
                if Some(record.id()) != except && self.sound.revoke(record.id(), now).await? {
                    ended.push(record.id());
                }
            }
            return Ok(ended);
        }
        self.sound.revoke_user(user, except, now).await
    }

    async fn revoke_device(&self, user: &str, device: &str, now: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        let ended = self.sound.revoke_device(user, device, now).await?;
        if self.flaw == Flaw::EpochPassesWithADevice {
            self.sound.revoke_user(user, None, now).await?;
        }
        Ok(ended)
    }

    async fn epoch(&self, user: &str, now: Timestamp) -> Result<Epoch, StoreError> {
        match self.flaw {
            Flaw::EverybodyBeginsElsewhere => Ok(Epoch::from_number(7)),
            Flaw::EpochNeverPasses => Ok(Epoch::default()),
            Flaw::EpochIsSwept if self.passed.lock().unwrap().contains_key("swept") => Ok(Epoch::default()),
            Flaw::EpochFoldsCase => {
                let passed = self.passed.lock().unwrap().get(&user.trim().to_lowercase()).copied();
                Ok(Epoch::from_number(passed.unwrap_or(0)))
            }
            _ => self.sound.epoch(user, now).await,
        }
    }

    async fn list(&self, user: &str, page: Page, now: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        self.sound.list(user, page, now).await
    }

    async fn sweep(&self, now: Timestamp, batch: usize) -> Result<usize, StoreError> {
        self.passed.lock().unwrap().insert("swept".to_owned(), 1);
        self.sound.sweep(now, batch).await
    }

    async fn scan(&self, from: Option<Cursor>, size: usize, now: Timestamp) -> Result<Scanned, StoreError> {
        let (begins, now) = match self.flaw {
            Flaw::ScanTellsTheExpired => (from.is_none(), Timestamp::from_millis(0)),
            _ => (from.is_none(), now),
        };
        let size = if self.flaw == Flaw::ScanIgnoresTheSize { usize::MAX } else { size };
        let mut part = self.sound.scan(from, size, now).await?;
        match self.flaw {
            Flaw::ScanForgetsTheAnonymous => part.records.retain(|record| record.user().is_some()),
            Flaw::ScanSkipsOne if !begins => drop(part.records.pop()),
            Flaw::ScanGoesBack => part.done = 1.0 - part.done,
            _ => {}
        }
        Ok(part)
    }

    async fn invalidations(&self, heartbeat: Duration) -> Result<Invalidations, StoreError> {
        self.sound.invalidations(heartbeat).await
    }
}
