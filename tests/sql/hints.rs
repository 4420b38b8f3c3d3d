//! A change that starts from what somebody has seen loses nothing, however old that is.

use std::sync::Arc;

use countersign::{
    Change, ChangeRefused, Record, SessionStore, SqliteStore,
    store::{AnyStore, Changed},
};

use crate::{Database, NO_LIMIT, NOW, adding, count, id, record};

async fn on_each<F: Future<Output = ()>>(test: impl Fn(AnyStore) -> F) {
    let folder = tempfile::tempdir().unwrap();
    test(AnyStore::new(SqliteStore::open(folder.path().join("sessions.db")).await.unwrap())).await;
    for database in Database::fresh() {
        test(database.open().await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hint_that_is_out_of_date_costs_nobody_a_change() {
    on_each(|store| async move {
        store.create(record(1), NO_LIMIT, NOW).await.unwrap();
        let old = store.load(id(1), NOW).await.unwrap().unwrap();
        for expected in 1..=3 {
            let changed = store.change(id(1), adding(1).having_seen(Arc::clone(&old)), NOW).await.unwrap();
            let Changed::Merged(merged) = changed else { panic!("{changed:?}") };
            assert_eq!((count(&merged), merged.revision()), (expected, u32::try_from(expected).unwrap()));
            assert_eq!(store.load(id(1), NOW).await.unwrap(), Some(merged));
        }
        assert!(store.revoke(id(1), NOW).await.unwrap());
        let late = store.change(id(1), adding(1).having_seen(old), NOW).await.unwrap();
        assert_eq!(late, Changed::Gone, "a hint makes no session that is not there");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_the_hint_may_fit_the_session() {
    on_each(|store| async move {
        let mut text = Change::new();
        text.set("n", *b"text");
        let mut with_text = record(1);
        with_text.apply(&text).unwrap();
        store.create(with_text, NO_LIMIT, NOW).await.unwrap();
        let old = store.load(id(1), NOW).await.unwrap().unwrap();
        let refused = store.change(id(1), adding(1).having_seen(Arc::clone(&old)), NOW).await.unwrap();
        assert_eq!(refused, Changed::Refused(ChangeRefused::NotAnInteger("n".into())));
        let mut number = Change::new();
        number.set("n", *b"41");
        store.change(id(1), number, NOW).await.unwrap();
        let changed = store.change(id(1), adding(1).having_seen(old), NOW).await.unwrap();
        let Changed::Merged(merged) = changed else { panic!("{changed:?}") };
        assert_eq!(count(&merged), 42);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hint_of_another_session_is_none_and_an_expected_revision_is_held_to() {
    on_each(|store| async move {
        store.create(record(1), NO_LIMIT, NOW).await.unwrap();
        store.create(record(2), NO_LIMIT, NOW).await.unwrap();
        let other = store.load(id(2), NOW).await.unwrap().unwrap();
        store.change(id(1), adding(5).having_seen(other), NOW).await.unwrap();
        assert_eq!(count(&store.load(id(1), NOW).await.unwrap().unwrap()), 5);
        assert_eq!(count(&store.load(id(2), NOW).await.unwrap().unwrap()), 0);

        let seen = store.load(id(1), NOW).await.unwrap().unwrap();
        let mut expecting = adding(1).having_seen(Arc::clone(&seen));
        expecting.expect(seen.revision());
        assert!(matches!(store.change(id(1), expecting.clone(), NOW).await.unwrap(), Changed::Merged(_)));
        let late = store.change(id(1), expecting, NOW).await.unwrap();
        assert_eq!(late, Changed::Refused(ChangeRefused::Outdated));
        let end = seen.expires_at();
        assert_eq!(store.change(id(1), adding(1).having_seen(seen), end).await.unwrap(), Changed::Gone);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn p06_increments_with_hints_of_every_age_add_up() {
    on_each(|store| async move {
        store.create(record(1), NO_LIMIT, NOW).await.unwrap();
        let adding: Vec<_> = (0..8)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move {
                    let mut seen: Option<Arc<Record>> = None;
                    for turn in 0..25 {
                        if turn % 3 == 0 {
                            seen = store.load(id(1), NOW).await.unwrap();
                        }
                        let change = adding(1).having_seen(seen.clone().unwrap());
                        assert!(matches!(store.change(id(1), change, NOW).await.unwrap(), Changed::Merged(_)));
                    }
                })
            })
            .collect();
        for added in adding {
            added.await.unwrap();
        }
        let found = store.load(id(1), NOW).await.unwrap().unwrap();
        assert_eq!((count(&found), found.revision()), (200, 200));
    })
    .await;
}
