//! Maintenance: what the promises' tests, which go through HTTP, do not reach.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use super::*;
use crate::{
    record::{Change, Record, SessionId},
    store::{Changed, Created, Cursor, Epoch, Page, Replaced, Replacement, Scanned, StoreError, Terms},
};

/// A store of which only the sweep matters: it fails, or panics, as often as it is told to.
#[derive(Default)]
struct Swept {
    calls: AtomicUsize,
    failures: AtomicUsize,
    panics: AtomicUsize,
}

impl Swept {
    fn calls(&self) -> usize {
        self.calls.load(SeqCst)
    }
}

fn one_less(counter: &AtomicUsize) -> bool {
    counter.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok()
}

impl SessionStore for Swept {
    async fn create(&self, _: Record, _: Terms, _: Timestamp) -> Result<Created, StoreError> {
        Ok(Created::LimitReached)
    }
    async fn load(&self, _: SessionId, _: Timestamp) -> Result<Option<Arc<Record>>, StoreError> {
        Ok(None)
    }
    async fn change(&self, _: SessionId, _: Change, _: Timestamp) -> Result<Changed, StoreError> {
        Ok(Changed::Gone)
    }
    async fn replace(&self, _: SessionId, _: Replacement, _: Terms, _: Timestamp) -> Result<Replaced, StoreError> {
        Ok(Replaced::Gone)
    }
    async fn revoke(&self, _: SessionId, _: Timestamp) -> Result<bool, StoreError> {
        Ok(false)
    }
    async fn revoke_user(&self, _: &str, _: Option<SessionId>, _: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        Ok(Vec::new())
    }
    async fn revoke_device(&self, _: &str, _: &str, _: Timestamp) -> Result<Vec<SessionId>, StoreError> {
        Ok(Vec::new())
    }
    async fn list(&self, _: &str, _: Page, _: Timestamp) -> Result<Vec<Arc<Record>>, StoreError> {
        Ok(Vec::new())
    }
    async fn epoch(&self, _: &str, _: Timestamp) -> Result<Epoch, StoreError> {
        Ok(Epoch::default())
    }
    async fn scan(&self, _: Option<Cursor>, _: usize, _: Timestamp) -> Result<Scanned, StoreError> {
        Ok(Scanned { records: Vec::new(), next: None, done: 1.0 })
    }
    async fn invalidations(&self, _: Duration) -> Result<Invalidations, StoreError> {
        Err(StoreError::unavailable("nobody ends here"))
    }
    async fn sweep(&self, _: Timestamp, _: usize) -> Result<usize, StoreError> {
        self.calls.fetch_add(1, SeqCst);
        assert!(!one_less(&self.panics), "as told");
        if one_less(&self.failures) { Err(StoreError::unavailable("as told")) } else { Ok(0) }
    }
}

fn sessions() -> (Sessions, Arc<Swept>) {
    let store = Arc::new(Swept::default());
    (Sessions::new(KeyRing::generate().unwrap(), Arc::clone(&store)), store)
}

/// Lets virtual time pass.
async fn minutes(minutes: u64) {
    tokio::time::sleep(Duration::from_secs(60 * minutes) + Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn maintenance_sweeps_every_five_minutes_and_stops_when_told() {
    let (sessions, store) = sessions();
    let maintenance = sessions.spawn_maintenance();
    minutes(20).await;
    assert_eq!(store.calls(), 4);
    maintenance.stop().await;
    minutes(20).await;
    assert_eq!(store.calls(), 4);
}

#[tokio::test(start_paused = true)]
async fn maintenance_outlives_its_handle_and_ends_with_the_sessions() {
    let (sessions, store) = sessions();
    let _ = sessions.spawn_maintenance();
    let maintenance = sessions.spawn_maintenance();
    minutes(10).await;
    assert_eq!(store.calls(), 4, "two tasks, two sweeps each");
    drop(sessions);
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert!(maintenance.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_failing_store_is_asked_more_and_more_rarely_and_then_again_as_usual() {
    let (sessions, store) = sessions();
    store.failures.store(5, SeqCst);
    let _maintenance = sessions.spawn_maintenance();
    let mut calls = Vec::new();
    // After 5 minutes, then 10, 20, 40, 40 (it grows no further), 40 (which succeeds), 5.
    for pause in [5, 10, 20, 40, 40, 40, 5] {
        minutes(pause - 1).await;
        let before = store.calls();
        minutes(1).await;
        calls.push((before, store.calls()));
    }
    assert_eq!(calls, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 7)]);
    assert_eq!(sessions.counters().store_failures, 5);
}

#[tokio::test(start_paused = true)]
async fn a_sweep_that_panics_is_not_the_last() {
    let (sessions, store) = sessions();
    store.panics.store(1, SeqCst);
    let maintenance = sessions.spawn_maintenance();
    minutes(16).await;
    assert_eq!(store.calls(), 2);
    assert!(!maintenance.is_finished());
}
