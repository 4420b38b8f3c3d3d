//! The suite finds stores whose listeners do not hear what they are promised.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use countersign::{
    Change, MemoryStore, Record, SessionId, SessionStore, StoreError, Timestamp, conformance,
    store::{
        Announcer, Changed, Created, Cursor, Epoch, Invalidation, Invalidations, Page, Replaced, Replacement, Scanned,
        Terms,
    },
};

/// What is wrong with a store's announcements.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    NothingIsAnnounced,
    NoHeartbeat,
    ListeningBeginsLater,
    OneListenerAlone,
    EvictionsAreUnsaid,
    ChangesAreAnnounced,
    TheThirdIsLost,
}

/// For each flaw, one of the promises that it breaks.
const FOUND_BY: [(Flaw, &str); 7] = [
    (Flaw::NothingIsAnnounced, "invalidations::tell_of_a_session_that_is_revoked"),
    (Flaw::NoHeartbeat, "invalidations::beat_while_nothing_ends"),
    (Flaw::ListeningBeginsLater, "invalidations::have_begun_when_the_store_answers"),
    (Flaw::OneListenerAlone, "invalidations::reach_everybody_who_listens"),
    (Flaw::EvictionsAreUnsaid, "invalidations::tell_of_those_that_make_room"),
    (Flaw::ChangesAreAnnounced, "invalidations::tell_nothing_of_the_living"),
    (Flaw::TheThirdIsLost, "invalidations::tell_of_all_sessions_of_a_user"),
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
    announcer: Announcer,
    listened: AtomicBool,
}

impl Flawed {
    fn with(flaw: Flaw) -> Self {
        Self { flaw, sound: MemoryStore::new(), announcer: Announcer::new(), listened: false.into() }
    }

    /// A stream of what is sound, with what is wrong done to it.
    async fn through<F>(&self, heartbeat: Duration, mut each: F) -> Result<Invalidations, StoreError>
    where
        F: FnMut(Invalidation) -> bool + Send + 'static,
    {
        let mut sound = self.sound.invalidations(heartbeat).await?;
        Ok(Invalidations::spawn(async move |announcing| {
            while let Some(heard) = sound.next().await {
                if each(heard) && !announcing.tell(heard).await {
                    return;
                }
            }
        }))
    }
}

impl SessionStore for Flawed {
    async fn invalidations(&self, heartbeat: Duration) -> Result<Invalidations, StoreError> {
        let first = !self.listened.swap(true, SeqCst);
        match self.flaw {
            Flaw::NothingIsAnnounced => self.through(heartbeat, |heard| heard == Invalidation::Heartbeat).await,
            Flaw::NoHeartbeat => self.through(heartbeat, |heard| heard != Invalidation::Heartbeat).await,
            Flaw::OneListenerAlone => {
                self.through(heartbeat, move |heard| first || heard == Invalidation::Heartbeat).await
            }
            Flaw::TheThirdIsLost => {
                let mut count = 0;
                let counts = move |heard| {
                    count += usize::from(heard != Invalidation::Heartbeat);
                    heard == Invalidation::Heartbeat || count != 3
                };
                self.through(heartbeat, counts).await
            }
            Flaw::ListeningBeginsLater => {
                let mut beats = 0;
                let late = move |heard| {
                    beats += usize::from(heard == Invalidation::Heartbeat);
                    beats > 2 || heard == Invalidation::Heartbeat
                };
                self.through(heartbeat, late).await
            }
            Flaw::EvictionsAreUnsaid | Flaw::ChangesAreAnnounced => Ok(self.announcer.listen(heartbeat)),
        }
    }

    async fn create(&self, record: Record, terms: Terms, now: Timestamp) -> Result<Created, StoreError> {
        self.sound.create(record, terms, now).await
    }

    async fn load(&self, id: SessionId, now: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        self.sound.load(id, now).await
    }

    async fn change(&self, id: SessionId, change: Change, now: Timestamp) -> Result<Changed, StoreError> {
        if self.flaw == Flaw::ChangesAreAnnounced {
            self.announcer.announce(id);
        }
        self.sound.change(id, change, now).await
    }

    async fn replace(
        &self,
        old: SessionId,
        new: Replacement,
        terms: Terms,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let replaced = self.sound.replace(old, new, terms, now).await?;
        if matches!(replaced, Replaced::Done { .. }) {
            self.announcer.announce(old);
        }
        Ok(replaced)
    }

    async fn revoke(&self, id: SessionId, now: Timestamp) -> Result<bool, StoreError> {
        self.announcer.announce(id);
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
}
