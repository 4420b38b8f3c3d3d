//! The count of live sessions is that of the store, and the lag of announcements is measured, on every store.

use std::{
    collections::BTreeSet,
    time::{Duration, SystemTime},
};

use countersign::{Clock, Config, KeyRing, Reason, SessionId, SessionStore, Sessions, Whence, store::AnyStore};
use futures_util::{StreamExt, stream};
use tokio::time::{Instant, sleep};

use crate::support::{Backend, KEY, Place, minutes, on_every_store, seconds};

/// More than one command of a scan tells.
const MANY: usize = 620;

struct Node {
    sessions: Sessions,
    truth: AnyStore,
    clock: Clock,
    place: Place,
}

async fn node(backend: Backend) -> Node {
    let (place, keys) = (Place::new(backend), KeyRing::new(KEY).unwrap());
    let clock = Clock::manual(SystemTime::UNIX_EPOCH + seconds(1_800_000_000));
    let mut config = Config::production();
    // The machine of the tests may be slow.
    config.store_deadline = seconds(60);
    let store = place.open(&keys).await;
    let truth = place.open_uncached(&keys).await;
    let sessions = Sessions::builder(keys, store).config(config).clock(clock.clone()).metrics().build().unwrap();
    Node { sessions, truth, clock, place }
}

#[tokio::test]
async fn the_snapshot_agrees_with_the_stores_own_count_on_every_store() {
    on_every_store(|backend| async move {
        let node = node(backend).await;
        let (sessions, metrics) = (&node.sessions, node.sessions.metrics().unwrap());
        let empty = metrics.count().await.unwrap();
        assert_eq!((empty.sessions, empty.users), (0, 0));

        // These will have expired, and nobody sweeps.
        for _ in 0..3 {
            sessions.log_in("gone").await.unwrap();
            sessions.start().await.unwrap();
        }
        node.clock.advance(minutes(31));
        let users = stream::iter(0..MANY).map(|number| async move {
            let user = format!("user-{}", number % 200);
            let issued = if number % 10 == 0 { sessions.start().await } else { sessions.log_in(user).await };
            issued.unwrap().session_id()
        });
        let mut ids: Vec<SessionId> = users.buffer_unordered(8).collect().await;
        ids.push(sessions.log_in("eve").pending_second_factor(["totp"]).await.unwrap().session_id());
        // What is no session lies there too: counts of attempts, and locks.
        for name in ["user-1", "nobody", "somebody else"] {
            let whence = Whence::default().with_address("192.0.2.7".parse().unwrap());
            sessions.attempt_from(name, whence).await.unwrap();
        }
        for id in &ids[..20] {
            sessions.revoke(*id, Reason::ByOperator).await.unwrap();
        }
        sessions.revoke_user("user-77", Reason::AccountClosed).await.unwrap();

        let (mut live, mut users, mut anonymous) = (0, BTreeSet::new(), 0);
        for id in &ids {
            if let Some(record) = node.truth.load(*id, node.clock.now()).await.unwrap() {
                live += 1;
                match record.user() {
                    Some(user) => drop(users.insert(user.to_owned())),
                    None => anonymous += 1,
                }
            }
        }
        let snapshot = metrics.snapshot().await.unwrap();
        let census = snapshot.live.unwrap();
        assert_eq!((census.sessions, census.users, census.anonymous), (live, users.len() as u64, anonymous));
        assert!(live > 500 && census.took > 0.0 && census.created_today == live, "{census:?}");
        assert_eq!(census.age.count, live);
        assert!(snapshot.store["scan"].count >= 3, "{:?}", snapshot.store["scan"]);
        assert_eq!(snapshot.expired.is_none(), backend.expires_by_itself());
        assert_eq!(snapshot.cache.is_some(), backend.is_cached());
        assert_eq!(snapshot.created, MANY as u64 + 7);
        drop(node.place);
    })
    .await;
}

#[tokio::test]
async fn the_lag_of_announcements_is_measured_on_every_store() {
    on_every_store(|backend| async move {
        let node = node(backend).await;
        let metrics = node.sessions.metrics().unwrap();
        let task = metrics.spawn();
        until(|| metrics.glance().invalidation_silence.is_some()).await;
        let mut ids = Vec::new();
        for user in ["ada", "eve", "bob"] {
            ids.push(node.sessions.log_in(user).await.unwrap().session_id());
        }
        for id in ids {
            node.sessions.revoke(id, Reason::ByOperator).await.unwrap();
        }
        until(|| metrics.glance().invalidation_lag.count == 3).await;
        let lag = metrics.glance().invalidation_lag;
        assert!(lag.max < 20.0, "{lag:?}");
        eprintln!("lag on {backend:?}: {lag:?}");
        task.stop().await;
    })
    .await;
}

async fn until(so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < seconds(30), "it does not come");
        sleep(Duration::from_millis(20)).await;
    }
}

/// What all sessions ended by lies in the store, and so do they, until they expire.
#[tokio::test(start_paused = true)]
async fn sessions_that_ended_with_everybodys_are_not_counted() {
    let node = node(Backend::Memory).await;
    for user in ["ada", "eve", "bob"] {
        node.sessions.log_in(user).await.unwrap();
    }
    node.sessions.revoke_everyone(Reason::ByOperator).await.unwrap();
    node.clock.advance(seconds(3));
    let metrics = node.sessions.metrics().unwrap();
    assert_eq!(metrics.count().await.unwrap().sessions, 0);
    node.sessions.log_in("ada").await.unwrap();
    let census = metrics.count().await.unwrap();
    assert_eq!((census.sessions, census.users), (1, 1));
}
