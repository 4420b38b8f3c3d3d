//! What the other verbs say while some sessions are here, some there, and some between.

use countersign::{
    ChangeRefused, KeyRing, Sealed, Sessions, SqliteStore,
    store::{Created, Epoch, Invalidation, Replaced, Replacement, Terms},
};

use crate::*;

/// A house with a session of ada's in the old store, one frozen, one copied, one that has arrived but not left,
/// one that has moved, and one that began in the new store. And how they got there: movers stopped on the way.
async fn in_between() -> (House, Vec<SessionId>) {
    let house = House::new();
    let mut ids = Vec::new();
    for polls in [Some(4), Some(6), Some(11), None] {
        let other = House { old: Arc::new(MemoryStore::new()), new: Arc::clone(&house.new), pace: house.pace.clone() };
        let id = other.keep(&session("ada")).await;
        let node = other.node();
        let clock = clock();
        match polls {
            // So many of its steps; its session stays where it is then.
            Some(polls) => steps(node.run(&clock, 1, |_| {}), polls * 2).await,
            None => drop(node.run(&clock, 1, |_| {}).await.unwrap()),
        }
        if let Some(left) = load(&other.old, id).await {
            house.keep(&left).await;
        }
        ids.push(id);
    }
    ids.push(house.keep(&session("ada")).await);
    let began = session("ada");
    ids.push(began.id());
    house.node().create(began, NO_LIMIT.into(), NOW).await.map(drop).unwrap();
    (house, ids)
}

async fn steps(future: impl Future, polls: usize) {
    let mut future = std::pin::pin!(future);
    for _ in 0..polls {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        if future.as_mut().poll(&mut context).is_ready() {
            return;
        }
    }
}

#[tokio::test]
async fn pages_and_parts_show_each_session_once_wherever_it_is() {
    let house = House::new();
    let mut ids = Vec::new();
    for n in 0..12 {
        let id = house.keep(&session("ada")).await;
        ids.push(id);
        // Left at another step each time.
        if n % 2 == 0 {
            steps(house.node().load(id, NOW), 2).await;
            steps(house.node().run(&clock(), 1, |_| {}), 3 * n).await;
        }
    }
    ids.sort();
    let node = house.node();
    for size in [1, 2, 5, 12, 100] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = node.list("ada", Page { after, size }, NOW).await.unwrap();
            found.extend(page.iter().map(|record| record.id()));
            after = found.last().copied();
            if page.len() < size {
                break;
            }
        }
        assert_eq!(found, ids, "pages of {size}");
    }
    let mut told: Vec<SessionId> = scanned(&*node).await.iter().map(|record| record.id()).collect();
    told.sort();
    told.dedup();
    assert_eq!(told, ids);
    assert_eq!(node.revoke_user("ada", Some(ids[3]), NOW).await.unwrap().len(), 11);
    assert_eq!(all(&*node, "ada").await, [ids[3]]);
    assert!(node.revoke(ids[3], NOW).await.unwrap() && !node.revoke(ids[3], NOW).await.unwrap());
    assert!(scanned(&*node).await.is_empty());
}

#[tokio::test]
async fn wherever_a_session_is_it_counts_and_its_revision_only_grows() {
    let (house, ids) = in_between().await;
    let node = house.node();
    for id in &ids {
        let before = load(&*node, *id).await.expect("it is alive").revision();
        assert!(increment(&*node, *id).await);
        let after = load(&*node, *id).await.unwrap();
        assert!((after.revision() > before, count(&after)) == (true, 1));
        let mut outdated = add("n", 1);
        outdated.expect(before);
        let changed = node.change(*id, outdated, NOW).await.unwrap();
        assert_eq!(changed, Changed::Refused(ChangeRefused::Outdated));
        let mut expected = add("n", 1).having_seen(Arc::clone(&after));
        expected.expect(after.revision());
        assert!(matches!(node.change(*id, expected, NOW).await.unwrap(), Changed::Merged(_)));
    }
    let one_more = Limit { max: 6, when_full: WhenFull::Reject };
    assert_eq!(node.create(session("ada"), one_more.into(), NOW).await.unwrap(), Created::LimitReached);
    assert!(scanned(&house.old).await.is_empty(), "the limit has counted all of them in one place");
    assert_eq!(all(&house.new, "ada").await.len(), 6);
}

#[tokio::test]
async fn an_id_is_taken_wherever_it_is() {
    let house = House::new();
    let taken = session("ada");
    house.keep(&taken).await;
    let node = house.node();
    assert_eq!(node.create(taken.clone(), NO_LIMIT.into(), NOW).await.unwrap(), Created::IdTaken);
    let other = house.keep(&session("ada")).await;
    let new = Replacement { record: taken, keep: Default::default(), change: Change::new(), expect: None };
    assert_eq!(node.replace(other, new, NO_LIMIT.into(), NOW).await.unwrap(), Replaced::IdTaken);
}

#[tokio::test]
async fn an_epoch_passes_in_whichever_store_it_does() {
    let house = House::new();
    let node = house.node();
    let terms = |epoch| Terms { limit: NO_LIMIT, epoch: Some(epoch) };
    let first = node.epoch("ada", NOW).await.unwrap();
    assert_eq!(first, Epoch::default());
    assert!(matches!(node.create(session("ada"), terms(first), NOW).await.unwrap(), Created::Kept { .. }));
    house.old.revoke_user("ada", None, NOW).await.unwrap();
    assert_eq!(node.create(session("ada"), terms(first), NOW).await.unwrap(), Created::EpochPassed);
    let second = node.epoch("ada", NOW).await.unwrap();
    house.new.revoke_user("ada", None, NOW).await.unwrap();
    let third = node.epoch("ada", NOW).await.unwrap();
    node.revoke_user("ada", None, NOW).await.unwrap();
    let fourth = node.epoch("ada", NOW).await.unwrap();
    for passed in [first, second, third] {
        assert_eq!(node.create(session("ada"), terms(passed), NOW).await.unwrap(), Created::EpochPassed);
        let old = house.keep(&session("ada")).await;
        let new = Replacement { record: session("ada"), keep: Default::default(), change: Change::new(), expect: None };
        assert_eq!(node.replace(old, new, terms(passed), NOW).await.unwrap(), Replaced::EpochPassed);
        assert!(load(&*node, old).await.is_some());
    }
    assert!(matches!(node.create(session("ada"), terms(fourth), NOW).await.unwrap(), Created::Kept { .. }));
}

#[tokio::test(start_paused = true)]
async fn both_stores_are_heard_and_one_alone_is_no_heartbeat() {
    let house = House::new();
    let node = house.node();
    let (here, there) = (house.keep(&session("ada")).await, session("ada"));
    let mut heard = node.invalidations(Duration::from_secs(1)).await.unwrap();
    let id = there.id();
    node.create(there, NO_LIMIT.into(), NOW).await.unwrap();
    node.revoke(here, NOW).await.unwrap();
    node.revoke(id, NOW).await.unwrap();
    let (mut ended, mut beats) = (Vec::new(), 0);
    while beats < 3 {
        match heard.next().await.expect("it is not cut off") {
            Invalidation::Ended(id) => ended.push(id),
            Invalidation::Heartbeat => beats += 1,
        }
    }
    assert!(ended.contains(&here) && ended.contains(&id));
}

#[tokio::test]
async fn what_lies_in_plain_text_moves_into_a_sealed_store() {
    let (old, new) = (Arc::new(MemoryStore::new()), Arc::new(MemoryStore::new()));
    let keys = KeyRing::generate().unwrap();
    let before = Sessions::new(keys.clone(), Arc::clone(&old));
    let mut issued = Vec::new();
    for user in ["ada", "ada", "eve"] {
        issued.push(before.log_in(user).await.unwrap());
    }
    let now = before.clock().now();
    for session in &issued {
        old.change(session.session_id(), add("n", 41), now).await.unwrap();
    }
    let moving = Arc::new(Moving::new(Arc::clone(&old), Sealed::new(Arc::clone(&new), &keys)));
    let during = Sessions::new(keys.clone(), Arc::clone(&moving));
    assert_eq!(during.authenticate(issued[0].token()).await.unwrap().info().get("n").unwrap(), Some(41));
    let mut parts = Vec::new();
    let progress = moving.run(&Clock::system(), 2, |progress| parts.push(progress)).await.unwrap();
    assert_eq!((progress.moved, progress.gone, progress.failed, progress.done), (3, 0, 0, 1.0));
    assert_eq!(parts.last(), Some(&progress));

    assert!(old.is_empty());
    let row = serde_json::to_value(&*new.load(issued[0].session_id(), now).await.unwrap().unwrap()).unwrap();
    assert_ne!(row["attributes"]["n"], "NDE=", "41 as base64");
    let after = Sessions::new(keys.clone(), Sealed::new(new, &keys));
    for session in &issued {
        let session = after.authenticate(session.token()).await.unwrap();
        assert_eq!((session.info().get("n").unwrap(), session.info().withheld().count()), (Some(41), 0));
    }
}

#[tokio::test]
async fn what_would_lose_something_does_not_move_and_says_so() {
    let (old, keys) = (Arc::new(MemoryStore::new()), KeyRing::generate().unwrap());
    let mut plain = session("ada");
    plain.apply(&add("n", 1)).unwrap();
    old.create(plain.clone(), NO_LIMIT.into(), NOW).await.unwrap();
    let moving = Moving::new(Sealed::new(Arc::clone(&old), &keys), MemoryStore::new());
    let sealed = session("eve");
    moving.from().create(sealed.clone(), NO_LIMIT.into(), NOW).await.unwrap();
    let mut last = None;
    let error = moving.run(&clock(), 2, |progress| last = Some(progress)).await.unwrap_err();
    let text = std::error::Error::source(&error).unwrap().to_string();
    assert!(text.contains("`n`") && text.contains("withheld"), "{text}");
    assert!(last.unwrap().moved == 1 && last.unwrap().failed >= 1);
    assert!(load(moving.to(), sealed.id()).await.is_some(), "all others have moved");
    assert!(!load(&old, plain.id()).await.unwrap().in_transit(), "it can be used where it is");
}

#[tokio::test]
async fn a_node_that_sees_one_store_alone_does_not_accept_what_is_under_way() {
    let house = House::new();
    house.pace.set(Pause::No);
    let keys = KeyRing::generate().unwrap();
    let alone = Sessions::new(keys.clone(), Arc::clone(&house.old));
    let issued = alone.log_in("ada").await.unwrap();
    let mut freeze = Change::new();
    freeze.set_transit(true);
    house.old.change(issued.session_id(), freeze, alone.clock().now()).await.unwrap();
    let error = alone.authenticate(issued.token()).await.unwrap_err();
    assert_eq!(error.kind().status(), 503, "{error}");
    let both = Sessions::new(keys, house.node());
    assert_eq!(both.authenticate(issued.token()).await.unwrap().info().user(), "ada");
}

#[tokio::test]
async fn from_memory_into_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let new = Arc::new(SqliteStore::open(folder.path().join("new.db")).await.unwrap());
    let old = Arc::new(MemoryStore::new());
    let mut ids = Vec::new();
    for n in 0..40 {
        let mut record = session(["ada", "eve"][n % 2]);
        record.apply(&add("n", n as i64)).unwrap();
        ids.push(record.id());
        old.create(record, NO_LIMIT.into(), NOW).await.unwrap();
    }
    let moving = Moving::new(Arc::clone(&old), Arc::clone(&new));
    assert_eq!(moving.run(&clock(), 4, |_| {}).await.unwrap().moved, 40);
    assert!(old.is_empty());
    for (n, id) in ids.into_iter().enumerate() {
        let record = load(&new, id).await.unwrap();
        assert!(!record.in_transit() && count(&record) == n as i64);
    }
}

/// A reader sees no mark; a store that started from what he has seen would take it off.
#[tokio::test]
async fn what_was_seen_of_a_frozen_session_does_not_thaw_it() {
    let moving = Moving::new(crate::foreseeing::Foreseeing::default(), MemoryStore::new());
    let record = session("ada");
    moving.from().create(record.clone(), NO_LIMIT.into(), NOW).await.unwrap();
    let mut freeze = Change::new();
    freeze.set_transit(true);
    moving.from().change(record.id(), freeze, NOW).await.unwrap();
    let seen = load(&moving, record.id()).await.unwrap();
    assert!(!seen.in_transit());
    let changed = moving.change(record.id(), add("n", 1).having_seen(seen), NOW).await.unwrap();
    assert!(matches!(changed, Changed::Merged(_)));
    assert!(
        load(moving.from(), record.id()).await.is_none() && count(&load(moving.to(), record.id()).await.unwrap()) == 1
    );
}
