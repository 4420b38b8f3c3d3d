//! What `change` promises.

use super::{
    material::{
        ABSOLUTE, IDLE, NOW, after, at_most, equal, holds, id_of, later, remove, session, session_at, set, touch, user,
    },
    probe::Probe,
};
use crate::{
    config::{Bounds, WhenFull},
    record::{Change, ChangeRefused, Pending, Record, SecretStep, SessionId},
    store::{Changed, Created, SessionStore},
};

promises!(change:
    merges_field_by_field,
    accepts_a_change_that_does_nothing,
    leaves_other_sessions_alone,
    is_all_or_nothing,
    holds_growth_to_its_bounds,
    never_makes_a_session_that_is_not_there,
    never_revives_a_session_that_was_revoked,
    never_revives_a_session_that_has_expired,
    moves_the_window_by_a_touch,
    never_moves_the_window_back,
    never_moves_the_window_past_the_absolute_limit,
);

/// Sets, removals and increments meet what is there; what no edit names stays.
async fn merges_field_by_field<S: SessionStore>(store: Probe<S>) {
    let mut first = Change::new();
    for (name, value) in [("kept", "1"), ("set", "2"), ("removed", "3"), ("count", "40")] {
        first.set(name, value.as_bytes());
    }
    let record = store.keep(after(session(&user()), &first)).await;
    let mut second = set("set", *b"new");
    second.set("added", *b"5");
    second.remove("removed");
    second.remove("never there");
    equal("an increment is taken", second.add("count", 2), Ok(()));
    let expected = after(record, &second);
    let names: Vec<&str> = expected.attributes().iter().map(|(name, _)| name).collect();
    equal("(this is what is expected)", names, ["added", "count", "kept", "set"]);
    let changed = store.change(expected.id(), &second, NOW).await;
    equal("a change answers with the merged record", changed, Changed::Merged(expected.clone().into()));
    store.is_there("and that is what a load finds", &expected, NOW).await;
}

/// A change without an edit answers with the record as it is.
async fn accepts_a_change_that_does_nothing<S: SessionStore>(store: Probe<S>) {
    let record = store.keep(session(&user())).await;
    let changed = store.change(record.id(), &Change::new(), NOW).await;
    equal("an empty change finds the session", changed, Changed::Merged(record.clone().into()));
    let nothing = remove("never there");
    let changed = store.change(record.id(), &nothing, NOW).await;
    equal("so does a removal of nothing", changed, Changed::Merged(after(record, &nothing).into()));
}

/// Another session of the same user keeps its own attributes.
async fn leaves_other_sessions_alone<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let (one, other) = (session(&ada), after(session(&ada), &set("theme", *b"1")));
    let (one, other) = (store.keep(one).await, store.keep(other).await);
    store.change(one.id(), &set("theme", *b"2"), NOW).await;
    store.change(one.id(), &touch(later(9)), NOW).await;
    store.is_there("a change concerns one session", &other, NOW).await;
}

/// One edit that does not fit, and nothing of the change is done: no field, no touch, no successor.
async fn is_all_or_nothing<S: SessionStore>(store: Probe<S>) {
    let mut first = set("text", *b"abc");
    first.set("most", i64::MAX.to_string().into_bytes());
    let record = store.keep(after(session(&user()), &first)).await;
    for (name, refused) in
        [("text", ChangeRefused::NotAnInteger("text".into())), ("most", ChangeRefused::Overflow("most".into()))]
    {
        let mut change = everything_else(&record);
        equal("an increment is taken", change.add(name, 1), Ok(()));
        is_refused(&store, &record, &change, refused).await;
    }
    store.is_gone("a refused touch has not moved the window", record.id(), later(IDLE)).await;
}

/// What would hold too many fields or bytes is refused, unless it makes the session smaller.
async fn holds_growth_to_its_bounds<S: SessionStore>(store: Probe<S>) {
    let mut first = Change::new();
    for name in ["a", "b", "c"] {
        first.set(name, *b"123456789");
    }
    let record = store.keep(after(session(&user()), &first)).await;
    let fields = Bounds { fields: 4, bytes: 1_000, name: 255 };
    is_refused(&store, &record, &everything_else(&record).within(fields), ChangeRefused::TooManyFields { most: 4 })
        .await;
    let bytes = Bounds { fields: 10, bytes: 40, name: 255 };
    let refused = ChangeRefused::TooLarge { bytes: 41, most: 40 };
    is_refused(&store, &record, &set("d", *b"1234567890").within(bytes), refused).await;

    let tight = Bounds { fields: 1, bytes: 1, name: 255 };
    let shrink = set("a", *b"").within(tight);
    let expected = after(record, &shrink);
    let changed = store.change(expected.id(), &shrink, NOW).await;
    equal("a change that shrinks a session is welcome", changed, Changed::Merged(expected.into()));
}

/// An unknown id stays unknown.
async fn never_makes_a_session_that_is_not_there<S: SessionStore>(store: Probe<S>) {
    finds_nobody(&store, id_of(Some(&user())), 0).await;
}

/// After a revocation, no change finds the session, and none brings it back.
async fn never_revives_a_session_that_was_revoked<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let record = store.keep(session(&ada)).await;
    holds("a live session can be revoked", store.revoke(record.id(), NOW).await);
    finds_nobody(&store, record.id(), 0).await;
    equal("it is not listed", store.ids(&ada, NOW).await, []);
}

/// After its last millisecond, no change finds the session, not even a touch.
async fn never_revives_a_session_that_has_expired<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let record = store.keep(session(&ada)).await;
    finds_nobody(&store, record.id(), IDLE).await;
    equal("it is not listed", store.ids(&ada, later(IDLE)).await, []);
}

/// A touch counts everywhere: in loads, in lists, and (see `create`) in limits.
async fn moves_the_window_by_a_touch<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let record = store.keep(session(&ada)).await;
    let change = touch(later(1_000));
    let expected = after(record, &change);
    let changed = store.change(expected.id(), &change, later(1_000)).await;
    equal("a touch is merged", changed, Changed::Merged(expected.clone().into()));
    let last = later(1_000 + IDLE - 1);
    store.is_there("a session lives its idle time after a touch", &expected, last).await;
    equal("it is listed until then", store.ids(&ada, last).await, [expected.id()]);
    let created = store.create(&session_at(&ada, last), at_most(1, WhenFull::Reject), last).await;
    equal("it counts until then", created, Created::LimitReached);
    let end = later(1_000 + IDLE);
    store.is_gone("it ends its idle time after a touch", expected.id(), end).await;
    equal("it is not listed any more", store.ids(&ada, end).await, []);
}

/// A touch that comes late, from a slow request, does not shorten the window.
async fn never_moves_the_window_back<S: SessionStore>(store: Probe<S>) {
    let mut expected = store.keep(session(&user())).await;
    for at in [1_000, 10, 0] {
        expected = after(expected, &touch(later(at)));
        let changed = store.change(expected.id(), &touch(later(at)), later(1_000)).await;
        equal("the latest use counts", changed, Changed::Merged(expected.clone().into()));
    }
    equal("(this is what is expected)", expected.last_seen_at(), later(1_000));
    store.is_there("the window is as long as before", &expected, later(1_000 + IDLE - 1)).await;
}

/// A touch in the last idle window moves the end to the absolute limit, no further.
async fn never_moves_the_window_past_the_absolute_limit<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let record = store.keep(session(&ada)).await;
    for at in [IDLE - 1, ABSOLUTE - 1, ABSOLUTE + IDLE] {
        store.change(record.id(), &touch(later(at)), later(IDLE - 1)).await;
    }
    holds("it lives until the absolute limit", store.load(record.id(), later(ABSOLUTE - 1)).await.is_some());
    store.is_gone("it ends at the absolute limit", record.id(), later(ABSOLUTE)).await;
    equal("it is not listed any more", store.ids(&ada, later(ABSOLUTE)).await, []);
    finds_nobody(&store, record.id(), ABSOLUTE).await;
}

/// A change that would be seen wherever it were applied in part.
fn everything_else(record: &Record) -> Change {
    let mut change = set("d", *b"1");
    change.set("z", *b"2");
    change.remove("a");
    change.set("a", *b"3");
    change.touch(later(500));
    let pending = Pending { hash: *session("").secret(), nonce: [1; 16] };
    change.step(SecretStep::Propose { from: *record.secret(), pending });
    change
}

async fn is_refused<S: SessionStore>(store: &Probe<S>, before: &Record, change: &Change, refused: ChangeRefused) {
    let changed = store.change(before.id(), change, NOW).await;
    equal("a change that does not fit is refused", changed, Changed::Refused(refused));
    store.is_there("a refused change has done nothing", before, NOW).await;
}

/// Nothing that can be asked of a change finds this session, and none makes it.
async fn finds_nobody<S: SessionStore>(store: &Probe<S>, id: SessionId, at: u64) {
    let mut all = set("a", *b"1");
    all.touch(later(at));
    for change in [Change::new(), set("a", *b"1"), remove("a"), touch(later(at)), touch(later(at + 9)), all] {
        equal("no change finds what is not there", store.change(id, &change, later(at)).await, Changed::Gone);
        store.is_gone("no change makes a session", id, later(at)).await;
    }
}
