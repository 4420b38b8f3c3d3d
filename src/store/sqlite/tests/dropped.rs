//! A verb whose future is dropped, wherever that may be, has happened or has not.

use std::{future::poll_fn, task::Poll, thread};

use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};

use super::*;
use crate::{record::Device, store::memory::MemoryStore};

#[tokio::test]
async fn in_a_file_of_its_own() {
    let (_dir, store) = fresh().await;
    drop_everywhere(&store).await;
}

/// The application's pool: several connections, and the journal that SQLite has by default.
#[tokio::test]
async fn in_a_pool_that_was_given() {
    let dir = tempfile::tempdir().unwrap();
    let file = SqliteConnectOptions::new().filename(dir.path().join("app.db")).create_if_missing(true);
    let unsynced = file.synchronous(SqliteSynchronous::Off);
    let pool = SqlitePoolOptions::new().max_connections(2).connect_with(unsynced).await.unwrap();
    drop_everywhere(&SqliteStore::with_pool(pool).await.unwrap()).await;
}

#[tokio::test]
async fn in_memory() {
    let one = SqlitePoolOptions::new().min_connections(1).max_connections(1);
    let kept = one.idle_timeout(None).max_lifetime(None).test_before_acquire(false);
    let pool = kept.connect("sqlite::memory:").await.unwrap();
    drop_everywhere(&SqliteStore::with_pool(pool).await.unwrap()).await;
}

async fn drop_everywhere(store: &SqliteStore) {
    store.create(bystander(), NO_LIMIT, NOW).await.unwrap();
    let mut cuts = 0;
    for verb in Verb::ALL {
        for pause in [Duration::ZERO, Duration::from_millis(3)] {
            for polls in 0..POLLS {
                cuts += usize::from(cut_off(store, verb, polls, pause).await);
                let next = store.change(bystander().id(), adding(1), NOW).await;
                assert!(matches!(next, Ok(Changed::Merged(_))), "after {verb:?}: {next:?}");
            }
        }
    }
    let before_the_first_poll = 2 * Verb::ALL.len();
    assert!(cuts > before_the_first_poll, "{cuts} cuts");
}

/// Drops a verb after so many polls and a pause, in which SQLite's thread may run ahead of it.
/// `false` if it was faster.
async fn cut_off(store: &SqliteStore, verb: Verb, polls: usize, pause: Duration) -> bool {
    let oracle = MemoryStore::new();
    prepare(&oracle).await;
    let before = everything(&oracle).await;
    verb.run(&oracle).await;
    let after = everything(&oracle).await;

    prepare(store).await;
    assert_eq!(everything(store).await, before);
    let mut future = Box::pin(verb.run(store));
    let mut left = polls;
    let finished = poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(true),
            Poll::Pending if left == 0 => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await;
    thread::sleep(pause);
    drop(future);

    settle(store).await;
    let found = everything(store).await;
    assert!(found == after || (found == before && !finished), "{verb:?} after {polls} polls: {found:?}");
    !finished
}

/// Waits until no connection has anything left to do.
async fn settle(store: &SqliteStore) {
    let mut all = Vec::new();
    for _ in 0..store.writer.options().get_max_connections() {
        all.push(store.writer.acquire().await.unwrap());
    }
}

/// Three sessions of ada's, the third of which has expired.
async fn prepare(store: &impl SessionStore) {
    store.revoke_user("ada", None, LONG_AGO).await.unwrap();
    let device = Device { id: Some("phone".into()), ..Device::default() };
    store.create(record(1).with_origin(device, None), NO_LIMIT, NOW).await.unwrap();
    store.create(record(2), NO_LIMIT, NOW).await.unwrap();
    let old = Record::new(id(3), SecretHash::from_bytes([3; 32]), LIFETIME, LONG_AGO).with_user("ada");
    store.create(old, NO_LIMIT, LONG_AGO).await.unwrap();
}

async fn everything(store: &impl SessionStore) -> Vec<Arc<Record>> {
    store.list("ada", Page { after: None, size: 99 }, LONG_AGO).await.unwrap()
}

fn bystander() -> Record {
    Record::new(id(200), SecretHash::from_bytes([200; 32]), LIFETIME, NOW).with_user("bob")
}

#[derive(Clone, Copy, Debug)]
enum Verb {
    Create,
    Change,
    Replace,
    Revoke,
    RevokeUser,
    RevokeDevice,
    Sweep,
}

impl Verb {
    const ALL: [Self; 7] =
        [Self::Create, Self::Change, Self::Replace, Self::Revoke, Self::RevokeUser, Self::RevokeDevice, Self::Sweep];

    async fn run(self, store: &impl SessionStore) {
        match self {
            Self::Create => drop(store.create(record(4), evict(1), NOW).await.unwrap()),
            Self::Change => drop(store.change(id(1), adding(1), NOW).await.unwrap()),
            Self::Replace => drop(store.replace(id(1), replacement(4), evict(1), NOW).await.unwrap()),
            Self::Revoke => assert!(store.revoke(id(1), NOW).await.unwrap()),
            Self::RevokeUser => drop(store.revoke_user("ada", None, NOW).await.unwrap()),
            Self::RevokeDevice => drop(store.revoke_device("ada", "phone", NOW).await.unwrap()),
            Self::Sweep => assert_eq!(store.sweep(NOW, 9).await.unwrap(), 1),
        }
    }
}

/// More than any verb needs: it waits once for each statement, and a few times for a connection.
const POLLS: usize = 16;
const LONG_AGO: Timestamp = Timestamp::from_millis(1);
