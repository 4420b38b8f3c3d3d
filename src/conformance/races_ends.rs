//! What holds while sessions end: what has ended stays so, and each end is told once.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use tokio::task::yield_now;

use super::{
    material::{NO_LIMIT, NOW, equal, holds, ids, later, must, session, sorted, touch, user},
    probe::{Probe, successor},
    together::{Task, together},
};
use crate::{
    record::{Device, Record, SessionId},
    store::{Changed, Created, Replaced, SessionStore},
};

promises!(races:
    no_change_succeeds_after_a_revocation,
    no_log_in_from_before_survives_a_revocation_of_the_user,
    no_replacement_slips_through_a_revocation_of_the_user,
    a_session_is_replaced_or_revoked_not_both,
    a_session_is_replaced_once,
    each_end_is_told_once,
    sessions_that_cross_between_users_lock_nobody_out,
);

/// 200 sessions are revoked while they are in use: when revoke has returned, none is seen again.
async fn no_change_succeeds_after_a_revocation<S: SessionStore>(store: Probe<S>) {
    let rounds = (0..200_u64).map(|round| {
        let store = store.clone();
        async move {
            let id = store.keep(session(&user())).await.id();
            let revoked = Arc::new(AtomicBool::new(false));
            let using = tokio::spawn(in_use(store.clone(), id, Arc::clone(&revoked)));
            for _ in 0..round % 4 {
                yield_now().await;
            }
            holds("the session was alive", store.revoke(id, NOW).await);
            revoked.store(true, Ordering::SeqCst);
            store.is_gone("a revoked session is absent", id, NOW).await;
            let succeeded_later = must("using a session", using.await);
            holds("no change succeeds that began after the revocation", !succeeded_later);
            store.is_gone("a revoked session stays absent", id, NOW).await;
        }
    });
    together(rounds).await;
}

/// Uses a session, and says whether that succeeded when it had been revoked already.
async fn in_use<S: SessionStore>(store: Probe<S>, id: SessionId, revoked: Arc<AtomicBool>) -> bool {
    for use_of_it in 0..8 {
        let was_revoked = revoked.load(Ordering::SeqCst);
        let changed = store.change(id, &touch(later(use_of_it)), NOW).await;
        if was_revoked && changed != Changed::Gone {
            return true;
        }
        yield_now().await;
    }
    false
}

/// The user is revoked while he logs in: all that was kept before that began has ended.
async fn no_log_in_from_before_survives_a_revocation_of_the_user<S: SessionStore>(store: Probe<S>) {
    for round in 0..20 {
        let ada = user();
        let kept: Arc<Mutex<Vec<SessionId>>> = Arc::default();
        let mut tasks: Vec<Task<Vec<SessionId>>> = Vec::new();
        for _ in 0..16 {
            let (store, record, kept) = (store.clone(), session(&ada), Arc::clone(&kept));
            tasks.push(Box::pin(async move {
                let created = store.create(&record, NO_LIMIT, NOW).await;
                equal("a log-in succeeds", created, Created::Kept { evicted: vec![] });
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(record.id());
                vec![]
            }));
        }
        let (revoking, name) = (store.clone(), ada.clone());
        tasks.insert(
            round % 16,
            Box::pin(async move {
                let before = kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let ended = revoking.revoke_user(&name, None, NOW).await;
                holds("all from before are named", before.iter().all(|id| ended.contains(id)));
                ended
            }),
        );
        for id in together(tasks).await.into_iter().flatten() {
            store.is_gone("what was named has ended", id, NOW).await;
        }
    }
}

/// The user is revoked while his sessions are exchanged: either the old one ends by that or the new
/// one, but he has none in the end.
async fn no_replacement_slips_through_a_revocation_of_the_user<S: SessionStore>(store: Probe<S>) {
    for round in 0..30 {
        let ada = user();
        let old = store.keep_all((0..4).map(|_| session(&ada))).await;
        let mut tasks: Vec<Task<()>> = Vec::new();
        for old in old {
            let (store, new) = (store.clone(), session(&ada));
            tasks.push(Box::pin(async move {
                store.replace(old.id(), &successor(&new), NO_LIMIT, NOW).await;
            }));
        }
        let (revoking, name) = (store.clone(), ada.clone());
        tasks.insert(
            round % 5,
            Box::pin(async move {
                equal("four sessions are ended, old or new", revoking.revoke_user(&name, None, NOW).await.len(), 4);
            }),
        );
        together(tasks).await;
        equal("the user has no session", store.ids(&ada, NOW).await, []);
    }
}

/// One session, one end: whoever comes second finds it gone.
async fn a_session_is_replaced_or_revoked_not_both<S: SessionStore>(store: Probe<S>) {
    for round in 0..50 {
        let ada = user();
        let (old, new) = (store.keep(session(&ada)).await.id(), session(&ada));
        let (id, replacing, revoking) = (new.id(), store.clone(), store.clone());
        let replaced: Task<bool> = Box::pin(async move {
            matches!(replacing.replace(old, &successor(&new), NO_LIMIT, NOW).await, Replaced::Done { .. })
        });
        let revoked: Task<bool> = Box::pin(async move { revoking.revoke(old, NOW).await });
        let mut tasks = vec![replaced, revoked];
        tasks.rotate_left(round % 2);
        let mut answers = together(tasks).await;
        answers.rotate_right(round % 2);
        holds("a session is replaced or revoked, one of the two", answers[0] != answers[1]);
        store.is_gone("the old session has ended", old, NOW).await;
        let lives = store.load(id, NOW).await.is_some();
        equal("the new session lives if it was put in the old one's place", lives, answers[0]);
    }
}

/// Of many successors one takes the place; the others find it gone, and leave nothing behind.
async fn a_session_is_replaced_once<S: SessionStore>(store: Probe<S>) {
    for _ in 0..20 {
        let ada = user();
        let old = store.keep(session(&ada)).await.id();
        let answers = together((0..8).map(|_| {
            let (store, new) = (store.clone(), session(&ada));
            async move { (store.replace(old, &successor(&new), NO_LIMIT, NOW).await, new) }
        }))
        .await;
        let (done, gone): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|(replaced, _)| matches!(replaced, Replaced::Done { .. }));
        equal("one successor takes the place", done.len(), 1);
        for (replaced, new) in gone {
            equal("the others find it gone", replaced, Replaced::Gone);
            store.is_gone("and have left nothing behind", new.id(), NOW).await;
        }
        equal("the user has one session", store.ids(&ada, NOW).await, [done[0].1.id()]);
    }
}

/// Many ways to end a session at once, one of them says that it was alive.
async fn each_end_is_told_once<S: SessionStore>(store: Probe<S>) {
    for _ in 0..10 {
        let ada = user();
        let device = Device { id: Some("laptop".into()), ..Device::default() };
        let all = store.keep_all((0..12).map(|_| session(&ada).with_origin(device.clone(), None))).await;
        let mut tasks: Vec<Task<Vec<SessionId>>> = Vec::new();
        for id in all.iter().map(Record::id) {
            let store = store.clone();
            tasks.push(Box::pin(async move {
                let alive = store.revoke(id, NOW).await;
                alive.then_some(id).into_iter().collect()
            }));
        }
        for place in [2, 6, 10] {
            let (one, ada_one) = (store.clone(), ada.clone());
            tasks.insert(place, Box::pin(async move { one.revoke_user(&ada_one, None, NOW).await }));
            let (other, ada_other) = (store.clone(), ada.clone());
            tasks.insert(place, Box::pin(async move { other.revoke_device(&ada_other, "laptop", NOW).await }));
        }
        let told = together(tasks).await.into_iter().flatten();
        equal("each end is told once", sorted(told), ids(&all));
    }
}

/// Sessions change hands in both directions at once, while both users are listed and revoked.
async fn sessions_that_cross_between_users_lock_nobody_out<S: SessionStore>(store: Probe<S>) {
    let (ada, eve) = (user(), user());
    let mut tasks: Vec<Task<()>> = Vec::new();
    for (from, to) in [(&ada, &eve), (&eve, &ada)] {
        for _ in 0..20 {
            let (store, from, to) = (store.clone(), from.clone(), to.clone());
            tasks.push(Box::pin(async move {
                let old = store.keep(session(&from)).await;
                store.replace(old.id(), &successor(&session(&to)), NO_LIMIT, NOW).await;
                store.ids(&from, NOW).await;
                store.revoke_user(&to, None, NOW).await;
            }));
        }
    }
    together(tasks).await;
    for name in [ada, eve] {
        store.revoke_user(&name, None, NOW).await;
        equal("nobody is left", store.ids(&name, NOW).await, []);
    }
}
