//! What `replace` promises where it does not succeed: nothing has changed.

use super::{
    material::{
        IDLE, LIFETIME, NOW, add, after, anonymous, at_most, equal, id_of, later, secret, session, session_at, set,
        user,
    },
    probe::{Probe, successor},
};
use crate::{
    config::{Bounds, WhenFull},
    record::{ChangeRefused, Keep, Record, SessionId},
    store::{Replaced, Replacement, SessionStore},
};

promises!(replace:
    makes_nothing_out_of_an_unknown_session,
    makes_nothing_out_of_a_revoked_session,
    makes_nothing_out_of_an_expired_session,
    refuses_an_id_that_is_taken,
    refuses_the_old_sessions_own_id,
    refuses_a_change_that_does_not_fit,
);

/// Who was never there has no successor.
async fn makes_nothing_out_of_an_unknown_session<S: SessionStore>(store: Probe<S>) {
    is_gone(&store, id_of(Some(&user())), 0).await;
    is_gone(&store, id_of(None), 0).await;
}

/// Who was revoked has no successor: a revocation is not outrun by a rotation.
async fn makes_nothing_out_of_a_revoked_session<S: SessionStore>(store: Probe<S>) {
    for old in [session(&user()), anonymous()] {
        let old = store.keep(old).await;
        store.revoke(old.id(), NOW).await;
        is_gone(&store, old.id(), 0).await;
    }
}

/// Who has expired has no successor.
async fn makes_nothing_out_of_an_expired_session<S: SessionStore>(store: Probe<S>) {
    for old in [session(&user()), anonymous()] {
        let old = store.keep(old).await;
        is_gone(&store, old.id(), IDLE).await;
    }
}

/// The new id is somebody's already: he keeps it, and the old session lives on.
async fn refuses_an_id_that_is_taken<S: SessionStore>(store: Probe<S>) {
    for holder in [session(&user()), anonymous()] {
        let ada = user();
        let holder = store.keep(holder).await;
        let old = store.keep(session(&ada)).await;
        let new = Record::new(holder.id(), secret(), LIFETIME, NOW).with_user(ada.as_str());
        let answer = nothing_changes(&store, &ada, &old, &successor(&new)).await;
        equal("an id is given once", answer, Replaced::IdTaken);
        store.is_there("whose the id is keeps it", &holder, NOW).await;
    }
}

/// A new session has a new id.
async fn refuses_the_old_sessions_own_id<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let old = store.keep(session(&ada)).await;
    let new = Record::new(old.id(), secret(), LIFETIME, NOW).with_user(ada.as_str());
    let answer = nothing_changes(&store, &ada, &old, &successor(&new)).await;
    equal("the old id is taken", answer, Replaced::IdTaken);
}

/// What the change meets is what is kept: where it does not fit that, nothing happens.
async fn refuses_a_change_that_does_not_fit<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let mut first = set("text", *b"abc");
    first.set("most", i64::MAX.to_string().into_bytes());
    let old = store.keep(after(session(&ada), &first)).await;
    let bounds = Bounds { fields: 2, bytes: 1_000, name: 255 };
    for (change, refused) in [
        (add("text", 1), ChangeRefused::NotAnInteger("text".into())),
        (add("most", 1), ChangeRefused::Overflow("most".into())),
        (set("more", *b"").within(bounds), ChangeRefused::TooManyFields { most: 2 }),
    ] {
        let new = Replacement { record: session(&ada), keep: Keep::Everything, change, expect: None };
        let answer = nothing_changes(&store, &ada, &old, &new).await;
        equal("a change that does not fit is refused", answer, Replaced::Refused(refused));
    }
}

/// A replacement that is refused, while others of the user's sessions could be ended for it.
async fn nothing_changes<S: SessionStore>(store: &Probe<S>, user: &str, old: &Record, new: &Replacement) -> Replaced {
    let before = store.ids(user, NOW).await;
    let others = store.keep_all([session(user), session(user)]).await;
    let tight = at_most(1, WhenFull::EvictOldest);
    let answer = store.replace(old.id(), new, tight, NOW).await;
    store.is_there("the old session lives on", old, NOW).await;
    if new.record.id() != old.id() && answer != Replaced::IdTaken {
        store.is_gone("the new session is not there", new.record.id(), NOW).await;
    }
    for record in &others {
        store.is_there("nobody has made room", record, NOW).await;
        store.revoke(record.id(), NOW).await;
    }
    equal("the user has what he had", store.ids(user, NOW).await, before);
    answer
}

/// A session that is not there is replaced by nothing, and nobody makes room for that.
async fn is_gone<S: SessionStore>(store: &Probe<S>, old: SessionId, at: u64) {
    let ada = user();
    let other = store.keep(session_at(&ada, later(at))).await;
    let new = Replacement { keep: Keep::Everything, change: add("n", 1), ..successor(&session_at(&ada, later(at))) };
    let answer = store.replace(old, &new, at_most(1, WhenFull::EvictOldest), later(at)).await;
    equal("what is not there cannot be replaced", answer, Replaced::Gone);
    store.is_gone("the new session is not there", new.record.id(), later(at)).await;
    store.is_gone("the old session has not come back", old, later(at)).await;
    equal("nobody has made room", store.ids(&ada, later(at)).await, [other.id()]);
}
