//! Sealing at rest: what the store holds says nothing, what does not open is never lost in silence.

#![allow(clippy::unwrap_used, reason = "a test that unwraps says what it expects")]

mod at_rest;
#[allow(dead_code, unreachable_pub, missing_debug_implementations, reason = "other tests share it")]
#[path = "../support/foreseeing.rs"]
mod foreseeing;
mod increments;
mod keys;
mod properties;
mod withheld;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use countersign::{
    Change, Clock, Config, Device, DeviceKind, KeyRing, Lifetime, Limit, MemoryStore, Record, Sealed, SecretHash,
    SessionId, SessionStore, Sessions, Timestamp, WhenFull, store::Changed,
};

const OLD: &[u8] = b"the old key of these tests, long";
const NEW: &[u8] = b"the new key of these tests, longer";
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
const NO_LIMIT: Limit = Limit { max: 0, when_full: WhenFull::Reject };

fn ring(keys: &[&[u8]]) -> KeyRing {
    let first = KeyRing::new(keys[0]).unwrap();
    keys[1..].iter().fold(first, |ring, key| ring.with_previous(key).unwrap())
}

/// A session with everything in it that is sealed.
fn session(user: &str) -> Record {
    let lifetime = Lifetime::new(Duration::from_secs(3_600), Duration::from_secs(36_000));
    let device = Device {
        id: Some("laptop-17".into()),
        name: Some("The red laptop".into()),
        kind: DeviceKind::Desktop,
        os: Some("Plan 9".into()),
        browser: Some("Mothra 4".into()),
    };
    let id = SessionId::new(Some(user)).unwrap();
    let mut record = Record::new(id, SecretHash::from_bytes([7; 32]), lifetime, NOW)
        .with_user(user)
        .with_roles(["editor"])
        .with_origin(device, Some("2001:db8::17".parse().unwrap()));
    let mut change = Change::new();
    change.set("card", *b"\"4111 1111 1111 1111\"");
    change.set("count", *b"41");
    record.apply(&change).unwrap();
    record
}

/// Keeps a session through a sealed store.
async fn keep(store: &impl SessionStore, record: &Record) -> SessionId {
    store.create(record.clone(), NO_LIMIT.into(), NOW).await.unwrap();
    record.id()
}

async fn load(store: &impl SessionStore, id: SessionId) -> Arc<Record> {
    store.load(id, NOW).await.unwrap().unwrap()
}

async fn merged(store: &impl SessionStore, id: SessionId, change: Change) -> Arc<Record> {
    match store.change(id, change, NOW).await.unwrap() {
        Changed::Merged(record) => record,
        other => panic!("{other:?}"),
    }
}

fn set(name: &str, value: &[u8]) -> Change {
    let mut change = Change::new();
    change.set(name, value);
    change
}

fn add(name: &str, by: i64) -> Change {
    let mut change = Change::new();
    change.add(name, by).unwrap();
    change
}

fn names(record: &Record) -> Vec<&str> {
    record.attributes().iter().map(|(name, _)| name).collect()
}

fn withheld(record: &Record) -> Vec<&str> {
    record.withheld().collect()
}

/// What was told of sessions with something withheld.
type Told = Arc<Mutex<Vec<String>>>;

/// Sessions over a store in memory, sealed by these keys; all tokens are signed by one.
fn sessions(store: &Arc<MemoryStore>, keys: &[&[u8]]) -> (Sessions, Told) {
    let told = Told::default();
    let listener = Arc::clone(&told);
    let sessions = Sessions::builder(ring(&[OLD]), Sealed::new(Arc::clone(store), &ring(keys)))
        .config(Config::production())
        .clock(Clock::manual(SystemTime::from(NOW)))
        .on_event(move |event| {
            if let countersign::Event::Withheld { field, .. } = event {
                listener.lock().unwrap().push((*field).to_owned());
            }
        });
    (sessions.build().unwrap(), told)
}
