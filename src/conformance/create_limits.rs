//! What `create` promises about the number of a user's sessions.

use super::{
    material::{
        IDLE, LIFETIME, NOW, POLICIES, at_most, equal, holds, ids, later, secret, session, session_at, sorted, touch,
        user,
    },
    probe::Probe,
};
use crate::{
    clock::Timestamp,
    config::{Limit, WhenFull},
    record::{Record, SessionId},
    store::{Changed, Created, SessionStore},
};

promises!(create:
    knows_no_limit_of_zero,
    fills_a_limit_to_the_last_session,
    refuses_one_too_many_and_changes_nothing,
    tells_of_a_reached_limit_before_a_taken_id,
    ends_the_session_that_was_created_first,
    ends_the_session_unused_for_longest,
    decides_equal_times_by_id,
    ends_as_many_as_a_lowered_limit_demands,
    counts_no_expired_session,
    counts_no_revoked_session,
    counts_what_a_touch_keeps_alive,
    counts_no_session_of_other_users,
);

/// A limit of 0 is none.
async fn knows_no_limit_of_zero<S: SessionStore>(store: Probe<S>) {
    for when_full in POLICIES {
        let ada = user();
        for _ in 0..12 {
            let evicted = kept(store.create(&session(&ada), at_most(0, when_full), NOW).await);
            equal("0 is no limit", evicted, []);
        }
        equal("all of them live", store.ids(&ada, NOW).await.len(), 12);
    }
}

/// As many as the limit says fit, and not one less; the greatest limit is one, too.
async fn fills_a_limit_to_the_last_session<S: SessionStore>(store: Probe<S>) {
    for when_full in POLICIES {
        for max in [3, u32::MAX] {
            let ada = user();
            for _ in 0..3 {
                let evicted = kept(store.create(&session(&ada), at_most(max, when_full), NOW).await);
                equal("nobody goes before the limit is reached", evicted, []);
            }
            equal("all of them live", store.ids(&ada, NOW).await.len(), 3);
        }
    }
}

/// Where logging in once too often is refused, everything is as before.
async fn refuses_one_too_many_and_changes_nothing<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let old = store.keep_all([session(&ada), session(&ada)]).await;
    let new = session_at(&ada, later(1));
    let created = store.create(&new, at_most(2, WhenFull::Reject), later(1)).await;
    equal("the third of two is refused", created, Created::LimitReached);
    for record in &old {
        store.is_there("the others live on", record, later(1)).await;
    }
    store.is_gone("what was refused is not kept", new.id(), later(1)).await;
    equal("what was refused is not listed", store.ids(&ada, later(1)).await, ids(&old));
    equal("what was refused cannot be ended", store.revoke(new.id(), later(1)).await, false);
}

/// A user at his limit hears of that, even where the id is taken as well.
async fn tells_of_a_reached_limit_before_a_taken_id<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let old = store.keep(session(&ada)).await;
    let again = Record::new(old.id(), secret(), LIFETIME, NOW).with_user(ada.as_str());
    let created = store.create(&again, at_most(1, WhenFull::Reject), NOW).await;
    equal("the limit comes first", created, Created::LimitReached);
    store.is_there("nothing has changed", &old, NOW).await;
}

/// The session that was created first makes room, however much it is used.
async fn ends_the_session_that_was_created_first<S: SessionStore>(store: Probe<S>) {
    let (ada, old) = three_sessions(&store).await;
    let evicted = one_more(&store, &ada, &old, at_most(3, WhenFull::EvictOldest)).await;
    equal("the one created first goes", evicted, [old[0].id()]);
}

/// The session that was not used for longest makes room, however young it is.
async fn ends_the_session_unused_for_longest<S: SessionStore>(store: Probe<S>) {
    let (ada, old) = three_sessions(&store).await;
    let evicted = one_more(&store, &ada, &old, at_most(3, WhenFull::EvictLeastRecentlyUsed)).await;
    equal("the one unused for longest goes", evicted, [old[1].id()]);
}

/// Among sessions of the same age the one with the smallest id makes room, in every store.
async fn decides_equal_times_by_id<S: SessionStore>(store: Probe<S>) {
    for when_full in [WhenFull::EvictOldest, WhenFull::EvictLeastRecentlyUsed] {
        let ada = user();
        let old = store.keep_all((0..6).map(|_| session(&ada))).await;
        let evicted = one_more(&store, &ada, &old, at_most(4, when_full)).await;
        equal("the smallest ids go", evicted, &ids(&old)[..3]);
    }
}

/// A limit that is lower than what the user has already is enforced with his next session.
async fn ends_as_many_as_a_lowered_limit_demands<S: SessionStore>(store: Probe<S>) {
    for when_full in [WhenFull::EvictOldest, WhenFull::EvictLeastRecentlyUsed] {
        let ada = user();
        let old = store.keep_all((0..5).map(|age| session_at(&ada, later(age)))).await;
        let evicted = one_more(&store, &ada, &old, at_most(2, when_full)).await;
        equal("the four oldest go", evicted, ids(&old[..4]));
        let evicted = one_more(&store, &ada, &old[4..], at_most(1, when_full)).await;
        equal("all others go where one may be", evicted.len(), 2);
    }
}

/// A session that has expired counts to no limit, and nobody says that it had to go.
async fn counts_no_expired_session<S: SessionStore>(store: Probe<S>) {
    for when_full in POLICIES {
        let ada = user();
        store.keep_all([session(&ada), session(&ada)]).await;
        let new = session_at(&ada, later(IDLE));
        let evicted = kept(store.create(&new, at_most(1, when_full), later(IDLE)).await);
        equal("what has expired needs no room", evicted, []);
        equal("the new one lives alone", store.ids(&ada, later(IDLE)).await, [new.id()]);
    }
}

/// A session that was revoked counts to no limit.
async fn counts_no_revoked_session<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let old = store.keep_all([session(&ada), session(&ada)]).await;
    holds("a live session can be revoked", store.revoke(old[0].id(), NOW).await);
    let evicted = kept(store.create(&session(&ada), at_most(2, WhenFull::Reject), NOW).await);
    equal("what was revoked needs no room", evicted, []);
}

/// A session that would have expired, had it not been used, counts.
async fn counts_what_a_touch_keeps_alive<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let old = store.keep(session(&ada)).await;
    used(&store, &old, later(IDLE - 1)).await;
    let created = store.create(&session_at(&ada, later(IDLE)), at_most(1, WhenFull::Reject), later(IDLE)).await;
    equal("a session that was used is alive and counts", created, Created::LimitReached);
}

/// Other users' sessions neither count nor go.
async fn counts_no_session_of_other_users<S: SessionStore>(store: Probe<S>) {
    for when_full in POLICIES {
        let (ada, eve) = (user(), user());
        let hers = store.keep_all([session(&eve), session(&eve)]).await;
        let evicted = kept(store.create(&session_at(&ada, later(1)), at_most(1, when_full), later(1)).await);
        equal("nobody goes for another user", evicted, []);
        for record in &hers {
            store.is_there("another user's sessions live on", record, later(1)).await;
        }
    }
}

/// Three sessions of one user: the first was created first, the second unused for longest.
async fn three_sessions<S: SessionStore>(store: &Probe<S>) -> (String, Vec<Record>) {
    let ada = user();
    let old = store.keep_all((0..3).map(|age| session_at(&ada, later(age)))).await;
    used(store, &old[0], later(50)).await;
    used(store, &old[2], later(40)).await;
    (ada, old)
}

async fn used<S: SessionStore>(store: &Probe<S>, session: &Record, at: Timestamp) {
    let changed = store.change(session.id(), &touch(at), at).await;
    holds("a live session can be used", matches!(changed, Changed::Merged(_)));
}

/// Creates one more session, says who had to go, and makes sure that exactly those have gone.
async fn one_more<S: SessionStore>(store: &Probe<S>, user: &str, old: &[Record], limit: Limit) -> Vec<SessionId> {
    let new = session_at(user, later(60));
    let evicted = sorted(kept(store.create(&new, limit, later(60)).await));
    store.is_there("the new session lives", &new, later(60)).await;
    for id in old.iter().map(Record::id) {
        let lives = store.load(id, later(60)).await.is_some();
        holds("exactly those are dead that create names as evicted", lives != evicted.contains(&id));
    }
    let live = old.iter().map(Record::id).filter(|id| !evicted.contains(id));
    let listed: Vec<SessionId> = store.ids(user, later(60)).await;
    holds("the living are listed", live.chain([new.id()]).all(|id| listed.contains(&id)));
    holds("there are no more than the limit allows", listed.len() <= limit.max as usize);
    evicted
}

fn kept(created: Created) -> Vec<SessionId> {
    match created {
        Created::Kept { evicted } => evicted,
        refused => panic!("the new session is kept\n      answered: {refused:?}"),
    }
}
