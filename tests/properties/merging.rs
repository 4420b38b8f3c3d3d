//! How changes of several requests are merged, by a record and by every store.

use std::{sync::LazyLock, time::Duration};

use countersign::{
    Bounds, Change, Lifetime, Limit, MemoryStore, Record, SecretHash, SessionId, SessionStore, SqliteStore, Timestamp,
    WhenFull, store::Changed,
};
use proptest::{collection::vec, option, prelude::*};
use tempfile::TempDir;

use crate::{
    cases,
    model::{Edit, Fields, apply_all, edit},
    wait,
};

proptest! {
    #![proptest_config(cases(1_000))]

    #[test]
    fn a_record_merges_as_the_model_does(requests in requests(30)) {
        let (mut record, mut model) = (record(SessionId::from_bytes([1; 18])), Fields::new());
        for request in requests {
            let (change, taken) = request.change();
            let merged = record.apply(&change);
            prop_assert_eq!(merged.is_ok(), apply_all(&taken, request.bounds, &mut model).is_ok(), "{:?}", merged);
            prop_assert_eq!(&fields(&record), &model);
        }
    }

    /// An increment that does not fit what the change itself has set, or has added so far, is refused
    /// when it is made, and the change stays as it was.
    #[test]
    fn a_refused_increment_leaves_the_change_as_it_was(edits in vec(any_edit(i64::MIN, i64::MAX), 1..12)) {
        let mut change = Change::new();
        for edit in edits {
            let before = change.clone();
            if !edit.put_into(&mut change) {
                prop_assert!(matches!(edit, Edit::Add(..)));
                prop_assert!(before.fields().eq(change.fields()));
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn every_store_merges_as_the_model_does(
        requests in requests(12),
        id in any::<[u8; 18]>().prop_map(SessionId::from_bytes),
    ) {
        static SQLITE: LazyLock<(TempDir, SqliteStore)> = LazyLock::new(|| {
            let dir = TempDir::new().unwrap();
            let store = wait(SqliteStore::open(dir.path().join("sessions.db"))).unwrap();
            (dir, store)
        });
        wait(merges_as_the_model_does(&MemoryStore::new(), id, &requests));
        wait(merges_as_the_model_does(&SQLITE.1, id, &requests));
    }
}

async fn merges_as_the_model_does(store: &impl SessionStore, id: SessionId, requests: &[Request]) {
    let mut model = Fields::new();
    store.create(record(id), NO_LIMIT.into(), NOW).await.unwrap();
    for request in requests {
        let (change, taken) = request.change();
        let fits = apply_all(&taken, request.bounds, &mut model).is_ok();
        match store.change(id, change, NOW).await.unwrap() {
            Changed::Merged(record) => assert!(fits && fields(&record) == model, "{record:?}, not {model:?}"),
            Changed::Refused(refused) => assert!(!fits, "{refused}"),
            Changed::Gone => panic!("nobody has ended it"),
        }
        assert_eq!(fields(&store.load(id, NOW).await.unwrap().unwrap()), model);
    }
    assert!(store.revoke(id, NOW).await.unwrap());
}

/// What one request writes.
#[derive(Clone, Debug)]
struct Request {
    edits: Vec<Edit>,
    bounds: Option<Bounds>,
}

impl Request {
    /// The change, and what of the edits it has taken.
    fn change(&self) -> (Change, Vec<Edit>) {
        let mut change = Change::new();
        let taken = self.edits.iter().filter(|edit| edit.put_into(&mut change)).cloned().collect();
        let change = match self.bounds {
            Some(bounds) => change.within(bounds),
            None => change,
        };
        (change, taken)
    }
}

fn requests(most: usize) -> impl Strategy<Value = Vec<Request>> {
    let bounds = (0..8_usize, 0..60_usize).prop_map(|(fields, bytes)| Bounds { fields, bytes, name: 128 });
    // All up or all down: what overflows on the way then also overflows in the end. A change adds up
    // first, the model goes step by step.
    let edits = prop_oneof![
        2 => vec(any_edit(0, 1_000), 0..6),
        2 => vec(any_edit(-1_000, 0), 0..6),
        1 => vec(any_edit(0, i64::MAX), 0..6),
        1 => vec(any_edit(i64::MIN, 0), 0..6),
    ];
    vec((edits, option::weighted(0.3, bounds)).prop_map(|(edits, bounds)| Request { edits, bounds }), 1..most)
}

fn any_edit(least: i64, most: i64) -> impl Strategy<Value = Edit> {
    let number = prop_oneof![Just(i64::MAX), Just(i64::MIN), -50..50_i64].prop_map(|n| n.to_string().into_bytes());
    edit(prop_oneof![number, vec(any::<u8>(), 0..20), "[+-]?[0-9]{1,20}".prop_map(String::into_bytes)], least..=most)
}

fn fields(record: &Record) -> Fields {
    record.attributes().iter().map(|(name, value)| (name.to_owned(), value.to_vec())).collect()
}

fn record(id: SessionId) -> Record {
    let lifetime = Lifetime::new(Duration::from_secs(60), Duration::from_secs(600));
    Record::new(id, SecretHash::from_bytes([1; 32]), lifetime, NOW).with_user("ada")
}

const NO_LIMIT: Limit = Limit { max: 0, when_full: WhenFull::Reject };
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
