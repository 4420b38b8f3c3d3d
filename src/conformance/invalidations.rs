//! What `invalidations` promises: whatever ends is heard by everybody who listens.
//!
//! Announcements are hints: that one comes twice, or of a session that nobody knows, does no harm.
//! That one is missing, or that sessions which live are announced, is what these checks find.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::timeout;

use super::{
    material::{NO_LIMIT, NOW, add, anonymous, at_most, equal, holds, id_of, ids, later, session, session_at, user},
    probe::{Probe, successor},
    together::{Task, abandon, together, with_all_polls},
};
use crate::{
    config::WhenFull,
    record::{Device, Record, SessionId},
    store::{Created, Invalidation, Invalidations, Replaced, SessionStore},
};

promises!(invalidations:
    tell_of_a_session_that_is_revoked,
    tell_of_all_sessions_of_a_user,
    tell_of_the_sessions_on_a_device,
    tell_of_a_session_that_is_replaced,
    tell_of_those_that_make_room,
    tell_nothing_of_the_living,
    tell_of_all_that_many_tasks_end,
    tell_of_an_end_that_nobody_waited_for,
    reach_everybody_who_listens,
    have_begun_when_the_store_answers,
    beat_while_nothing_ends,
);

async fn tell_of_a_session_that_is_revoked<S: SessionStore>(store: Probe<S>) {
    let (hers, nobodys) = (store.keep(session(&user())).await, store.keep(anonymous()).await);
    let bystander = store.keep(session(&user())).await;
    let mut listener = Listener::of(&store).await;
    store.revoke(hers.id(), NOW).await;
    store.revoke(nobodys.id(), NOW).await;
    listener.hears(&[hers, nobodys], &[bystander]).await;
}

async fn tell_of_all_sessions_of_a_user<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let mut all = store.keep_all((0..20).map(|_| session(&ada))).await;
    let spared = all.split_off(19);
    let mut listener = Listener::of(&store).await;
    store.revoke_user(&ada, Some(spared[0].id()), NOW).await;
    listener.hears(&all, &spared).await;
    store.revoke_user(&ada, None, NOW).await;
    listener.hears(&spared, &[]).await;
}

async fn tell_of_the_sessions_on_a_device<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let device = Device { id: Some("laptop".into()), ..Device::default() };
    let on_it = || session(&ada).with_origin(device.clone(), None);
    let all = store.keep_all([on_it(), on_it(), on_it()]).await;
    let bystander = store.keep(session(&ada)).await;
    let mut listener = Listener::of(&store).await;
    store.revoke_device(&ada, "laptop", NOW).await;
    listener.hears(&all, &[bystander]).await;
}

async fn tell_of_a_session_that_is_replaced<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let (mut old, bystander) = (store.keep(anonymous()).await, store.keep(session(&ada)).await);
    let mut listener = Listener::of(&store).await;
    for _ in 0..3 {
        let new = session(&ada);
        store.replace(old.id(), &successor(&new), NO_LIMIT, NOW).await;
        listener.hears(&[old], &[new.clone(), bystander.clone()]).await;
        old = new;
    }
}

/// By either of the verbs that evict.
async fn tell_of_those_that_make_room<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let all = store.keep_all((0..6).map(|at| session_at(&ada, later(at)))).await;
    let mut listener = Listener::of(&store).await;
    let (new, newer) = (session_at(&ada, later(10)), session_at(&ada, later(11)));
    store.create(&new, at_most(4, WhenFull::EvictOldest), later(10)).await;
    listener.hears(&all[..3], &all[3..]).await;
    store.replace(all[4].id(), &successor(&newer), at_most(2, WhenFull::EvictLeastRecentlyUsed), later(11)).await;
    listener.hears(&all[3..], &[new, newer]).await;
}

/// Neither is a change the end of a session, nor what was refused.
async fn tell_nothing_of_the_living<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let all = store.keep_all([session(&ada), session(&ada)]).await;
    let last = store.keep(anonymous()).await;
    let mut listener = Listener::of(&store).await;
    store.change(all[0].id(), &add("n", 1), NOW).await;
    let full = at_most(1, WhenFull::Reject);
    equal("there is no room", store.create(&session(&ada), full, NOW).await, Created::LimitReached);
    let one_more = successor(&session(&ada));
    equal("there is no room", store.replace(last.id(), &one_more, full, NOW).await, Replaced::LimitReached);
    equal("nobody has this device", store.revoke_device(&ada, "laptop", NOW).await, []);
    equal("an unknown session was not alive", store.revoke(id_of(None), NOW).await, false);
    store.revoke(last.id(), NOW).await;
    listener.hears(&[last], &all).await;
}

async fn tell_of_all_that_many_tasks_end<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let all = store.keep_all((0..40).map(|_| session(&ada))).await;
    let mut listener = Listener::of(&store).await;
    let mut tasks: Vec<Task<()>> = Vec::new();
    for id in all[..30].iter().map(Record::id) {
        let store = store.clone();
        tasks.push(Box::pin(async move { _ = store.revoke(id, NOW).await }));
    }
    let others = store.clone();
    tasks.push(Box::pin(async move { _ = others.revoke_user(&ada, None, NOW).await }));
    together(tasks).await;
    listener.hears(&all, &[]).await;
}

/// Where the verb's future is dropped half-way, either the session lives or its end is announced.
async fn tell_of_an_end_that_nobody_waited_for<S: SessionStore>(store: Probe<S>) {
    with_all_polls(&store, |store, polls| async move {
        let old = store.keep(session(&user())).await;
        let mut listener = Listener::of(&store).await;
        abandon(store.revoke(old.id(), NOW), polls).await;
        if store.load(old.id(), NOW).await.is_none() {
            listener.hears(&[old], &[]).await;
        }
    })
    .await;
}

async fn reach_everybody_who_listens<S: SessionStore>(store: Probe<S>) {
    let all = store.keep_all([session(&user()), session(&user())]).await;
    let mut listeners = [Listener::of(&store).await, Listener::of(&store).await];
    store.revoke(all[0].id(), NOW).await;
    for listener in &mut listeners {
        listener.hears(&all[..1], &all[1..]).await;
    }
    let [mut stays, leaves] = listeners;
    drop(leaves);
    store.revoke(all[1].id(), NOW).await;
    stays.hears(&all[1..], &[]).await;
}

/// What ends right after that is heard.
async fn have_begun_when_the_store_answers<S: SessionStore>(store: Probe<S>) {
    for _ in 0..20 {
        let old = store.keep(session(&user())).await;
        let mut listener = Listener::of(&store).await;
        store.revoke(old.id(), NOW).await;
        listener.hears(&[old], &[]).await;
    }
}

/// A listener can tell that it is not cut off. It is not to wait for much longer than it asked.
async fn beat_while_nothing_ends<S: SessionStore>(store: Probe<S>) {
    let mut listener = Listener::of(&store).await;
    for _ in 0..4 {
        while listener.next("a heartbeat comes once in a while", HEARTBEAT * 20).await != Invalidation::Heartbeat {}
    }
}

/// Somebody who listens.
struct Listener {
    stream: Invalidations,
    /// Heartbeats that came while something was missing.
    waited: u32,
}

impl Listener {
    async fn of<S: SessionStore>(store: &Probe<S>) -> Self {
        Self { stream: store.listen(HEARTBEAT).await, waited: 0 }
    }

    /// Fails the check unless all that have ended are heard of, and none that live.
    async fn hears(&mut self, ended: &[Record], living: &[Record]) {
        let mut missing: BTreeSet<SessionId> = ids(ended).into_iter().collect();
        let living = ids(living);
        loop {
            let promise = "the end of every session is announced, and heartbeats go on";
            match self.next(promise, LONGEST_SILENCE).await {
                Invalidation::Ended(id) => {
                    missing.remove(&id);
                    holds("a session that lives is not announced", !living.contains(&id));
                }
                // It comes by the same way: what was announced before has been heard.
                Invalidation::Heartbeat if missing.is_empty() => break,
                Invalidation::Heartbeat => self.waits_for(&missing),
            }
        }
    }

    fn waits_for(&mut self, missing: &BTreeSet<SessionId>) {
        self.waited += 1;
        let promise = format!("the end of every session is announced\n      missing: {missing:?}");
        holds(&promise, self.waited < MOST_BEATS);
    }

    async fn next(&mut self, promise: &str, patience: Duration) -> Invalidation {
        match timeout(patience, self.stream.next()).await {
            Ok(Some(heard)) => heard,
            Ok(None) => panic!("{promise}: the listener was cut off"),
            Err(_) => panic!("{promise}: nothing was heard for {patience:?}"),
        }
    }
}

const HEARTBEAT: Duration = Duration::from_millis(50);
/// For a database on a machine that has much else to do.
const LONGEST_SILENCE: Duration = Duration::from_secs(10);
/// Heartbeats while an announcement is on its way: an engine may look for those less often.
const MOST_BEATS: u32 = 100;
