//! What `create` promises.

use super::{
    material::{
        LIFETIME, NO_LIMIT, NOW, POLICIES, after, anonymous, at_most, equal, holds, later, secret, session, session_at,
        set, user,
    },
    probe::Probe,
};
use crate::{
    config::WhenFull,
    record::Record,
    store::{Created, SessionStore},
};

promises!(create:
    keeps_what_it_is_given,
    keeps_sessions_of_nobody,
    refuses_an_id_that_is_taken,
    refuses_an_id_that_another_user_has,
    ends_nobody_for_an_id_that_is_taken,
);

/// A session that is kept is found by its id, just as it was given.
async fn keeps_what_it_is_given<S: SessionStore>(store: Probe<S>) {
    let record = after(session(&user()), &set("theme", *b"\"dark\""));
    let created = store.create(&record, NO_LIMIT, NOW).await;
    equal("a new session is kept, and nobody has to go for it", created, Created::Kept { evicted: vec![] });
    store.is_there("what create has kept, load finds", &record, NOW).await;
}

/// A session without a user is kept as well, however many there are: no limit concerns it.
async fn keeps_sessions_of_nobody<S: SessionStore>(store: Probe<S>) {
    for when_full in POLICIES {
        let mut all = Vec::new();
        for _ in 0..3 {
            let record = anonymous();
            let created = store.create(&record, at_most(1, when_full), NOW).await;
            equal("an anonymous session knows no limit", created, Created::Kept { evicted: vec![] });
            all.push(record);
        }
        for record in all {
            store.is_there("an anonymous session ends for no other", &record, NOW).await;
        }
    }
}

/// An id that exists is refused, and whose it is keeps it.
async fn refuses_an_id_that_is_taken<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let first = store.keep(session(&ada)).await;
    let second = Record::new(first.id(), secret(), LIFETIME, later(5)).with_user(ada.as_str()).with_remembered(true);
    let created = store.create(&second, NO_LIMIT, later(5)).await;
    equal("an id is given once", created, Created::IdTaken);
    store.is_there("the session that has the id is as before", &first, later(5)).await;
    equal("the user has one session", store.ids(&ada, later(5)).await, [first.id()]);
}

/// It is refused as well if it belongs to somebody else, or to nobody.
async fn refuses_an_id_that_another_user_has<S: SessionStore>(store: Probe<S>) {
    for first in [session(&user()), anonymous()] {
        let first = store.keep(first).await;
        let eve = user();
        let second = Record::new(first.id(), secret(), LIFETIME, NOW).with_user(eve.as_str());
        let created = store.create(&second, NO_LIMIT, NOW).await;
        equal("an id is given once, whoever asks for it", created, Created::IdTaken);
        store.is_there("the session that has the id is as before", &first, NOW).await;
        holds("who was refused has no session", store.list(&eve, NOW).await.is_empty());
    }
}

/// Where an id is refused, nobody has made room for it.
async fn ends_nobody_for_an_id_that_is_taken<S: SessionStore>(store: Probe<S>) {
    for when_full in [WhenFull::EvictOldest, WhenFull::EvictLeastRecentlyUsed] {
        let ada = user();
        let old = store.keep_all([session(&ada), session_at(&ada, later(1))]).await;
        let again = Record::new(old[1].id(), secret(), LIFETIME, later(2)).with_user(ada.as_str());
        let created = store.create(&again, at_most(2, when_full), later(2)).await;
        equal("an id is given once", created, Created::IdTaken);
        for record in &old {
            store.is_there("nothing has changed", record, later(2)).await;
        }
    }
}
