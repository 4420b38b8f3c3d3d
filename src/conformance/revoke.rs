//! What `revoke` promises.

use super::{
    material::{IDLE, NOW, anonymous, equal, id_of, later, session, touch, user},
    probe::Probe,
};
use crate::store::SessionStore;

promises!(revoke:
    ends_a_session,
    ends_it_once,
    says_of_an_unknown_or_expired_session_that_it_was_not_alive,
    ends_a_session_that_was_used_to_the_last,
    leaves_other_sessions_alone,
);

/// The session is dead when revoke has returned.
async fn ends_a_session<S: SessionStore>(store: Probe<S>) {
    for record in [session(&user()), anonymous()] {
        let record = store.keep(record).await;
        equal("it was alive", store.revoke(record.id(), NOW).await, true);
        store.is_gone("a revoked session is absent", record.id(), NOW).await;
        if let Some(user) = record.user() {
            equal("it is not listed", store.ids(user, NOW).await, []);
        }
    }
}

/// To end it again is no error, and does nothing.
async fn ends_it_once<S: SessionStore>(store: Probe<S>) {
    let record = store.keep(session(&user())).await;
    for alive in [true, false, false] {
        equal("it was alive the first time", store.revoke(record.id(), NOW).await, alive);
        store.is_gone("a revoked session is absent", record.id(), NOW).await;
    }
}

/// Nor is it an error to end what is not there.
async fn says_of_an_unknown_or_expired_session_that_it_was_not_alive<S: SessionStore>(store: Probe<S>) {
    equal("an unknown session was not alive", store.revoke(id_of(None), NOW).await, false);
    let record = store.keep(session(&user())).await;
    equal("an expired session was not alive", store.revoke(record.id(), later(IDLE)).await, false);
}

/// A touch counts here, too.
async fn ends_a_session_that_was_used_to_the_last<S: SessionStore>(store: Probe<S>) {
    let record = store.keep(session(&user())).await;
    store.change(record.id(), &touch(later(IDLE - 1)), later(IDLE - 1)).await;
    equal("a session that was used was alive", store.revoke(record.id(), later(IDLE)).await, true);
    store.is_gone("a revoked session is absent", record.id(), later(IDLE)).await;
}

/// One id, one session.
async fn leaves_other_sessions_alone<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let (one, other, hers) =
        (store.keep(session(&ada)).await, store.keep(session(&ada)).await, store.keep(session(&user())).await);
    store.revoke(one.id(), NOW).await;
    store.is_there("the user's other session lives on", &other, NOW).await;
    store.is_there("other users' sessions live on", &hers, NOW).await;
    equal("one of two is left", store.ids(&ada, NOW).await, [other.id()]);
}
