//! Keys come and go.

use countersign::{Keep, store::Replaced, store::Replacement};

use crate::*;

#[tokio::test]
async fn after_a_write_each_the_old_key_can_be_dropped_and_nothing_is_withheld() {
    let below = Arc::new(MemoryStore::new());
    let old = Sealed::new(Arc::clone(&below), &ring(&[OLD]));
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(keep(&old, &session("ada")).await);
    }
    let both = Sealed::new(Arc::clone(&below), &ring(&[NEW, OLD]));
    let mut touch = Change::new();
    touch.touch(NOW);
    merged(&both, ids[0], touch).await;
    merged(&both, ids[1], set("other", b"1")).await;
    let record = merged(&both, ids[2], add("count", 1)).await;
    assert_eq!(*record, *load(&both, ids[2]).await, "who has written knows the revision that has come of it");
    let new = Replacement { record: session("ada"), keep: Keep::Everything, change: Change::new(), expect: None };
    let Replaced::Done { record, .. } = both.replace(ids[3], new, NO_LIMIT.into(), NOW).await.unwrap() else {
        panic!("it is alive")
    };
    ids[3] = record.id();
    let unwritten = keep(&old, &session("ada")).await;

    let alone = Sealed::new(Arc::clone(&below), &ring(&[NEW]));
    for id in ids {
        let record = load(&alone, id).await;
        assert_eq!((withheld(&record), record.device().os.as_deref()), (vec![], Some("Plan 9")));
        assert_eq!(record.attributes().value("card"), Some(&b"\"4111 1111 1111 1111\""[..]));
    }
    assert_eq!(load(&alone, unwritten).await.withheld().count(), 3, "it was not written to");
}

#[tokio::test]
async fn what_is_sealed_by_the_current_key_is_written_once() {
    let below = Arc::new(MemoryStore::new());
    let store = Sealed::new(Arc::clone(&below), &ring(&[NEW, OLD]));
    let id = keep(&store, &session("ada")).await;
    let before = load(&below, id).await;
    let after = merged(&store, id, set("other", b"1")).await;
    assert_eq!(after.revision(), before.revision() + 1);
    assert_eq!(load(&below, id).await.attributes().value("card"), before.attributes().value("card"));
}
