//! What `scan` promises. The store may hold any number of other sessions: what is said is said of those
//! that a check has made.

use std::{collections::HashMap, sync::Arc};

use super::{
    material::{IDLE, NOW, after, anonymous, equal, holds, later, session, session_at, set, user},
    probe::Probe,
    together::{Task, together},
};
use crate::{
    clock::Timestamp,
    record::{Record, SessionId},
    store::SessionStore,
};

promises!(scan:
    tells_every_live_session,
    tells_them_as_they_are,
    tells_nothing_that_has_ended,
    keeps_to_the_size,
    goes_on_from_a_cursor,
    says_how_much_is_done,
    misses_nothing_that_stays_while_others_come_and_go,
);

/// Of every user and of nobody, whatever the size of the parts.
async fn tells_every_live_session<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let mut all = store.keep_all((0..30).map(|_| session(&ada))).await;
    all.extend(store.keep_all((0..10).map(|_| anonymous())).await);
    all.extend(store.keep_all((0..10).map(|_| session(&user()))).await);
    for size in [1, 7, 50, 100_000] {
        let told = everything(&store, size, NOW).await;
        holds("every live session is told", all.iter().all(|record| told.contains_key(&record.id())));
    }
}

/// With all that they hold, and after all changes.
async fn tells_them_as_they_are<S: SessionStore>(store: Probe<S>) {
    let record = store.keep(session(&user())).await;
    let change = set("theme", *b"dark");
    let expected = after(record, &change);
    store.change(expected.id(), &change, NOW).await;
    let told = everything(&store, 100, NOW).await;
    equal("a session is told as it is", told.get(&expected.id()).map(|told| &**told), Some(&expected));
}

/// No expired one, although it was not swept; no revoked one.
async fn tells_nothing_that_has_ended<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let (expired, revoked) = (store.keep(session(&ada)).await, store.keep(session_at(&ada, later(1))).await);
    let alive = store.keep(session_at(&ada, later(1))).await;
    holds("it was alive", store.revoke(revoked.id(), later(1)).await);
    let told = everything(&store, 100, later(IDLE)).await;
    holds("what lives is told", told.contains_key(&alive.id()));
    holds("what has expired is not", !told.contains_key(&expired.id()));
    holds("what was revoked is not", !told.contains_key(&revoked.id()));
}

/// A part is not much longer than it was asked to be.
async fn keeps_to_the_size<S: SessionStore>(store: Probe<S>) {
    store.keep_all((0..40).map(|_| anonymous())).await;
    for size in [0, 1, 10] {
        let mut from = None;
        for _ in 0..4 {
            let part = store.scan(from, size, NOW).await;
            holds("a part has about the size that was asked for", part.records.len() <= 4 * size.max(1) + 16);
            let Some(next) = part.next else { break };
            from = Some(next);
        }
    }
}

/// What a cursor leads to does not depend on what was told before: each part may be asked for again.
async fn goes_on_from_a_cursor<S: SessionStore>(store: Probe<S>) {
    store.keep_all((0..30).map(|_| anonymous())).await;
    let first = store.scan(None, 5, NOW).await;
    holds("there is more than a part of five", first.next.is_some());
    let again = [store.scan(first.next.clone(), 5, NOW).await, store.scan(first.next, 5, NOW).await];
    equal("the next part is the same, however often it is asked for", &again[0], &again[1]);
}

/// From nothing to everything, and never back.
async fn says_how_much_is_done<S: SessionStore>(store: Probe<S>) {
    store.keep_all((0..40).map(|_| anonymous())).await;
    let (mut from, mut done) = (None, 0.0);
    for _ in 0..MOST_PARTS {
        let part = store.scan(from, 10, NOW).await;
        holds("progress does not go back", part.done >= done && part.done <= 1.0);
        done = part.done;
        let Some(next) = part.next else { break };
        from = Some(next);
    }
    equal("the last part is the end", done, 1.0);
}

/// Sessions begin, change and end while others are told: those that stay are all told.
async fn misses_nothing_that_stays_while_others_come_and_go<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let staying = store.keep_all((0..60).map(|number| if number % 3 == 0 { anonymous() } else { session(&ada) })).await;
    for size in [3, 16] {
        let mut tasks: Vec<Task<HashMap<SessionId, Arc<Record>>>> = Vec::new();
        for _ in 0..2 {
            let store = store.clone();
            tasks.push(Box::pin(async move { everything(&store, size, NOW).await }));
        }
        for _ in 0..6 {
            let (store, eve, some) = (store.clone(), user(), staying[..10].to_vec());
            tasks.push(Box::pin(async move {
                for record in some {
                    let passing = store.keep(session(&eve)).await;
                    store.change(record.id(), &set("n", *b"1"), NOW).await;
                    store.revoke(passing.id(), NOW).await;
                }
                HashMap::new()
            }));
        }
        for told in together(tasks).await.into_iter().filter(|told| !told.is_empty()) {
            holds("what stays is told", staying.iter().all(|record| told.contains_key(&record.id())));
        }
    }
}

/// All that a scan tells, in parts of this size.
async fn everything<S: SessionStore>(store: &Probe<S>, size: usize, now: Timestamp) -> HashMap<SessionId, Arc<Record>> {
    let (mut told, mut from) = (HashMap::new(), None);
    for _ in 0..MOST_PARTS {
        let part = store.scan(from, size, now).await;
        told.extend(part.records.into_iter().map(|record| (record.id(), record)));
        let Some(next) = part.next else { return told };
        from = Some(next);
    }
    panic!("a scan comes to an end")
}

/// More than a database of tests holds sessions.
const MOST_PARTS: usize = 100_000;
