//! No key without an end, no key that outlives what it is for, no entry that leads nowhere.

use std::{collections::HashMap, time::Duration};

use countersign::{
    Change, Limit, Record, SessionId, SessionStore, Timestamp, WhenFull,
    store::{Page, Replacement},
};
use redis::{Commands, Connection};

use crate::{LIFETIME, NO_LIMIT, NOW, fresh, kept, later, session, support::servers};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_key_ends_and_every_entry_leads_somewhere_after_every_verb() {
    let (prefix, builder) = fresh();
    let store = builder.open(&servers::redis().url()).await.unwrap();
    let mut keys = Keys::of(&prefix);
    let two = Limit { max: 2, when_full: WhenFull::EvictOldest };
    let mut live = Vec::new();
    for round in 0..6 {
        let now = later(round * 1_000);
        let one = Record::new(SessionId::new(Some("ada")).unwrap(), *session(None).secret(), LIFETIME, now);
        store.create(one.clone().with_user("ada"), two.into(), now).await.unwrap();
        keys.are_in_order(now);
        live.push(kept(&store, Some("eve")).await);
        let nobody = kept(&store, None).await;
        keys.are_in_order(now);
        let mut touch = Change::new();
        touch.touch(later(round * 1_000 + 600_000));
        store.change(live[0].id(), touch, now).await.unwrap();
        keys.are_in_order(now);
        store.change(nobody.id(), crate::set("a", "1"), now).await.unwrap();
        keys.are_in_order(now);
        let new =
            Replacement { record: session(Some("eve")), keep: Default::default(), change: Change::new(), expect: None };
        store.replace(nobody.id(), new, two.into(), now).await.unwrap();
        keys.are_in_order(now);
        store.list("eve", Page { after: None, size: 10 }, now).await.unwrap();
        store.revoke_device("eve", "laptop", now).await.unwrap();
        store.revoke(one.id(), now).await.unwrap();
        keys.are_in_order(now);
    }
    store.revoke_user("eve", None, NOW).await.unwrap();
    store.revoke_user("ada", None, NOW).await.unwrap();
    let left = keys.are_in_order(NOW);
    assert!(left.keys().all(|key| key.contains(":e:")), "only the epochs are left: {left:?}");
    assert!(left.values().all(|left| (3_500_000..=3_600_000).contains(left)), "for an hour: {left:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_server_forgets_a_session_a_minute_after_its_end_and_the_index_what_it_led_to() {
    let (prefix, builder) = fresh();
    let store = builder.open(&servers::redis().url()).await.unwrap();
    let mut keys = Keys::of(&prefix);
    let record = kept(&store, Some("ada")).await;
    let left = keys.are_in_order(NOW);
    let left = left[&format!("{prefix}:{{{:04x}}}:s:{}", record.id().shard_tag(), record.id())];
    assert!((1_859_000..=1_860_000).contains(&left), "{left}");

    // As if the server's clock had come to it.
    let stale = kept(&store, Some("ada")).await;
    let key = format!("{prefix}:{{{:04x}}}:s:{}", stale.id().shard_tag(), stale.id());
    let _: () = keys.connection.del(key).unwrap();
    let listed = store.list("ada", Page { after: None, size: 10 }, NOW).await.unwrap();
    assert_eq!(listed.iter().map(|record| record.id()).collect::<Vec<_>>(), [record.id()]);
    keys.are_in_order(NOW);

    // And by the callers' clocks: ended sessions leave the index when no clock is so far behind.
    store.list("ada", Page { after: None, size: 10 }, later(1_800_000)).await.unwrap();
    assert_eq!(keys.entries("ada"), 1);
    store.list("ada", Page { after: None, size: 10 }, later(1_860_000)).await.unwrap();
    assert_eq!(keys.entries("ada"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_later_version_adds_survives_a_change_and_what_is_broken_breaks_itself_alone() {
    let (prefix, builder) = fresh();
    let store = builder.open(&servers::redis().url()).await.unwrap();
    let mut keys = Keys::of(&prefix);
    let (one, broken) = (kept(&store, Some("ada")).await, kept(&store, Some("ada")).await);
    let key = |record: &Record| format!("{prefix}:{{{:04x}}}:s:{}", record.id().shard_tag(), record.id());
    let _: () = keys.connection.hset(key(&one), "later", "1").unwrap();
    store.change(one.id(), crate::set("a", "1"), NOW).await.unwrap();
    assert_eq!(keys.connection.hget::<_, _, Option<String>>(key(&one), "later").unwrap().as_deref(), Some("1"));

    for (field, value) in [("m", "{"), ("v", "?"), ("v", "00000000000000000001x"), ("m", "")] {
        let _: () = keys.connection.hset(key(&broken), field, value).unwrap();
        let error = store.load(broken.id(), NOW).await.unwrap_err();
        assert_eq!(error.kind(), countersign::StoreErrorKind::Corrupt);
        for _ in 0..2 {
            let listed = store.list("ada", Page { after: None, size: 1 }, NOW).await.unwrap();
            assert_eq!(listed.len(), 1, "the others are listed");
            assert_eq!(listed[0].id(), one.id());
        }
    }
    assert!(store.change(broken.id(), crate::set("a", "1"), NOW).await.is_err());
    let third = session(Some("ada"));
    let many = Limit { max: 3, when_full: WhenFull::Reject };
    store.create(third, many.into(), NOW).await.unwrap();
    store.revoke(broken.id(), NOW).await.unwrap();
    assert_eq!(store.load(broken.id(), NOW).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_id_without_its_users_tag_is_refused() {
    let (prefix, builder) = fresh();
    let store = builder.open(&servers::redis().url()).await.unwrap();
    let stray = session(Some("eve")).with_user("ada");
    let error = store.create(stray, NO_LIMIT.into(), NOW).await.unwrap_err();
    assert!(format!("{error:?}").contains("shard tag"), "{error:?}");
    assert!(Keys::of(&prefix).are_in_order(NOW).is_empty());
}

/// What the server has.
struct Keys {
    prefix: String,
    connection: Connection,
}

impl Keys {
    fn of(prefix: &str) -> Self {
        let client = redis::Client::open(servers::redis().url()).unwrap();
        Self { prefix: prefix.to_owned(), connection: client.get_connection().unwrap() }
    }

    /// The user of a session: what stays of it has the length of his name, then that of the device's, then his name.
    fn user_of(&mut self, key: &str) -> String {
        let stays: Vec<u8> = self.connection.hget(key, "m").unwrap();
        let length = std::str::from_utf8(&stays[60..66]).unwrap().parse().unwrap_or(0);
        String::from_utf8(stays[72..72 + length].to_vec()).unwrap()
    }

    /// When a key ends, by the server's clock.
    fn ends(&mut self, key: &str) -> i64 {
        redis::cmd("PEXPIRETIME").arg(key).query(&mut self.connection).unwrap()
    }

    fn entries(&mut self, user: &str) -> usize {
        let tag = SessionId::shard_tag_of(user);
        self.connection.zcard(format!("{}:{{{tag:04x}}}:u:{user}", self.prefix)).unwrap()
    }

    /// All keys with the time that they have left; after a look at each.
    fn are_in_order(&mut self, now: Timestamp) -> HashMap<String, i64> {
        let keys: Vec<String> =
            self.connection.scan_match(format!("{}:*", self.prefix)).unwrap().collect::<Result<_, _>>().unwrap();
        let left: HashMap<String, i64> =
            keys.into_iter().map(|key| (key.clone(), self.connection.pttl(&key).unwrap())).collect();
        for (key, millis) in &left {
            assert!(*millis > 0, "{key} has no end: {millis}");
            assert!(*millis <= 28_800_000 + 60_000, "{key} outlives everything: {millis}");
            if key.contains(":u:") {
                self.index_is_in_order(key, &left, now);
            }
            if key.contains(":s:") && !self.user_of(key).is_empty() {
                let user = self.user_of(key);
                let index = format!("{}:u:{user}", key.split_once(":s:").unwrap().0);
                assert!(left.contains_key(&index), "{key} is in no index");
            }
        }
        left
    }

    fn index_is_in_order(&mut self, index: &str, left: &HashMap<String, i64>, now: Timestamp) {
        let entries: Vec<(Vec<u8>, f64)> = self.connection.zrange_withscores(index, 0, -1).unwrap();
        assert!(!entries.is_empty());
        for (id, ends) in entries {
            let id = SessionId::from_bytes(id.try_into().unwrap());
            let key = format!("{}:s:{id}", index.split_once(":u:").unwrap().0);
            let session = *left.get(&key).unwrap_or_else(|| panic!("{index} leads to {key}, which is not there"));
            let [index_ends, session_ends] = [index, &*key].map(|key| self.ends(key));
            assert!(session_ends <= index_ends, "{index} ends before {key}");
            let from_now = ends as i64 - i64::try_from(now.as_millis()).unwrap() + 60_000;
            let difference = Duration::from_millis(from_now.abs_diff(session));
            // Sessions written some rounds ago have been given their time by an earlier clock, and the server's goes on.
            assert!(difference < Duration::from_secs(60), "{key} ends with its time: {from_now} and {session}");
        }
    }
}
