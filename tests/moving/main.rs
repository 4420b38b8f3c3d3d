//! Moving house: nobody is logged out, nothing that was ended comes back, no change is lost, limits hold.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

mod crash;
#[allow(dead_code, unreachable_pub, missing_debug_implementations, reason = "other tests share it")]
#[path = "../support/foreseeing.rs"]
mod foreseeing;
#[allow(dead_code, unreachable_pub, reason = "other tests share it")]
#[path = "../support/paced.rs"]
mod paced;
mod schedules;
mod traffic;
mod verbs;

use std::{sync::Arc, time::Duration};

use countersign::{
    Change, Clock, Lifetime, Limit, MemoryStore, Moving, Record, SecretHash, SessionId, SessionStore, Timestamp,
    WhenFull,
    store::{Changed, Page},
};
use paced::{Pace, Paced, Pause};

const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const NO_LIMIT: Limit = Limit { max: 0, when_full: WhenFull::Reject };

/// A store that stops on either side of each command, so that others can come in between.
type Slow = Paced<Arc<MemoryStore>>;

/// Two stores, and as many nodes over them as are wanted.
struct House {
    old: Arc<MemoryStore>,
    new: Arc<MemoryStore>,
    pace: Arc<Pace>,
}

impl House {
    fn new() -> Self {
        let pace = Arc::new(Pace::default());
        pace.set(Pause::Yield);
        Self { old: Arc::new(MemoryStore::new()), new: Arc::new(MemoryStore::new()), pace }
    }

    fn node(&self) -> Arc<Moving<Slow, Slow>> {
        let slow = |store: &Arc<MemoryStore>| Paced::new(Arc::clone(store), Arc::clone(&self.pace));
        Arc::new(Moving::new(slow(&self.old), slow(&self.new)))
    }

    /// Keeps a session in the old store.
    async fn keep(&self, record: &Record) -> SessionId {
        self.old.create(record.clone(), NO_LIMIT.into(), NOW).await.unwrap();
        record.id()
    }
}

fn clock() -> Clock {
    Clock::manual(NOW.into())
}

fn session(user: &str) -> Record {
    of(Some(user)).with_user(user)
}

fn anonymous() -> Record {
    of(None)
}

fn of(user: Option<&str>) -> Record {
    let lifetime = Lifetime::new(Duration::from_secs(3_600), Duration::from_secs(36_000));
    Record::new(SessionId::new(user).unwrap(), SecretHash::from_bytes([7; 32]), lifetime, NOW)
}

fn add(name: &str, by: i64) -> Change {
    let mut change = Change::new();
    change.add(name, by).unwrap();
    change
}

fn count(record: &Record) -> i64 {
    record.attributes().value("n").map_or(0, |value| str::from_utf8(value).unwrap().parse().unwrap())
}

async fn load(store: &impl SessionStore, id: SessionId) -> Option<Arc<Record>> {
    store.load(id, NOW).await.unwrap()
}

/// Whether an increment was merged. It may have come too late; nothing else may happen to it.
async fn increment(store: &impl SessionStore, id: SessionId) -> bool {
    match store.change(id, add("n", 1), NOW).await.unwrap() {
        Changed::Merged(record) => {
            assert!(!record.in_transit());
            true
        }
        Changed::Gone => false,
        Changed::Refused(refused) => panic!("{refused}"),
    }
}

/// All sessions of a user.
async fn all(store: &impl SessionStore, user: &str) -> Vec<SessionId> {
    let listed = store.list(user, Page { after: None, size: 1_000 }, NOW).await.unwrap();
    assert!(listed.iter().all(|record| !record.in_transit()), "nobody sees that it moves");
    listed.iter().map(|record| record.id()).collect()
}

/// Every live session of a store.
async fn scanned(store: &impl SessionStore) -> Vec<Arc<Record>> {
    let (mut found, mut next) = (Vec::new(), None);
    loop {
        let part = store.scan(next, 7, NOW).await.unwrap();
        found.extend(part.records);
        assert!((0.0..=1.0).contains(&part.done));
        next = part.next;
        if next.is_none() {
            return found;
        }
    }
}
