//! What `replace` promises about the number of a user's sessions.

use super::{
    material::{IDLE, NOW, POLICIES, anonymous, at_most, equal, ids, later, session, session_at, sorted, touch, user},
    probe::{Probe, successor},
};
use crate::{
    config::{Limit, WhenFull},
    record::{Record, SessionId},
    store::{Replaced, SessionStore},
};

promises!(replace:
    does_not_count_the_session_that_goes,
    ends_the_session_that_the_policy_names,
    ends_as_many_as_a_lowered_limit_demands,
    counts_the_session_of_another_user_for_nobody,
    counts_no_expired_session,
    knows_no_limit_for_an_anonymous_session,
    refuses_one_too_many_and_changes_nothing,
);

/// A user at his limit exchanges a session, and nobody else has to go.
async fn does_not_count_the_session_that_goes<S: SessionStore>(store: Probe<S>) {
    for when_full in POLICIES {
        let ada = user();
        let old = store.keep_all((0..3).map(|age| session_at(&ada, later(age)))).await;
        for goes in &old[..2] {
            let new = session_at(&ada, later(5));
            let evicted = done(&store, goes, &new, at_most(3, when_full)).await;
            equal("the old session leaves room enough", evicted, []);
        }
        equal("there are as many as before", store.ids(&ada, later(5)).await.len(), 3);
        store.is_there("the third lives on", &old[2], later(5)).await;
    }
}

/// One too many by a log-in: who goes is chosen among the others, never the old or the new one.
async fn ends_the_session_that_the_policy_names<S: SessionStore>(store: Probe<S>) {
    for (when_full, goes) in [(WhenFull::EvictOldest, 0), (WhenFull::EvictLeastRecentlyUsed, 1)] {
        let ada = user();
        let others = store.keep_all((0..3).map(|age| session_at(&ada, later(age)))).await;
        for (used, at) in [(0, 50), (2, 40)] {
            store.change(others[used].id(), &touch(later(at)), later(at)).await;
        }
        let old = store.keep(anonymous()).await;
        let new = session_at(&ada, NOW);
        let evicted = done(&store, &old, &new, at_most(3, when_full)).await;
        equal("the session goes that the policy names", evicted, [others[goes].id()]);
        store.is_gone("who is evicted has ended", others[goes].id(), later(60)).await;
        let live = others.iter().map(Record::id).filter(|id| *id != others[goes].id());
        let expected = sorted(live.chain([new.id()]));
        equal("the others live", store.ids(&ada, later(60)).await, expected);
    }
}

/// A limit that is lower than what the user has already is enforced here, too.
async fn ends_as_many_as_a_lowered_limit_demands<S: SessionStore>(store: Probe<S>) {
    for when_full in [WhenFull::EvictOldest, WhenFull::EvictLeastRecentlyUsed] {
        let ada = user();
        let all = store.keep_all((0..5).map(|age| session_at(&ada, later(age)))).await;
        let new = session_at(&ada, later(9));
        let evicted = done(&store, &all[2], &new, at_most(2, when_full)).await;
        equal("the three oldest of the others go", evicted, ids(&[all[0].clone(), all[1].clone(), all[3].clone()]));
        equal("two live", store.ids(&ada, later(9)).await, ids(&[all[4].clone(), new]));
    }
}

/// Where the old session is somebody else's, it leaves no room to the new one's user.
async fn counts_the_session_of_another_user_for_nobody<S: SessionStore>(store: Probe<S>) {
    let (ada, eve) = (user(), user());
    let hers = store.keep(session(&ada)).await;
    let (old, other) = (store.keep(session(&eve)).await, store.keep(session(&eve)).await);
    let new = session_at(&ada, later(1));
    let replaced = store.replace(old.id(), &successor(&new), at_most(1, WhenFull::Reject), later(1)).await;
    equal("the user has a session already", replaced, Replaced::LimitReached);
    store.is_there("nothing has changed", &old, later(1)).await;
    let evicted = done(&store, &old, &new, at_most(1, WhenFull::EvictOldest)).await;
    equal("the user's own session goes", evicted, [hers.id()]);
    store.is_there("the other user's sessions are no matter", &other, later(1)).await;
}

/// Sessions that have expired leave room.
async fn counts_no_expired_session<S: SessionStore>(store: Probe<S>) {
    for when_full in POLICIES {
        let ada = user();
        store.keep_all([session(&ada), session(&ada)]).await;
        let old = store.keep(session_at(&user(), later(IDLE))).await;
        let evicted = done(&store, &old, &session_at(&ada, later(IDLE)), at_most(1, when_full)).await;
        equal("what has expired needs no room", evicted, []);
    }
}

/// A session without a user has no limit to keep.
async fn knows_no_limit_for_an_anonymous_session<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let all = store.keep_all([session(&ada), session(&ada), session(&ada)]).await;
    let evicted = done(&store, &all[0], &anonymous(), at_most(1, WhenFull::Reject)).await;
    equal("nobody goes for an anonymous session", evicted, []);
    equal("the others live", store.ids(&ada, NOW).await, ids(&all[1..]));
}

/// Refused for the limit's sake: everything is as before.
async fn refuses_one_too_many_and_changes_nothing<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let others = store.keep_all([session(&ada), session(&ada)]).await;
    let old = store.keep(anonymous()).await;
    let new = session_at(&ada, later(1));
    let replaced = store.replace(old.id(), &successor(&new), at_most(2, WhenFull::Reject), later(1)).await;
    equal("the third of two is refused", replaced, Replaced::LimitReached);
    store.is_there("the old session lives on", &old, later(1)).await;
    store.is_gone("the new session is not there", new.id(), later(1)).await;
    equal("the user has what he had", store.ids(&ada, later(1)).await, ids(&others));
    let evicted = done(&store, &old, &new, at_most(3, WhenFull::Reject)).await;
    equal("with more room, it can still be replaced", evicted, []);
}

/// Replaces a session, and says who else had to go.
async fn done<S: SessionStore>(store: &Probe<S>, old: &Record, new: &Record, limit: Limit) -> Vec<SessionId> {
    let now = new.created_at();
    match store.replace(old.id(), &successor(new), limit, now).await {
        Replaced::Done { record, evicted } => {
            equal("the new session is as it was given", &*record, new);
            store.is_there("the new session lives", new, now).await;
            store.is_gone("the old session has ended", old.id(), now).await;
            for id in &evicted {
                store.is_gone("who is evicted has ended", *id, now).await;
            }
            sorted(evicted)
        }
        refused => panic!("the session is replaced\n      answered: {refused:?}"),
    }
}
