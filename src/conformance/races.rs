//! What holds while many tasks work on one session: nobody's change is lost.

use std::collections::HashSet;

use super::{
    material::{NO_LIMIT, NOW, add, after, equal, holds, ids, later, random, secret, session, set, touch, user},
    probe::{Probe, successor},
    together::{Task, together},
};
use crate::{
    record::{Change, Keep, Pending, SecretStep, SessionId},
    store::{Changed, Created, Replaced, Replacement, SessionStore},
};

promises!(races:
    increments_add_up,
    different_fields_merge,
    edits_of_all_kinds_merge,
    one_of_many_proposals_counts,
    one_of_many_sessions_gets_an_id,
    no_change_is_lost_to_a_replacement,
    a_list_beside_replacements_shows_one_session,
    pages_beside_log_ins_show_who_stays_once,
);

/// 200 requests at once count one field up: it counts 200, and every sum is answered once.
async fn increments_add_up<S: SessionStore>(store: Probe<S>) {
    let id = store.keep(session(&user())).await.id();
    let sums = together((0..200).map(|_| {
        let store = store.clone();
        async move { value(store.change(id, &add("n", 1), NOW).await, "n") }
    }));
    let sums: HashSet<Option<String>> = sums.await.into_iter().collect();
    equal("every increment answers with a sum of its own", sums.len(), 200);
    let found = store.load(id, NOW).await;
    let found = found.as_ref().and_then(|record| record.attributes().value("n"));
    equal("200 increments count 200", found, Some(&b"200"[..]));
}

/// 100 requests at once set a field each: all are there.
async fn different_fields_merge<S: SessionStore>(store: Probe<S>) {
    let record = store.keep(session(&user())).await;
    let id = record.id();
    together((0..100).map(|field| {
        let store = store.clone();
        async move { store.change(id, &set(&format!("f{field}"), format!("{field}").into_bytes()), NOW).await }
    }))
    .await;
    let expected = (0..100)
        .fold(record, |record, field| after(record, &set(&format!("f{field}"), format!("{field}").into_bytes())));
    store.is_there("changes of different fields all count", &expected, NOW).await;
}

/// Touches, increments, sets and a rotation at once: each leaves its mark.
async fn edits_of_all_kinds_merge<S: SessionStore>(store: Probe<S>) {
    for _ in 0..10 {
        let record = store.keep(after(session(&user()), &set("goes", *b"1"))).await;
        let pending = Pending { hash: secret(), nonce: random() };
        let mut propose = Change::new();
        propose.step(SecretStep::Propose { from: *record.secret(), pending });
        let mut remove = Change::new();
        remove.remove("goes");
        let latest = touch(later(9));
        let changes = [add("n", 1), add("n", 2), set("a", *b"1"), set("b", *b"2"), remove, latest, propose];
        let expected = changes.iter().fold(record, after);
        let id = expected.id();
        together(changes.map(|change| {
            let store = store.clone();
            async move { store.change(id, &change, NOW).await }
        }))
        .await;
        store.is_there("every change has left its mark", &expected, NOW).await;
    }
}

/// Many requests propose a successor at once: all are answered with the same one.
async fn one_of_many_proposals_counts<S: SessionStore>(store: Probe<S>) {
    for _ in 0..10 {
        let record = store.keep(session(&user())).await;
        let (id, from) = (record.id(), *record.secret());
        let answers = together((0..16).map(|_| {
            let store = store.clone();
            let mut propose = Change::new();
            propose.step(SecretStep::Propose { from, pending: Pending { hash: secret(), nonce: random() } });
            async move {
                match store.change(id, &propose, NOW).await {
                    Changed::Merged(record) => record.succession().pending().copied(),
                    _ => None,
                }
            }
        }))
        .await;
        holds("there is a successor", answers[0].is_some());
        holds("all proposals are answered with the same successor", answers.iter().all(|one| *one == answers[0]));
    }
}

/// Many sessions want one id at once: one gets it.
async fn one_of_many_sessions_gets_an_id<S: SessionStore>(store: Probe<S>) {
    for _ in 0..10 {
        let ada = user();
        let first = session(&ada);
        let answers = together((0..8).map(|n| {
            let (store, record) = (store.clone(), after(first.clone(), &add("n", n)));
            async move { (store.create(&record, NO_LIMIT, NOW).await, record) }
        }))
        .await;
        let (kept, refused): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|(created, _)| matches!(created, Created::Kept { .. }));
        equal("an id is given once", kept.len(), 1);
        holds("the others are told so", refused.iter().all(|(created, _)| *created == Created::IdTaken));
        store.is_there("whoever got the id is there", &kept[0].1, NOW).await;
        equal("the user has one session", store.ids(&ada, NOW).await, [first.id()]);
    }
}

/// Increments beside a replacement that keeps everything: each that was merged is in the new
/// session, each other one was told that the old one is gone.
async fn no_change_is_lost_to_a_replacement<S: SessionStore>(store: Probe<S>) {
    for _ in 0..30 {
        let ada = user();
        let old = store.keep(session(&ada)).await.id();
        let new = Replacement { keep: Keep::Everything, ..successor(&session(&ada)) };
        let id = new.record.id();
        let mut tasks: Vec<Task<usize>> = Vec::new();
        for _ in 0..16 {
            let store = store.clone();
            tasks.push(Box::pin(async move {
                match store.change(old, &add("n", 1), NOW).await {
                    Changed::Merged(_) => 1,
                    Changed::Gone => 0,
                    refused @ Changed::Refused(_) => {
                        panic!("an increment is merged, or too late\n      answered: {refused:?}")
                    }
                }
            }));
        }
        let replacing = store.clone();
        tasks.insert(
            8,
            Box::pin(async move {
                let replaced = replacing.replace(old, &new, NO_LIMIT, NOW).await;
                holds("the old session is replaced", matches!(replaced, Replaced::Done { .. }));
                0
            }),
        );
        let merged: usize = together(tasks).await.into_iter().sum();
        let found = store.load(id, NOW).await;
        let found = found.as_ref().and_then(|record| record.attributes().value("n")).map(String::from_utf8_lossy);
        let expected = (merged > 0).then(|| merged.to_string());
        equal("what was merged before the replacement is in the new session", found.as_deref(), expected.as_deref());
    }
}

/// Who lists a user while one of his sessions takes another's place sees one of the two.
async fn a_list_beside_replacements_shows_one_session<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let mut old = store.keep(session(&ada)).await.id();
    let (mut tasks, replacing, name): (Vec<Task<()>>, _, _) = (Vec::new(), store.clone(), ada.clone());
    tasks.push(Box::pin(async move {
        for _ in 0..100 {
            let new = session(&name);
            let replaced = replacing.replace(old, &successor(&new), NO_LIMIT, NOW).await;
            holds("one session follows the other", matches!(replaced, Replaced::Done { .. }));
            old = new.id();
        }
    }));
    for _ in 0..2 {
        let (store, ada) = (store.clone(), ada.clone());
        tasks.push(Box::pin(async move {
            for _ in 0..100 {
                equal("never two, never none", store.ids(&ada, NOW).await.len(), 1);
            }
        }));
    }
    together(tasks).await;
}

/// Who turns pages while the user logs in and out elsewhere sees each lasting session once.
async fn pages_beside_log_ins_show_who_stays_once<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let staying = ids(&store.keep_all((0..30).map(|_| session(&ada))).await);
    let mut tasks: Vec<Task<()>> = Vec::new();
    for _ in 0..2 {
        let (store, ada) = (store.clone(), ada.clone());
        tasks.push(Box::pin(async move {
            for _ in 0..40 {
                let passing = store.keep(session(&ada)).await;
                store.revoke(passing.id(), NOW).await;
            }
        }));
    }
    for _ in 0..4 {
        let (store, ada, staying) = (store.clone(), ada.clone(), staying.clone());
        tasks.push(Box::pin(async move {
            let mut seen = Vec::new();
            for _ in 0..1_000 {
                let page = store.page(&ada, seen.last().copied(), 4, NOW).await;
                if page.is_empty() {
                    break;
                }
                seen.extend(page.iter().map(|record| record.id()));
            }
            let seen: Vec<SessionId> = seen.into_iter().filter(|id| staying.contains(id)).collect();
            equal("who stays is shown once, in order", seen, staying);
        }));
    }
    together(tasks).await;
}

fn value(changed: Changed, name: &str) -> Option<String> {
    match changed {
        Changed::Merged(record) => record.attributes().value(name).map(|value| String::from_utf8_lossy(value).into()),
        Changed::Gone | Changed::Refused(_) => None,
    }
}
