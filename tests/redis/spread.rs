//! What lies in different slots of a cluster.

use std::{collections::HashSet, time::Duration};

use countersign::{
    Limit, Record, RedisStore, SessionId, SessionStore, WhenFull,
    store::{Epoch, Invalidation, Page, Replaced, Replacement, Terms},
};

use crate::{NO_LIMIT, NOW, add, eventually, fresh, kept, session, support::servers};

async fn on_cluster() -> (String, RedisStore) {
    let (prefix, builder) = fresh();
    (prefix, builder.cluster(servers::cluster().urls()).await.unwrap())
}

fn following(record: &Record) -> Replacement {
    Replacement {
        record: record.clone(),
        keep: countersign::Keep::Everything,
        change: add("followed", 1),
        expect: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_scan_tells_of_every_session_of_every_master_once_at_least() {
    let (_, cluster) = on_cluster().await;
    let (_, builder) = fresh();
    let one = builder.open(&servers::redis().url()).await.unwrap();
    for store in [cluster, one] {
        let mut expected = HashSet::new();
        for user in 0..150 {
            expected.insert(kept(&store, (user % 3 > 0).then_some(&*format!("user {user}"))).await.id());
        }
        let gone = kept(&store, None).await;
        store.revoke(gone.id(), NOW).await.unwrap();
        for size in [1, 10, 1_000] {
            let (mut found, mut from, mut done) = (HashSet::new(), None, 0.0);
            loop {
                let part = store.scan(from, size, NOW).await.unwrap();
                assert!(part.done >= done && part.done <= 1.0, "{} after {done}", part.done);
                done = part.done;
                found.extend(part.records.iter().map(|record| record.id()));
                from = part.next;
                if from.is_none() {
                    break;
                }
            }
            assert_eq!(found, expected);
            assert!((done - 1.0).abs() < 1e-9);
        }
        assert!(store.scan(Some(countersign::store::Cursor::new([1, 2])), 1, NOW).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn announcements_of_every_master_are_heard() {
    let (_, store) = on_cluster().await;
    let mut heard = store.invalidations(Duration::from_millis(50)).await.unwrap();
    let mut ending = HashSet::new();
    for user in 0..30 {
        let record = kept(&store, Some(&format!("user {user}"))).await;
        ending.insert(record.id());
        store.revoke(record.id(), NOW).await.unwrap();
    }
    let hearing = async {
        while !ending.is_empty() {
            if let Invalidation::Ended(id) = heard.next().await.unwrap() {
                ending.remove(&id);
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), hearing).await.unwrap();
}

/// The session that is followed changes all the time: it is followed for all that, and nothing that was merged into
/// it is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_change_is_lost_to_a_replacement_and_none_keeps_it_from_coming() {
    let (_, cluster) = on_cluster().await;
    let (_, builder) = fresh();
    for store in [cluster, builder.open(&servers::redis().url()).await.unwrap()] {
        is_followed_while_it_changes(&store).await;
    }
}

async fn is_followed_while_it_changes(store: &RedisStore) {
    for round in 0..20 {
        let old = kept(store, None).await.id();
        let new = session(Some(&format!("user {round}")));
        let counting = async {
            let mut counted = 0;
            while let countersign::store::Changed::Merged(_) = store.change(old, add("n", 1), NOW).await.unwrap() {
                counted += 1;
            }
            counted
        };
        let replacing = async {
            tokio::time::sleep(Duration::from_micros(300 * round)).await;
            store.replace(old, following(&new), NO_LIMIT.into(), NOW).await.unwrap()
        };
        let (counted, replaced) = tokio::join!(counting, replacing);
        let Replaced::Done { record, .. } = replaced else { panic!("{replaced:?}") };
        let kept = record.attributes().value("n").map(|n| String::from_utf8_lossy(n).into_owned());
        assert_eq!(kept, (counted > 0).then(|| counted.to_string()));
        assert_eq!(store.load(new.id(), NOW).await.unwrap(), Some(record));
    }
}

/// A log-in in another slot is refused, or ended, by the revocation of its user; never neither.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_log_in_across_slots_slips_through_a_revocation_of_the_user() {
    let (_, store) = on_cluster().await;
    let (mut done, mut passed) = (0, 0);
    for round in 0..60_u64 {
        let user = format!("user {round}");
        let (old, new) = (kept(&store, None).await.id(), session(Some(&user)));
        let terms = Terms { limit: NO_LIMIT, epoch: Some(Epoch::default()) };
        let revoking = async {
            tokio::time::sleep(Duration::from_micros(round * 15)).await;
            store.revoke_user(&user, None, NOW).await.unwrap()
        };
        let (replaced, _) = tokio::join!(store.replace(old, following(&new), terms, NOW), revoking);
        match replaced.unwrap() {
            Replaced::Done { .. } => done += 1,
            Replaced::EpochPassed | Replaced::Gone => passed += 1,
            other => panic!("{other:?}"),
        }
        assert_eq!(store.list(&user, Page { after: None, size: 9 }, NOW).await.unwrap(), []);
        assert_eq!(store.load(new.id(), NOW).await.unwrap(), None);
    }
    assert!(done + passed == 60);
}

/// Whoever hangs up half-way leaves the old session or the new one, and no place that stays reserved.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_caller_who_hangs_up_leaves_one_session() {
    let (_, store) = on_cluster().await;
    for round in 0..40_u64 {
        let user = format!("user {round}");
        let (old, new) = (kept(&store, None).await.id(), session(Some(&user)));
        let one = Limit { max: 1, when_full: WhenFull::Reject };
        let replacing = store.replace(old, following(&new), one.into(), NOW);
        let _ = tokio::time::timeout(Duration::from_micros(round * 40), replacing).await;
        // What is under way comes to its end by itself.
        let lives = async |id: SessionId| store.load(id, NOW).await.unwrap().is_some();
        eventually("one of the two lives", async || lives(old).await != lives(new.id()).await).await;
        eventually("there is room again when that one has ended", async || {
            store.revoke(old, NOW).await.unwrap();
            store.revoke(new.id(), NOW).await.unwrap();
            let created = store.create(session(Some(&user)), one.into(), NOW).await.unwrap();
            created == countersign::store::Created::Kept { evicted: vec![] }
        })
        .await;
        assert!(!lives(old).await && !lives(new.id()).await, "and nothing comes back");
    }
}
