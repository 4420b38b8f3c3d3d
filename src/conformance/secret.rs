//! What `change` promises about the steps of a secret's rotation.

use std::time::Duration;

use super::{
    material::{NOW, after, equal, holds, later, random, secret, session, user},
    probe::Probe,
};
use crate::{
    record::{Change, Pending, Record, SecretHash, SecretStep, Standing},
    store::{Changed, SessionStore},
};

promises!(change:
    accepts_a_successor_from_the_current_secret_alone,
    accepts_one_successor_at_a_time,
    confirms_the_successor_that_was_proposed_alone,
    honours_the_old_secret_for_its_grace,
    does_the_rest_of_a_change_whose_step_comes_too_late,
);

/// Whoever does not hold the current secret proposes in vain.
async fn accepts_a_successor_from_the_current_secret_alone<S: SessionStore>(store: Probe<S>) {
    let record = store.keep(session(&user())).await;
    let in_vain = propose(secret(), pending());
    let record = step(&store, record, &in_vain, "a stranger's proposal is passed over").await;
    store.is_there("nothing was proposed", &record, NOW).await;
    equal("nothing was proposed", record.succession().pending(), None);
    let proposal = pending();
    let proposed = step(&store, record.clone(), &propose(*record.secret(), proposal), "a proposal counts").await;
    equal("the successor is the proposed one", proposed.succession().pending(), Some(&proposal));
}

/// The first proposal stays until it is used; who comes second is told of it.
async fn accepts_one_successor_at_a_time<S: SessionStore>(store: Probe<S>) {
    let record = store.keep(session(&user())).await;
    let first = pending();
    let proposed = step(&store, record.clone(), &propose(*record.secret(), first), "a proposal counts").await;
    let late = propose(*record.secret(), pending());
    let proposed = step(&store, proposed, &late, "a second proposal is passed over").await;
    equal("the first successor stays", proposed.succession().pending(), Some(&first));
}

/// To confirm what nobody proposed does nothing.
async fn confirms_the_successor_that_was_proposed_alone<S: SessionStore>(store: Probe<S>) {
    let record = store.keep(session(&user())).await;
    let early = step(&store, record.clone(), &confirm(secret()), "nothing is there to be confirmed").await;
    equal("the secret stays", early.secret(), record.secret());
    let proposed = step(&store, early, &propose(*record.secret(), pending()), "a proposal counts").await;
    let wrong = step(&store, proposed, &confirm(secret()), "another secret is not confirmed").await;
    equal("the secret stays", wrong.secret(), record.secret());
    step(&store, wrong, &confirm(*record.secret()), "the current secret is not confirmed").await;
}

/// The first use of the successor makes it the current secret; the old one has its grace.
async fn honours_the_old_secret_for_its_grace<S: SessionStore>(store: Probe<S>) {
    let record = store.keep(session(&user())).await;
    let next = pending();
    let proposed = step(&store, record.clone(), &propose(*record.secret(), next), "a proposal counts").await;
    let confirmed = step(&store, proposed, &confirm(next.hash), "a confirmation counts").await;
    let again = step(&store, confirmed, &confirm(next.hash), "a second confirmation changes nothing").await;
    equal("the successor is the secret now", again.secret(), &next.hash);
    for (at, standing) in [(100, Standing::Graced), (129, Standing::Graced), (130, Standing::Reused)] {
        equal("the old secret has its grace", again.standing(record.secret(), later(at)), standing);
    }
    let late = propose(*record.secret(), pending());
    let late = step(&store, again, &late, "the old secret cannot propose").await;
    let further = pending();
    step(&store, late, &propose(next.hash, further), "the new secret can").await;
}

/// A step that comes too late is no reason to refuse what comes with it.
async fn does_the_rest_of_a_change_whose_step_comes_too_late<S: SessionStore>(store: Probe<S>) {
    let record = store.keep(session(&user())).await;
    let mut change = propose(secret(), pending());
    change.set("theme", *b"1");
    change.touch(later(4));
    let changed = step(&store, record, &change, "the rest of the change counts").await;
    holds("the field is set", changed.attributes().value("theme").is_some());
    equal("the window has moved", changed.last_seen_at(), later(4));
}

/// Takes a step, and makes sure that the record is what [`Record::apply`] makes of it.
async fn step<S: SessionStore>(store: &Probe<S>, before: Record, change: &Change, promise: &str) -> Record {
    let expected = after(before, change);
    let changed = store.change(expected.id(), change, NOW).await;
    equal(promise, changed, Changed::Merged(expected.clone().into()));
    store.is_there(promise, &expected, NOW).await;
    expected
}

fn pending() -> Pending {
    Pending { hash: secret(), nonce: random() }
}

fn propose(from: SecretHash, pending: Pending) -> Change {
    let mut change = Change::new();
    change.step(SecretStep::Propose { from, pending });
    change
}

fn confirm(successor: SecretHash) -> Change {
    let mut change = Change::new();
    change.step(SecretStep::Confirm { successor, at: later(100), grace: Duration::from_millis(30) });
    change
}
