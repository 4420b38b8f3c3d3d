//! What a store promises to those who move sessions elsewhere. [`Moving`](crate::Moving) uses these marks for
//! itself, and so cannot be put to these checks.

use super::{
    material::{NO_LIMIT, NOW, add, after, equal, holds, ids, later, remove, session, set, touch, user},
    probe::{Probe, successor},
};
use crate::{
    record::{Change, ChangeRefused, Keep, Record},
    store::{Changed, Replaced, Replacement, SessionStore},
};

promises!(transit:
    a_session_on_its_way_refuses_changes,
    a_session_on_its_way_can_be_read_and_revoked,
    a_session_arrives,
    a_session_may_begin_on_its_way,
);

/// It can be neither changed nor replaced.
async fn a_session_on_its_way_refuses_changes<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let record = on_its_way(&store, after(session(&ada), &set("a", *b"1"))).await;
    for change in [set("a", *b"2"), remove("a"), add("n", 1), touch(later(9)), Change::new()] {
        let changed = store.change(record.id(), &change, NOW).await;
        equal("it refuses changes", changed, Changed::Refused(ChangeRefused::InTransit));
    }
    let new = Replacement { keep: Keep::Everything, ..successor(&session(&ada)) };
    let replaced = store.replace(record.id(), &new, NO_LIMIT, NOW).await;
    equal("it refuses to be replaced", replaced, Replaced::Refused(ChangeRefused::InTransit));
    store.is_there("nothing has changed", &record, NOW).await;
    store.is_gone("nobody is in its place", new.record.id(), NOW).await;
}

/// It is there for all verbs that do not change it.
async fn a_session_on_its_way_can_be_read_and_revoked<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let (one, two) = (on_its_way(&store, session(&ada)).await, on_its_way(&store, session(&ada)).await);
    equal("both are listed", store.ids(&ada, NOW).await, ids(&[one.clone(), two.clone()]));
    holds("it can be revoked", store.revoke(one.id(), NOW).await);
    store.is_gone("then it is gone", one.id(), NOW).await;
    equal("so it can with all of its user", store.revoke_user(&ada, None, NOW).await, [two.id()]);
    store.is_gone("then it is gone", two.id(), NOW).await;
}

/// The change that takes the mark off may expect a revision and bring other edits along.
async fn a_session_arrives<S: SessionStore>(store: Probe<S>) {
    let record = on_its_way(&store, session(&user())).await;
    let mut arrival = set("a", *b"1");
    arrival.set_transit(false);
    let mut outdated = arrival.clone();
    outdated.expect(record.revision() + 1);
    let changed = store.change(record.id(), &outdated, NOW).await;
    equal("another copy than expected", changed, Changed::Refused(ChangeRefused::Outdated));
    store.is_there("it is on its way still", &record, NOW).await;
    arrival.expect(record.revision());
    let expected = after(record, &arrival);
    holds("(this is what is expected)", !expected.in_transit());
    let changed = store.change(expected.id(), &arrival, NOW).await;
    equal("it arrives", changed, Changed::Merged(expected.clone().into()));
    let change = add("n", 1);
    let expected = after(expected, &change);
    let changed = store.change(expected.id(), &change, NOW).await;
    equal("and can be changed again", changed, Changed::Merged(expected.into()));
}

/// A copy is made with its mark, and at any revision.
async fn a_session_may_begin_on_its_way<S: SessionStore>(store: Probe<S>) {
    for step in [0, 1, u32::MAX] {
        let record = store.keep(session(&user()).copied(step)).await;
        store.is_there("it comes back with mark and revision", &record, NOW).await;
        let changed = store.change(record.id(), &add("n", 1), NOW).await;
        equal("it refuses changes", changed, Changed::Refused(ChangeRefused::InTransit));
    }
}

async fn on_its_way<S: SessionStore>(store: &Probe<S>, record: Record) -> Record {
    let record = store.keep(record).await;
    let mut change = Change::new();
    change.set_transit(true);
    let expected = after(record, &change);
    let changed = store.change(expected.id(), &change, NOW).await;
    equal("a session is sent on its way", changed, Changed::Merged(expected.clone().into()));
    store.is_there("and is there still", &expected, NOW).await;
    expected
}
