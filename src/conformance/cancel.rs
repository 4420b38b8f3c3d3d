//! What is left when a verb's future is dropped half-way: the old state or the new one, and a
//! store that works.

use super::{
    material::{NO_LIMIT, NOW, add, after, at_most, holds, ids, later, session, session_at, set, user},
    probe::{Probe, successor},
    together::{abandon, with_all_polls},
};
use crate::{
    config::WhenFull,
    record::{Change, Device, Record},
    store::{Changed, SessionStore},
};

promises!(cancel:
    create_is_done_or_not,
    change_is_done_or_not,
    replace_is_done_or_not,
    replace_evicts_and_is_done_or_not,
    revoke_is_done_or_not,
    revoke_user_is_done_or_not,
    revoke_device_is_done_or_not,
    load_and_list_leave_the_store_working,
);

/// Either the new session is there and the old one evicted, or neither.
async fn create_is_done_or_not<S: SessionStore>(store: Probe<S>) {
    with_all_polls(&store, |store, polls| async move {
        let ada = user();
        let old = store.keep(session(&ada)).await;
        let new = session_at(&ada, later(1));
        abandon(store.create(&new, at_most(1, WhenFull::EvictOldest), later(1)), polls).await;
        one_of(&store, &ada, [vec![old], vec![new]]).await;
    })
    .await;
}

/// Either all edits are there or none.
async fn change_is_done_or_not<S: SessionStore>(store: Probe<S>) {
    with_all_polls(&store, |store, polls| async move {
        let ada = user();
        let old = store.keep(after(session(&ada), &set("a", *b"1"))).await;
        let mut change = add("n", 1);
        change.set("b", *b"2");
        change.remove("a");
        change.touch(later(1));
        abandon(store.change(old.id(), &change, later(1)), polls).await;
        let new = after(old.clone(), &change);
        one_of(&store, &ada, [vec![old], vec![new]]).await;
    })
    .await;
}

/// Either the old session lives or the new one.
async fn replace_is_done_or_not<S: SessionStore>(store: Probe<S>) {
    with_all_polls(&store, |store, polls| async move {
        let ada = user();
        let (other, old) = (store.keep(session(&ada)).await, store.keep(session(&ada)).await);
        let new = session_at(&ada, later(1));
        abandon(store.replace(old.id(), &successor(&new), NO_LIMIT, later(1)), polls).await;
        one_of(&store, &ada, [vec![other.clone(), old], vec![other, new]]).await;
    })
    .await;
}

/// Either the old session and another live, or the new one that has taken the place of both.
async fn replace_evicts_and_is_done_or_not<S: SessionStore>(store: Probe<S>) {
    with_all_polls(&store, |store, polls| async move {
        let ada = user();
        let (other, old) = (store.keep(session(&ada)).await, store.keep(session(&ada)).await);
        let new = session_at(&ada, later(1));
        let limit = at_most(1, WhenFull::EvictLeastRecentlyUsed);
        abandon(store.replace(old.id(), &successor(&new), limit, later(1)), polls).await;
        one_of(&store, &ada, [vec![other, old], vec![new]]).await;
    })
    .await;
}

/// Either it lives or it has ended.
async fn revoke_is_done_or_not<S: SessionStore>(store: Probe<S>) {
    with_all_polls(&store, |store, polls| async move {
        let ada = user();
        let old = store.keep(session(&ada)).await;
        abandon(store.revoke(old.id(), NOW), polls).await;
        one_of(&store, &ada, [vec![old], vec![]]).await;
    })
    .await;
}

/// Either all live or none but the one that is spared.
async fn revoke_user_is_done_or_not<S: SessionStore>(store: Probe<S>) {
    with_all_polls(&store, |store, polls| async move {
        let ada = user();
        let all = store.keep_all([session(&ada), session(&ada), session(&ada)]).await;
        let spared = vec![all[0].clone()];
        abandon(store.revoke_user(&ada, Some(all[0].id()), NOW), polls).await;
        one_of(&store, &ada, [all, spared]).await;
    })
    .await;
}

/// Either all on the device live or none.
async fn revoke_device_is_done_or_not<S: SessionStore>(store: Probe<S>) {
    with_all_polls(&store, |store, polls| async move {
        let ada = user();
        let device = Device { id: Some("laptop".into()), ..Device::default() };
        let on_it = || session(&ada).with_origin(device.clone(), None);
        let all = store.keep_all([session(&ada), on_it(), on_it()]).await;
        let spared = vec![all[0].clone()];
        abandon(store.revoke_device(&ada, "laptop", NOW), polls).await;
        one_of(&store, &ada, [all, spared]).await;
    })
    .await;
}

/// To read and to lose interest costs nobody anything.
async fn load_and_list_leave_the_store_working<S: SessionStore>(store: Probe<S>) {
    with_all_polls(&store, |store, polls| async move {
        let ada = user();
        let old = store.keep(session(&ada)).await;
        abandon(store.load(old.id(), NOW), polls).await;
        abandon(store.list(&ada, NOW), polls).await;
        one_of(&store, &ada, [vec![old.clone()], vec![old]]).await;
    })
    .await;
}

/// The user's sessions are as before or as after, and can be worked with.
///
/// What was dropped may still be under way inside the store, and come into force between two
/// questions: then they are asked again. It can do so once.
async fn one_of<S: SessionStore>(store: &Probe<S>, user: &str, mut states: [Vec<Record>; 2]) {
    states.iter_mut().for_each(|state| state.sort_by_key(Record::id));
    for question in ["first", "last"] {
        let found: Vec<Record> = store.list(user, later(1)).await.iter().map(|record| Record::clone(record)).collect();
        let [before, after, seen] = [&states[0], &states[1], &found].map(|records| ids(records));
        let promise = format!(
            "all of it is done, or nothing\n      before: {before:?}\n      after:  {after:?}\n      found:  {seen:?}"
        );
        holds(&promise, states.contains(&found));
        if all_work(store, &found).await {
            break;
        }
        holds("what is left can be loaded and changed", question == "first");
    }
    for alive in store.ids(user, later(1)).await {
        store.revoke(alive, later(1)).await;
        store.is_gone("what is left can be revoked", alive, later(1)).await;
    }
    let new = store.keep(session(user)).await;
    store.is_there("a new session can be kept", &new, later(1)).await;
}

/// Whether all of them are there for load and change as well.
async fn all_work<S: SessionStore>(store: &Probe<S>, records: &[Record]) -> bool {
    for record in records {
        let changed = store.change(record.id(), &Change::new(), later(1)).await;
        let loaded = store.load(record.id(), later(1)).await;
        if changed != Changed::Merged(record.clone().into()) || loaded.as_deref() != Some(record) {
            return false;
        }
    }
    true
}
