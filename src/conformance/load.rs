//! What `load` promises.

use std::time::Duration;

use super::{
    material::{ABSOLUTE, IDLE, NOW, anonymous, equal, holds, id_of, later, session, session_at, set, touch, user},
    probe::Probe,
};
use crate::{
    clock::Timestamp,
    config::Lifetime,
    record::Record,
    store::{Changed, SessionStore},
};

promises!(load:
    knows_nothing_of_an_unknown_id,
    ends_the_idle_window_to_the_millisecond,
    ends_at_the_absolute_limit_to_the_millisecond,
    serves_a_caller_whose_clock_is_behind,
    keeps_a_session_without_an_end,
    writes_nothing,
    answers_with_a_copy_that_stays,
);

/// An id that was never given is an ordinary answer, not an error.
async fn knows_nothing_of_an_unknown_id<S: SessionStore>(store: Probe<S>) {
    store.is_gone("an unknown session is absent", id_of(None), NOW).await;
    store.is_gone("an unknown session is absent", id_of(Some(&user())), NOW).await;
}

/// The last millisecond of the idle window is alive, the next one is not.
async fn ends_the_idle_window_to_the_millisecond<S: SessionStore>(store: Probe<S>) {
    for record in [session(&user()), anonymous()] {
        let record = store.keep(record).await;
        store.is_there("a session lives until its idle window ends", &record, later(IDLE - 1)).await;
        store.is_gone("a session has ended when its idle window has", record.id(), later(IDLE)).await;
    }
}

/// However much a session is used, it ends at the absolute limit.
async fn ends_at_the_absolute_limit_to_the_millisecond<S: SessionStore>(store: Probe<S>) {
    let record = store.keep(session(&user())).await;
    let mut at = 0;
    while at + IDLE < ABSOLUTE {
        at += IDLE - 1;
        let changed = store.change(record.id(), &touch(later(at)), later(at)).await;
        holds("a session that is used lives on", matches!(changed, Changed::Merged(_)));
    }
    let last = store.load(record.id(), later(ABSOLUTE - 1)).await;
    holds("a session lives until its absolute limit", last.is_some());
    store.is_gone("no use moves the absolute limit", record.id(), later(ABSOLUTE)).await;
}

/// A session that begins in a caller's future is alive: two nodes' clocks never agree.
async fn serves_a_caller_whose_clock_is_behind<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let record = store.keep(session_at(&ada, later(5_000))).await;
    store.is_there("a session is alive before it began", &record, NOW).await;
    equal("and it is listed", store.ids(&ada, NOW).await, [record.id()]);
}

/// Limits may lie beyond every calendar: the last representable instant is one as any other.
async fn keeps_a_session_without_an_end<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let forever = Lifetime::new(Duration::MAX, Duration::MAX);
    let record = Record::new(id_of(Some(&ada)), *anonymous().secret(), forever, NOW).with_user(ada.as_str());
    let record = store.keep(record).await;
    let year_9999 = Timestamp::from_millis(253_370_764_800_000);
    for now in [NOW, later(ABSOLUTE), year_9999] {
        store.is_there("a session that never ends is alive", &record, now).await;
        equal("and it is listed", store.ids(&ada, now).await, [record.id()]);
    }
    let changed = store.change(record.id(), &touch(year_9999), year_9999).await;
    holds("and it can be changed", matches!(changed, Changed::Merged(_)));
    holds("and it can be revoked", store.revoke(record.id(), year_9999).await);
}

/// To load a session is no use of it: that is what a touch is for.
async fn writes_nothing<S: SessionStore>(store: Probe<S>) {
    let record = store.keep(session(&user())).await;
    for at in [1, 1_000, IDLE - 1] {
        store.is_there("a load leaves the session as it is", &record, later(at)).await;
    }
    store.is_gone("a load does not move the window", record.id(), later(IDLE)).await;
}

/// What was answered does not change under the hands of who asked.
async fn answers_with_a_copy_that_stays<S: SessionStore>(store: Probe<S>) {
    let record = store.keep(session(&user())).await;
    let before = store.load(record.id(), NOW).await;
    store.change(record.id(), &set("theme", *b"1"), NOW).await;
    store.revoke(record.id(), NOW).await;
    equal("an answer stays what it was", before.as_deref(), Some(&record));
}
