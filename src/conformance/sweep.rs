//! What `sweep` promises. These checks take place in January 1970, so that they delete nothing but
//! their own.
//!
//! Where the engine [expires by itself](SessionStore::expires_by_itself), a sweep finds nothing and
//! harms nothing; when the engine deletes is then its own affair, as no clock but the caller's counts.

use std::time::Duration;

use tokio::time::sleep;

use super::{
    material::{IDLE, NO_LIMIT, ancient, equal, holds, ids, session_at, touch, user},
    probe::{Probe, successor},
    together::{POLLS, Task, abandon, together},
};
use crate::{
    clock::Timestamp,
    record::Record,
    store::{Changed, SessionStore},
};

promises!(sweep:
    deletes_what_has_expired_and_says_how_many,
    deletes_to_the_millisecond,
    deletes_no_more_than_a_batch,
    takes_the_batch_at_its_word,
    spares_what_was_used_meanwhile,
    counts_nothing_that_had_ended_before,
    counts_nothing_twice_where_many_sweep,
    never_takes_a_session_that_a_touch_has_saved,
    can_be_taken_up_again_after_it_was_dropped,
);

/// All that has expired goes for good, all that lives stays.
async fn deletes_what_has_expired_and_says_how_many<S: SessionStore>(store: Probe<S>) {
    clear(&store).await;
    let ada = user();
    let expired = store.keep_all((0..5).map(|_| session_at(&ada, then(0)))).await;
    let living = store.keep_all([session_at(&ada, then(1)), session_at(&ada, then(IDLE))]).await;
    equal("before anything has expired there is nothing to do", store.sweep(then(IDLE - 1), 100).await, 0);
    equal("all that has expired is counted", sweep_all(&store, then(IDLE), 100).await, counted(&store, 5));
    for record in &expired {
        is_swept(&store, record, IDLE).await;
    }
    for record in &living {
        store.is_there("what lives is not swept", record, then(IDLE)).await;
    }
    equal("the user has what lives", store.ids(&ada, then(IDLE)).await, ids(&living));
    equal("a second time there is nothing to do", store.sweep(then(IDLE), 100).await, 0);
    if !store.expires_by_itself() {
        for record in expired {
            store.keep(record).await;
        }
        equal("their ids are free again", sweep_all(&store, then(IDLE), 100).await, 5);
    }
}

/// A session goes with the millisecond in which it ends, not before.
async fn deletes_to_the_millisecond<S: SessionStore>(store: Probe<S>) {
    clear(&store).await;
    for age in [0, 1, 2] {
        store.keep(session_at(&user(), then(age))).await;
    }
    for age in [0, 1, 2] {
        equal("each goes in its own millisecond", sweep_all(&store, then(IDLE + age), 100).await, counted(&store, 1));
    }
}

/// One call does a bounded piece of work; enough calls do it all.
async fn deletes_no_more_than_a_batch<S: SessionStore>(store: Probe<S>) {
    clear(&store).await;
    for batch in [1, 3, 10, 11] {
        store.keep_all((0..10).map(|_| session_at(&user(), then(0)))).await;
        let swept = sweep_all(&store, then(IDLE), batch).await;
        equal("all batches together are all that has expired", swept, counted(&store, 10));
    }
}

/// Nothing is nothing, and the greatest number is just a number.
async fn takes_the_batch_at_its_word<S: SessionStore>(store: Probe<S>) {
    clear(&store).await;
    let record = store.keep(session_at(&user(), then(0))).await;
    equal("a batch of 0 deletes nothing", store.sweep(then(IDLE), 0).await, 0);
    equal("the greatest batch deletes all", sweep_all(&store, then(IDLE), usize::MAX).await, counted(&store, 1));
    is_swept(&store, &record, IDLE).await;
}

/// What would have expired, had it not been used.
async fn spares_what_was_used_meanwhile<S: SessionStore>(store: Probe<S>) {
    clear(&store).await;
    let record = store.keep(session_at(&user(), then(0))).await;
    store.change(record.id(), &touch(then(10)), then(10)).await;
    equal("what was used has not expired", store.sweep(then(IDLE + 9), 100).await, 0);
    holds("it lives on", store.load(record.id(), then(IDLE + 9)).await.is_some());
    equal("it goes when it has expired", sweep_all(&store, then(IDLE + 10), 100).await, counted(&store, 1));
    is_swept(&store, &record, IDLE + 10).await;
}

/// A session that was revoked, evicted or replaced is not there to be swept.
async fn counts_nothing_that_had_ended_before<S: SessionStore>(store: Probe<S>) {
    clear(&store).await;
    let ada = user();
    let all = store.keep_all((0..4).map(|_| session_at(&ada, then(0)))).await;
    store.revoke(all[0].id(), then(0)).await;
    let next = successor(&session_at(&ada, then(0)));
    store.replace(all[1].id(), &next, NO_LIMIT, then(0)).await;
    equal("three were left", sweep_all(&store, then(IDLE), 100).await, counted(&store, 3));
    store.keep(session_at(&ada, then(0))).await;
    store.revoke_user(&ada, None, then(0)).await;
    equal("none was left", store.sweep(then(IDLE), 100).await, 0);
}

/// Every node may sweep: what one has deleted, no other counts.
async fn counts_nothing_twice_where_many_sweep<S: SessionStore>(store: Probe<S>) {
    clear(&store).await;
    for _ in 0..4 {
        let all = store.keep_all((0..50).map(|_| session_at(&user(), then(0)))).await;
        let sweepers = (0..8).map(|_| {
            let store = store.clone();
            async move { sweep_all(&store, then(IDLE), 7).await }
        });
        let told: usize = together(sweepers).await.into_iter().sum();
        let rest = sweep_all(&store, then(IDLE), 7).await;
        equal("all sweepers together count each session once", told + rest, counted(&store, all.len()));
    }
}

/// Where a touch has succeeded in the last millisecond, a sweep in the next finds a living session.
async fn never_takes_a_session_that_a_touch_has_saved<S: SessionStore>(store: Probe<S>) {
    clear(&store).await;
    for _ in 0..5 {
        let all = store.keep_all((0..16).map(|_| session_at(&user(), then(0)))).await;
        let mut tasks: Vec<Task<Option<Record>>> = Vec::new();
        for record in all {
            let store = store.clone();
            tasks.push(Box::pin(async move {
                match store.change(record.id(), &touch(then(IDLE - 1)), then(IDLE - 1)).await {
                    Changed::Merged(record) => Some(Record::clone(&record)),
                    _ => None,
                }
            }));
        }
        for _ in 0..4 {
            let store = store.clone();
            tasks.push(Box::pin(async move {
                store.sweep(then(IDLE), 5).await;
                None
            }));
        }
        for record in together(tasks).await.into_iter().flatten() {
            store.is_there("a touch that succeeded has saved the session", &record, then(IDLE)).await;
        }
        clear(&store).await;
    }
}

/// What a sweep that was dropped half-way has not done, the next one does; what lives stays.
async fn can_be_taken_up_again_after_it_was_dropped<S: SessionStore>(store: Probe<S>) {
    for polls in POLLS {
        clear(&store).await;
        let ada = user();
        let expired = store.keep_all((0..3).map(|_| session_at(&ada, then(0)))).await;
        let living = store.keep(session_at(&ada, then(1))).await;
        abandon(store.sweep(then(IDLE), 2), polls).await;
        let mut counted = sweep_all(&store, then(IDLE), 2).await;
        // What was dropped may be at work inside the store for a while, and others leave its part to it.
        for _ in 0..100 {
            if store.list(&ada, then(0)).await.len() == 1 {
                break;
            }
            sleep(Duration::from_millis(10)).await;
            counted += sweep_all(&store, then(IDLE), 2).await;
        }
        holds("no session is counted that is not there", counted <= expired.len());
        for record in &expired {
            is_swept(&store, record, IDLE).await;
        }
        store.is_there("what lives is not swept", &living, then(IDLE)).await;
        equal("the user has what lives", store.ids(&ada, then(IDLE)).await, [living.id()]);
    }
}

/// So many milliseconds after the beginning of these checks.
fn then(millis: u64) -> Timestamp {
    ancient(millis)
}

/// How many a sweep counts that finds so many: none, where the engine was faster.
fn counted<S: SessionStore>(store: &Probe<S>, found: usize) -> usize {
    if store.expires_by_itself() { 0 } else { found }
}

/// What was swept is gone for every clock; what the engine is left to delete, for each that is past its end.
async fn is_swept<S: SessionStore>(store: &Probe<S>, record: &Record, end: u64) {
    let now = if store.expires_by_itself() { then(end) } else { then(0) };
    store.is_gone("what has expired is gone in the end", record.id(), now).await;
}

/// Deletes what an earlier run of the suite has left behind.
async fn clear<S: SessionStore>(store: &Probe<S>) {
    sweep_all(store, then(4 * IDLE), 1_000).await;
}

/// Sweeps until there is nothing left to do.
async fn sweep_all<S: SessionStore>(store: &Probe<S>, now: Timestamp, batch: usize) -> usize {
    let mut all = 0;
    for _ in 0..10_000 {
        let swept = store.sweep(now, batch).await;
        holds("a sweep deletes no more than its batch", swept <= batch);
        all += swept;
        if swept == 0 {
            return all;
        }
    }
    panic!("a sweep comes to an end")
}
