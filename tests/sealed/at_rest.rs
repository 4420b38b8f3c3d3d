//! What lies in the store.

use countersign::{Keep, MemoryStore, Sealed, SecretHash, SessionStore, SqliteStore, store::Replacement};

use crate::*;

const SECRETS: [&str; 8] =
    ["4111", "\"41\"", "red laptop", "Plan 9", "Mothra", "2001:db8", "desktop", "QxMTEgMTExIDExMTEgMTExM"];

#[tokio::test]
async fn the_bytes_of_a_database_hold_neither_values_nor_user_agent_nor_address() {
    let folder = tempfile::tempdir().unwrap();
    let plain = SqliteStore::open(folder.path().join("plain.db")).await.unwrap();
    let sealed = SqliteStore::open(folder.path().join("sealed.db")).await.unwrap();
    let sealed = Sealed::new(sealed, &ring(&[OLD]));
    everything_is_written(&plain).await;
    everything_is_written(&sealed).await;
    let bytes_of = |name: &str| -> Vec<u8> {
        let files = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path());
        let files = files.filter(|file| file.file_name().unwrap().to_str().unwrap().starts_with(name));
        files.flat_map(|file| std::fs::read(file).unwrap()).collect()
    };
    let (plain, sealed) = (bytes_of("plain.db"), bytes_of("sealed.db"));
    // Values are base64 in the file: of each alignment, a part that does not depend on its neighbours.
    for secret in ["Plan 9", "Mothra", "2001:db8", "QxMTEgMTEx", "QVlC", "OTk5OQ"] {
        assert!(holds(&plain, secret), "this test would see {secret}");
    }
    for secret in SECRETS.iter().chain(&["QxMTEgMTEx", "OTk5OQ", "9999"]) {
        assert!(!holds(&sealed, secret), "{secret} is in the file");
    }
    for readable in ["ada", "editor", "laptop-17", "card"] {
        assert!(holds(&sealed, readable), "{readable} is found by, and documented as readable");
    }
}

/// By every verb that writes, and with a hint that holds all of it in plain text.
async fn everything_is_written(store: &impl SessionStore) {
    let id = keep(store, &session("ada")).await;
    let seen = load(store, id).await;
    merged(store, id, set("card", b"\"4111 1111\"").having_seen(Arc::clone(&seen))).await;
    merged(store, id, set("letters", b"AYB").having_seen(seen)).await;
    let seen = load(store, id).await;
    merged(store, id, add("count", 9_958).having_seen(seen)).await;
    let mut record = session("ada");
    record.apply(&set("own", b"4111")).unwrap();
    let new = Replacement { record, keep: Keep::Everything, change: set("more", b"4111"), expect: None };
    store.replace(id, new, NO_LIMIT.into(), NOW).await.unwrap();
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// A store may write back what it is told was seen: never in plain text.
#[tokio::test]
async fn what_was_seen_does_not_go_down_opened() {
    let below = Arc::new(crate::foreseeing::Foreseeing::default());
    let store = Sealed::new(Arc::clone(&below), &ring(&[OLD]));
    let id = keep(&store, &session("ada")).await;
    for change in [set("own", b"1"), add("count", 1), add("new", 1), Change::new()] {
        let mut change = change.having_seen(load(&store, id).await);
        change.touch(NOW);
        merged(&store, id, change).await;
        let row = serde_json::to_string(&*load(&*below, id).await).unwrap();
        assert!(SECRETS.iter().all(|secret| !row.contains(secret)), "{row}");
        assert_eq!(load(&store, id).await.withheld().count(), 0);
    }
}

#[tokio::test]
async fn what_was_kept_comes_back_and_the_rows_say_nothing() {
    let below = Arc::new(MemoryStore::new());
    let store = Sealed::new(Arc::clone(&below), &ring(&[OLD]));
    let record = session("ada");
    let id = keep(&store, &record).await;
    assert_eq!(*load(&store, id).await, record);
    let row = serde_json::to_string(&*load(&below, id).await).unwrap();
    assert!(SECRETS.iter().all(|secret| !row.contains(secret)), "{row}");
    let lengths = |record: &Record| -> usize { record.attributes().iter().map(|(_, value)| value.len()).sum() };
    assert_eq!(lengths(&*load(&below, id).await), lengths(&record) + 2 * 29);
}

/// Rows as somebody may rewrite them who can write to the store and has no key.
#[tokio::test]
async fn what_was_moved_to_another_field_session_or_user_does_not_open() {
    let below = Arc::new(MemoryStore::new());
    let store = Sealed::new(Arc::clone(&below), &ring(&[OLD]));
    let id = keep(&store, &session("ada")).await;
    let row = serde_json::to_value(&*load(&below, id).await).unwrap();

    let mut fields = row.clone();
    fields["attributes"]["count"] = row["attributes"]["card"].clone();
    assert_eq!(rewritten(&below, &store, fields).await, (vec!["card".to_owned()], vec!["count".to_owned()]));

    let mut origin = row.clone();
    origin["attributes"]["card"] = row["origin"]["sealed"].clone();
    origin["origin"]["sealed"] = row["attributes"]["card"].clone();
    let (open, shut) = rewritten(&below, &store, origin).await;
    assert_eq!((open, shut), (vec!["count".to_owned()], vec!["card".to_owned(), Record::ORIGIN.to_owned()]));

    let mut user = row.clone();
    user["user"] = "eve".into();
    assert_eq!(rewritten(&below, &store, user).await.0, Vec::<String>::new());

    let mut other = row.clone();
    other["id"] = SessionId::new(Some("ada")).unwrap().to_string().into();
    assert_eq!(rewritten(&below, &store, other).await.0, Vec::<String>::new());

    let (open, shut) = rewritten(&below, &store, row).await;
    assert_eq!((open.len(), shut.len()), (2, 0), "as it was, all of it opens");
}

#[tokio::test]
async fn plain_text_is_withheld_and_no_way_in() {
    let below = Arc::new(MemoryStore::new());
    let store = Sealed::new(Arc::clone(&below), &ring(&[OLD]));
    let plain = session("ada");
    below.create(plain.clone(), NO_LIMIT.into(), NOW).await.unwrap();
    let read = load(&store, plain.id()).await;
    assert_eq!((names(&read), withheld(&read)), (vec![], vec!["card", "count", Record::ORIGIN]));
    assert_eq!((read.address(), read.device().os, read.device_id()), (None, None, Some("laptop-17")));
    assert_eq!(*read.secret(), SecretHash::from_bytes([7; 32]), "the session itself is alive");
}

/// Puts a row in the place of the one that is there. Answers with what opens, and what does not.
async fn rewritten(
    below: &Arc<MemoryStore>,
    store: &impl SessionStore,
    row: serde_json::Value,
) -> (Vec<String>, Vec<String>) {
    let record: Record = serde_json::from_value(row).unwrap();
    below.revoke(record.id(), NOW).await.unwrap();
    below.create(record.clone(), NO_LIMIT.into(), NOW).await.unwrap();
    let read = load(store, record.id()).await;
    let listed = store.list(record.user().unwrap(), countersign::store::Page { after: None, size: 99 }, NOW).await;
    assert!(listed.unwrap().contains(&read), "a list says the same");
    let owned = |names: Vec<&str>| names.into_iter().map(ToOwned::to_owned).collect();
    (owned(names(&read)), owned(withheld(&read)))
}
