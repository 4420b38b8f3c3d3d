//! What `epoch` promises, and the verbs that hold to it.

use super::{
    material::{
        LIFETIME, NO_LIMIT, NOW, ancient, anonymous, at_most, equal, holds, id_of, later, random, secret, session,
        session_at, user,
    },
    probe::{Probe, successor},
    together::{Task, together},
};
use crate::{
    clock::millis,
    config::{Limit, WhenFull},
    record::{Device, Record, SessionId},
    store::{Created, Epoch, Replaced, SessionStore, Terms},
};

promises!(epoch:
    begins_at_the_same_for_everybody,
    passes_when_the_user_is_revoked,
    passes_whoever_is_spared_and_whoever_is_there,
    stays_when_single_sessions_end,
    is_remembered_for_an_hour,
    belongs_to_one_user_by_the_letter,
    refuses_a_log_in_from_before,
    refuses_a_replacement_from_before,
    is_told_before_a_limit_and_a_taken_id,
    does_not_bind_who_is_nobody,
    lets_no_log_in_from_before_survive,
);

/// Nobody has left the first epoch, of whom nothing is known.
async fn begins_at_the_same_for_everybody<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    equal("an unknown user is in the epoch 0", store.epoch(&ada, NOW).await, Epoch::default());
    store.keep(session(&ada)).await;
    let created = store.create(&session(&ada), terms(Epoch::default(), NO_LIMIT), NOW).await;
    equal("and may log in on that", created, Created::Kept { evicted: vec![] });
    equal("a log-in leaves him there", store.epoch(&ada, NOW).await, Epoch::default());
}

/// Each revocation of all sessions begins another, and none that was there before.
async fn passes_when_the_user_is_revoked<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let mut seen = vec![store.epoch(&ada, NOW).await];
    for round in 1..6 {
        store.keep(session(&ada)).await;
        store.revoke_user(&ada, None, later(round)).await;
        let epoch = store.epoch(&ada, later(round)).await;
        holds("a revocation of the user begins an epoch that has not been before", !seen.contains(&epoch));
        equal("it lasts until the next", store.epoch(&ada, later(round)).await, epoch);
        seen.push(epoch);
    }
}

/// Sparing one session, or finding none, makes no difference.
async fn passes_whoever_is_spared_and_whoever_is_there<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let spared = store.keep(session(&ada)).await.id();
    let first = store.epoch(&ada, NOW).await;
    store.revoke_user(&ada, Some(spared), NOW).await;
    let second = store.epoch(&ada, NOW).await;
    holds("the epoch passes although one is spared", second != first);
    let nobody = user();
    let first = store.epoch(&nobody, NOW).await;
    store.revoke_user(&nobody, None, NOW).await;
    holds("the epoch passes although there is no session", store.epoch(&nobody, NOW).await != first);
}

/// Ending one session, or those on a device, ends no epoch; nor do log-ins, exchanges and changes.
async fn stays_when_single_sessions_end<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    store.revoke_user(&ada, None, NOW).await;
    let epoch = store.epoch(&ada, NOW).await;
    let device = Device { id: Some("laptop".into()), ..Device::default() };
    let on_it = store.keep(session(&ada).with_origin(device, None)).await;
    let all = store.keep_all([session(&ada), session(&ada)]).await;
    equal("the device is revoked", store.revoke_device(&ada, "laptop", NOW).await, [on_it.id()]);
    holds("one is revoked", store.revoke(all[0].id(), NOW).await);
    store.replace(all[1].id(), &successor(&session(&ada)), NO_LIMIT, NOW).await;
    store.create(&session(&ada), at_most(1, WhenFull::EvictOldest), NOW).await;
    equal("the user is in the same epoch", store.epoch(&ada, NOW).await, epoch);
}

/// No log-in takes longer than an hour: until then a store must know, whatever it sweeps.
async fn is_remembered_for_an_hour<S: SessionStore>(store: Probe<S>) {
    let (ada, hour) = (user(), millis(Epoch::REMEMBERED));
    store.revoke_user(&ada, None, ancient(0)).await;
    let epoch = store.epoch(&ada, ancient(0)).await;
    holds("it is another than before", epoch != Epoch::default());
    for at in [1, hour / 2, hour - 1] {
        store.sweep(ancient(at), 1_000).await;
        equal("it is remembered", store.epoch(&ada, ancient(at)).await, epoch);
    }
    store.revoke_user(&ada, None, ancient(hour - 1)).await;
    let next = store.epoch(&ada, ancient(hour - 1)).await;
    store.sweep(ancient(hour + hour / 2), 1_000).await;
    equal("the hour begins anew with the next", store.epoch(&ada, ancient(hour + hour / 2)).await, next);
    let late = session_at(&ada, ancient(hour + hour / 2));
    let created = store.create(&late, terms(epoch, NO_LIMIT), ancient(hour + hour / 2)).await;
    equal("who began before that is refused", created, Created::EpochPassed);
}

/// Whose name only looks like it has an epoch of his own.
async fn belongs_to_one_user_by_the_letter<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let alike = [
        ada.to_uppercase(),
        format!("{ada} "),
        format!(" {ada}"),
        format!("{ada}e\u{301}"),
        format!("{ada}\u{e9}"),
        ada[..ada.len() - 1].to_owned(),
        format!("{ada}{}", "x".repeat(300)),
        format!("{ada}{}", "x".repeat(301)),
        format!("{ada}\0"),
    ];
    store.revoke_user(&ada, None, NOW).await;
    let epoch = store.epoch(&ada, NOW).await;
    for (passed, name) in alike.iter().enumerate() {
        equal(&format!("{name:?} is another user"), store.epoch(name, NOW).await, Epoch::default());
        store.revoke_user(name, None, NOW).await;
        holds("his own passes", store.epoch(name, NOW).await != Epoch::default());
        for name in &alike[passed + 1..] {
            let created = store.create(&session(name), terms(Epoch::default(), NO_LIMIT), NOW).await;
            equal(&format!("{name:?} may log in"), created, Created::Kept { evicted: vec![] });
        }
    }
    equal("the first user's is as it was", store.epoch(&ada, NOW).await, epoch);
}

/// A log-in on an epoch that has passed is refused, and changes nothing; on the new one it succeeds.
async fn refuses_a_log_in_from_before<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let before = store.epoch(&ada, NOW).await;
    let spared = store.keep(session(&ada)).await;
    store.revoke_user(&ada, Some(spared.id()), NOW).await;
    for limit in [NO_LIMIT, at_most(1, WhenFull::EvictOldest), at_most(9, WhenFull::Reject)] {
        let new = session_at(&ada, later(1));
        let created = store.create(&new, terms(before, limit), later(1)).await;
        equal("a log-in from before is refused", created, Created::EpochPassed);
        store.is_gone("what was refused is not kept", new.id(), later(1)).await;
        equal("what was there is there", store.ids(&ada, later(1)).await, [spared.id()]);
    }
    let (now, new) = (store.epoch(&ada, later(1)).await, session_at(&ada, later(1)));
    let created = store.create(&new, terms(now, at_most(2, WhenFull::Reject)), later(1)).await;
    equal("a log-in from after is kept", created, Created::Kept { evicted: vec![] });
}

/// The same for a session that takes the place of an anonymous one, or of one that was spared.
async fn refuses_a_replacement_from_before<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let before = store.epoch(&ada, NOW).await;
    let visitor = store.keep(anonymous()).await;
    let spared = store.keep(session(&ada)).await;
    store.revoke_user(&ada, Some(spared.id()), NOW).await;
    for old in [&visitor, &spared] {
        for limit in [NO_LIMIT, at_most(1, WhenFull::EvictOldest)] {
            let new = session(&ada);
            let replaced = store.replace(old.id(), &successor(&new), terms(before, limit), NOW).await;
            equal("a log-in from before is refused", replaced, Replaced::EpochPassed);
            store.is_gone("what was refused is not kept", new.id(), NOW).await;
            store.is_there("what it would have replaced is there", old, NOW).await;
        }
    }
    let (now, new) = (store.epoch(&ada, NOW).await, session(&ada));
    let replaced = store.replace(visitor.id(), &successor(&new), terms(now, NO_LIMIT), NOW).await;
    equal("a log-in from after is kept", replaced, Replaced::Done { record: new.into(), evicted: vec![] });
}

/// Of several reasons to refuse a log-in, the one that matters most is told.
async fn is_told_before_a_limit_and_a_taken_id<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let before = store.epoch(&ada, NOW).await;
    let (old, visitor) = (store.keep(session(&ada)).await, store.keep(anonymous()).await);
    store.revoke_user(&ada, Some(old.id()), NOW).await;
    let (now, full) = (store.epoch(&ada, NOW).await, at_most(1, WhenFull::Reject));
    let again = Record::new(old.id(), secret(), LIFETIME, NOW).with_user(ada.as_str());
    for (epoch, limit, created, replaced) in [
        (before, full, Created::EpochPassed, Replaced::EpochPassed),
        (before, NO_LIMIT, Created::EpochPassed, Replaced::EpochPassed),
        (now, full, Created::LimitReached, Replaced::LimitReached),
        (now, NO_LIMIT, Created::IdTaken, Replaced::IdTaken),
    ] {
        equal("a log-in", store.create(&again, terms(epoch, limit), NOW).await, created);
        let answer = store.replace(visitor.id(), &successor(&again), terms(epoch, limit), NOW).await;
        equal("an exchange", answer, replaced);
    }
    let gone = store.replace(id_of(None), &successor(&again), terms(before, full), NOW).await;
    equal("where nothing is to be exchanged, that is told", gone, Replaced::Gone);
    store.is_there("nothing has changed", &old, NOW).await;
    store.is_there("nothing has changed", &visitor, NOW).await;
}

/// An anonymous session is in no user's epoch.
async fn does_not_bind_who_is_nobody<S: SessionStore>(store: Probe<S>) {
    let epoch = Epoch::from_number(u64::from_be_bytes(random()) >> 2);
    let created = store.create(&anonymous(), terms(epoch, NO_LIMIT), NOW).await;
    equal("an anonymous session is kept", created, Created::Kept { evicted: vec![] });
}

/// Log-ins that hold an epoch against a revocation of the user: afterwards none that held it lives.
async fn lets_no_log_in_from_before_survive<S: SessionStore>(store: Probe<S>) {
    for round in 0..20 {
        let ada = user();
        let before = store.epoch(&ada, NOW).await;
        let visitors = store.keep_all((0..4).map(|_| anonymous())).await;
        let mut tasks: Vec<Task<Option<SessionId>>> = Vec::new();
        for limit in [NO_LIMIT, at_most(3, WhenFull::EvictOldest)].repeat(4) {
            let (store, new) = (store.clone(), session(&ada));
            tasks.push(Box::pin(async move {
                let created = store.create(&new, terms(before, limit), NOW).await;
                holds("kept, or from before", matches!(created, Created::Kept { .. } | Created::EpochPassed));
                None
            }));
        }
        for old in visitors {
            let (store, new) = (store.clone(), session(&ada));
            tasks.push(Box::pin(async move {
                let replaced = store.replace(old.id(), &successor(&new), terms(before, NO_LIMIT), NOW).await;
                holds("kept, or from before", matches!(replaced, Replaced::Done { .. } | Replaced::EpochPassed));
                None
            }));
        }
        let (revoking, name) = (store.clone(), ada.clone());
        tasks.insert(
            round % 13,
            Box::pin(async move {
                revoking.revoke_user(&name, None, NOW).await;
                // In the new epoch a log-in at once is nobody's from before.
                let (now, new) = (revoking.epoch(&name, NOW).await, session(&name));
                let created = revoking.create(&new, terms(now, NO_LIMIT), NOW).await;
                holds("a log-in from after is kept", matches!(created, Created::Kept { .. }));
                Some(new.id())
            }),
        );
        let after: Vec<SessionId> = together(tasks).await.into_iter().flatten().collect();
        equal("no session lives that held the old epoch", store.ids(&ada, NOW).await, after);
    }
}

const fn terms(epoch: Epoch, limit: Limit) -> Terms {
    Terms { limit, epoch: Some(epoch) }
}
