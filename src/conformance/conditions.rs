//! What `change` and `replace` promise to whoever makes a condition, or hands over what he has seen.

use std::sync::Arc;

use super::{
    material::{NO_LIMIT, NOW, add, after, equal, later, remove, session, set, touch, user},
    probe::{Probe, successor},
    together::together,
};
use crate::{
    config::Bounds,
    record::{Change, ChangeRefused, Keep},
    store::{Changed, Replaced, Replacement, SessionStore},
};

promises!(conditions:
    each_change_is_a_revision,
    a_change_may_expect_a_revision,
    of_many_who_expect_one_revision_one_is_merged,
    whoever_tries_again_loses_nothing,
    what_was_seen_changes_nothing,
    what_was_seen_of_the_dead_brings_nobody_back,
    bytes_may_be_left_uncounted,
    a_replacement_may_expect_a_revision,
);

/// One more with each change, whatever it does; none for what does nothing.
async fn each_change_is_a_revision<S: SessionStore>(store: Probe<S>) {
    let mut expected = store.keep(session(&user())).await;
    for (change, revision) in [
        (set("a", *b"1"), 1),
        (Change::new(), 1),
        (add("n", 1), 2),
        (touch(later(1)), 3),
        (touch(later(0)), 4),
        (remove("never there"), 5),
    ] {
        expected = after(expected, &change);
        equal("(this is what is expected)", expected.revision(), revision);
        let changed = store.change(expected.id(), &change, NOW).await;
        equal("a change answers with its revision", changed, Changed::Merged(expected.clone().into()));
        store.is_there("and that is what is kept", &expected, NOW).await;
    }
}

/// A change is applied to the revision that it names, and to no other.
async fn a_change_may_expect_a_revision<S: SessionStore>(store: Probe<S>) {
    let mut record = store.keep(session(&user())).await;
    for round in 0..3 {
        for wrong in [round + 1, round + 7, u32::MAX, round.wrapping_sub(1)] {
            for change in [set("a", *b"1"), add("n", 1), remove("a"), touch(later(9)), Change::new()] {
                let changed = store.change(record.id(), &expecting(change, wrong), NOW).await;
                equal("another revision than expected", changed, Changed::Refused(ChangeRefused::Outdated));
            }
            store.is_there("what is outdated has done nothing", &record, NOW).await;
        }
        let change = expecting(add("n", 1), round);
        record = after(record, &change);
        let changed = store.change(record.id(), &change, NOW).await;
        equal("the revision that was expected", changed, Changed::Merged(record.clone().into()));
    }
    store.revoke(record.id(), NOW).await;
    let changed = store.change(record.id(), &expecting(add("n", 1), record.revision()), NOW).await;
    equal("nothing is expected of who is gone", changed, Changed::Gone);
}

/// Whoever reads, decides and writes under a condition is alone with it.
async fn of_many_who_expect_one_revision_one_is_merged<S: SessionStore>(store: Probe<S>) {
    for _ in 0..10 {
        let id = store.keep(session(&user())).await.id();
        let answers = together((0..16).map(|n| {
            let store = store.clone();
            async move { store.change(id, &expecting(set("who", format!("{n}").into_bytes()), 0), NOW).await }
        }))
        .await;
        let outdated = answers.iter().filter(|answer| **answer == Changed::Refused(ChangeRefused::Outdated)).count();
        let merged: Vec<&Changed> = answers.iter().filter(|answer| matches!(answer, Changed::Merged(_))).collect();
        equal("one is merged, and all others are told", (merged.len(), outdated), (1, 15));
        let found = store.load(id, NOW).await.map(Changed::Merged);
        equal("and that one is kept", found.as_ref(), Some(merged[0]));
    }
}

/// Reading, adding and writing under a condition, again where it fails, counts as an increment does.
async fn whoever_tries_again_loses_nothing<S: SessionStore>(store: Probe<S>) {
    let id = store.keep(session(&user())).await.id();
    together((0..8).map(|_| {
        let store = store.clone();
        async move {
            for _ in 0..10 {
                loop {
                    let Some(found) = store.load(id, NOW).await else { panic!("the session is there") };
                    let count = found.attributes().value("n").map_or(0, <[u8]>::len);
                    let change = expecting(set("n", vec![b'x'; count + 1]), found.revision());
                    if let Changed::Merged(_) = store.change(id, &change.having_seen(found), NOW).await {
                        break;
                    }
                }
            }
        }
    }))
    .await;
    let found = store.load(id, NOW).await;
    let count = found.as_ref().and_then(|found| found.attributes().value("n")).map(<[u8]>::len);
    equal("80 have counted", count, Some(80));
}

/// A store may start from what was seen, and must notice that it is not so any more.
async fn what_was_seen_changes_nothing<S: SessionStore>(store: Probe<S>) {
    let record = store.keep(after(session(&user()), &set("kept", *b"1"))).await;
    let mut expected = record.clone();
    let mut seen = vec![Arc::new(record.clone())];
    for round in 0..4 {
        let mut change = add("n", 1);
        change.set(&format!("field {round}"), *b"");
        for record in &seen {
            let change = change.clone().having_seen(Arc::clone(record));
            expected = after(expected, &change);
            let changed = store.change(expected.id(), &change, NOW).await;
            equal("what was seen changes nothing", changed, Changed::Merged(expected.clone().into()));
            store.is_there("nor in what is kept", &expected, NOW).await;
        }
        seen.push(Arc::new(expected.clone()));
    }
    let text = after(record.clone(), &set("n", *b"no integer"));
    let change = add("n", 1).having_seen(Arc::new(text));
    expected = after(expected, &change);
    let changed = store.change(expected.id(), &change, NOW).await;
    equal("what was seen refuses nothing", changed, Changed::Merged(expected.clone().into()));
    let outdated = expecting(add("n", 1), record.revision()).having_seen(Arc::new(record));
    let changed = store.change(expected.id(), &outdated, NOW).await;
    equal("what was seen meets no condition", changed, Changed::Refused(ChangeRefused::Outdated));
    let other = after(session(&user()), &set("n", *b"77"));
    let change = add("n", 1).having_seen(Arc::new(other));
    expected = after(expected, &change);
    let changed = store.change(expected.id(), &change, NOW).await;
    equal("another session that was seen changes nothing", changed, Changed::Merged(expected.into()));
}

/// Whoever has seen a session alive does not make it so.
async fn what_was_seen_of_the_dead_brings_nobody_back<S: SessionStore>(store: Probe<S>) {
    let record = store.keep(session(&user())).await;
    store.revoke(record.id(), NOW).await;
    for change in [set("a", *b"1"), add("n", 1), touch(later(9)), Change::new()] {
        let changed = store.change(record.id(), &change.having_seen(Arc::new(record.clone())), NOW).await;
        equal("what was seen is gone", changed, Changed::Gone);
        store.is_gone("what was seen is gone", record.id(), NOW).await;
    }
}

/// So many bytes of each value do not count against the bounds, exactly.
async fn bytes_may_be_left_uncounted<S: SessionStore>(store: Probe<S>) {
    let bounds = |bytes| Bounds { fields: 10, bytes, name: 255 };
    let mut change = set("a", [0; 30]);
    change.set("b", [0; 31]);
    let record = store.keep(session(&user())).await;
    let refused = change.clone().leaving_uncounted(29).within(bounds(4));
    let changed = store.change(record.id(), &refused, NOW).await;
    equal("one byte too many", changed, Changed::Refused(ChangeRefused::TooLarge { bytes: 5, most: 4 }));
    store.is_there("what is too large has done nothing", &record, NOW).await;
    let fits = change.leaving_uncounted(29).within(bounds(5));
    let expected = after(record, &fits);
    let changed = store.change(expected.id(), &fits, NOW).await;
    equal("two names and three bytes", changed, Changed::Merged(expected.clone().into()));
    let changed = store.change(expected.id(), &set("c", *b"").within(bounds(5)), NOW).await;
    let refused = ChangeRefused::TooLarge { bytes: 64, most: 5 };
    equal("it is each change that says what does not count", changed, Changed::Refused(refused));
}

/// A replacement of another revision than expected does nothing.
async fn a_replacement_may_expect_a_revision<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let old = store.keep(session(&ada)).await;
    let change = set("kept", *b"1");
    let old = after(old, &change);
    store.change(old.id(), &change, NOW).await;
    let new = session(&ada);
    let replacement = |expect| Replacement { keep: Keep::Everything, expect: Some(expect), ..successor(&new) };
    for wrong in [0, 2, u32::MAX] {
        let replaced = store.replace(old.id(), &replacement(wrong), NO_LIMIT, NOW).await;
        equal("another revision than expected", replaced, Replaced::Refused(ChangeRefused::Outdated));
        store.is_there("the old session lives", &old, NOW).await;
        store.is_gone("the new one does not", new.id(), NOW).await;
    }
    let replaced = store.replace(old.id(), &replacement(1), NO_LIMIT, NOW).await;
    let Replaced::Done { record, .. } = replaced else { panic!("the expected revision\n      answered: {replaced:?}") };
    equal("what it had is kept", record.attributes().value("kept"), Some(&b"1"[..]));
    store.is_gone("the old session has ended", old.id(), NOW).await;
}

fn expecting(mut change: Change, revision: u32) -> Change {
    change.expect(revision);
    change
}
