//! Increments, which a store cannot add up that cannot read.

use countersign::{ChangeRefused, Keep, store::Replaced, store::Replacement};

use crate::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn five_hundred_on_two_nodes_count_five_hundred() {
    let below = Arc::new(MemoryStore::new());
    let nodes = [(); 2].map(|()| Arc::new(Sealed::new(Arc::clone(&below), &ring(&[OLD]))));
    let id = keep(&*nodes[0], &session("ada")).await;
    let seen = load(&*nodes[0], id).await;
    let tasks: Vec<_> = (0..500)
        .map(|n| {
            let (node, seen) = (Arc::clone(&nodes[n % 2]), Arc::clone(&seen));
            tokio::spawn(async move {
                let mut change = add("n", 1);
                change.set(&format!("f{}", n % 7), format!("{n}").into_bytes());
                // Some have seen it long ago, some never.
                let change = if n % 3 == 0 { change.having_seen(seen) } else { change };
                merged(&*node, id, change).await.attributes().value("n").unwrap().to_vec()
            })
        })
        .collect();
    let mut sums = std::collections::BTreeSet::new();
    for task in tasks {
        sums.insert(task.await.unwrap());
    }
    assert_eq!(sums.len(), 500, "each has a sum of its own");
    assert_eq!(load(&*nodes[1], id).await.attributes().value("n"), Some(&b"500"[..]));
}

#[tokio::test]
async fn a_condition_of_the_callers_own_is_honoured() {
    let store = Sealed::new(MemoryStore::new(), &ring(&[OLD]));
    let id = keep(&store, &session("ada")).await;
    let seen = load(&store, id).await;
    for (change, revision) in [(add("count", 1), 1), (set("card", b"1"), 2)] {
        for wrong in [revision - 1, revision + 1] {
            let mut change = change.clone().having_seen(Arc::clone(&seen));
            change.expect(wrong);
            let changed = store.change(id, change, NOW).await.unwrap();
            assert_eq!(changed, Changed::Refused(ChangeRefused::Outdated));
        }
        let mut change = change.having_seen(Arc::clone(&seen));
        change.expect(revision);
        assert_eq!(merged(&store, id, change).await.revision(), revision + 1);
    }
    assert_eq!(load(&store, id).await.attributes().value("count"), Some(&b"42"[..]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn none_is_lost_to_a_replacement_on_another_node() {
    for _ in 0..50 {
        let below = Arc::new(MemoryStore::new());
        let nodes = [(); 2].map(|()| Arc::new(Sealed::new(Arc::clone(&below), &ring(&[OLD]))));
        let id = keep(&*nodes[0], &session("ada")).await;
        let counting: Vec<_> = (0..8)
            .map(|n| {
                let node = Arc::clone(&nodes[n % 2]);
                tokio::spawn(
                    async move { matches!(node.change(id, add("n", 1), NOW).await.unwrap(), Changed::Merged(_)) },
                )
            })
            .collect();
        let new = Replacement { record: session("ada"), keep: Keep::Everything, change: add("n", 100), expect: None };
        let Replaced::Done { record, .. } = nodes[1].replace(id, new, NO_LIMIT.into(), NOW).await.unwrap() else {
            panic!("it is alive")
        };
        let mut counted = 100;
        for task in counting {
            counted += i64::from(task.await.unwrap());
        }
        assert_eq!(record.attributes().value("n"), Some(counted.to_string().as_bytes()));
        assert_eq!(*load(&*nodes[0], record.id()).await, *record);
    }
}
