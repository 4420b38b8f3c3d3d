//! What `replace` promises where it succeeds.

use super::{
    material::{
        NO_LIMIT, NOW, add, after, anonymous, equal, holds, ids, later, must, session, session_at, set, touch, user,
    },
    probe::{Probe, successor},
};
use crate::{
    record::{Change, Keep, Record, STEP_UP},
    store::{Changed, Replaced, Replacement, SessionStore},
};

promises!(replace:
    puts_the_new_session_in_the_place_of_the_old,
    keeps_nothing_unless_it_is_told_to,
    keeps_what_starts_with_a_prefix,
    keeps_everything_but_what_the_new_session_has_itself,
    applies_the_change_on_top_of_what_is_kept,
    makes_an_anonymous_session_a_users,
    makes_one_users_session_anothers,
    makes_a_users_session_anonymous,
    can_follow_itself,
    takes_the_new_sessions_end,
    hides_from_others_what_waits_for_its_user,
);

/// The new id lives, the old one is dead in every verb.
async fn puts_the_new_session_in_the_place_of_the_old<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let other = store.keep(session(&ada)).await;
    let old = store.keep(session(&ada)).await;
    let new = session_at(&ada, later(5));
    exchange(&store, &old, successor(&new), "the new session is as it was given").await;
    equal("the user's list has the new session", store.ids(&ada, later(5)).await, ids(&[other.clone(), new.clone()]));
    let changed = store.change(old.id(), &set("a", *b"1"), later(5)).await;
    equal("the old session cannot be changed", changed, Changed::Gone);
    let again = store.replace(old.id(), &successor(&session(&ada)), NO_LIMIT, later(5)).await;
    equal("the old session cannot be replaced again", again, Replaced::Gone);
    equal("the old session has ended", store.revoke(old.id(), later(5)).await, false);
    store.is_there("the user's other session lives on", &other, later(5)).await;
    let changed = store.change(new.id(), &set("a", *b"1"), later(5)).await;
    holds("the new session can be changed", matches!(changed, Changed::Merged(_)));
    equal("the new session can be revoked", store.revoke(new.id(), later(5)).await, true);
}

/// `Keep::Nothing`: whatever was planted before log-in is left behind.
async fn keeps_nothing_unless_it_is_told_to<S: SessionStore>(store: Probe<S>) {
    let (old, new) = a_cart_and_a_new_session(&store).await;
    let kept = exchange(&store, &old, successor(&new), "nothing is kept").await;
    equal("only the new session's fields are there", names(&kept), ["cart.1", "own"]);
}

/// `Keep::Prefixes`: names that start so, byte by byte.
async fn keeps_what_starts_with_a_prefix<S: SessionStore>(store: Probe<S>) {
    for (prefixes, expected) in [
        (vec!["cart."], vec!["cart.1", "cart.2", "own"]),
        (vec!["cart.2", "pl"], vec!["cart.1", "cart.2", "own", "planted"]),
        (vec!["CART.", "art", "cart.%", "cart_", "*"], vec!["cart.1", "own"]),
        (vec![], vec!["cart.1", "own"]),
        (vec![""], vec!["cart", "cart.1", "cart.2", "own", "planted"]),
    ] {
        let (old, new) = a_cart_and_a_new_session(&store).await;
        let keep = Keep::Prefixes(prefixes.into_iter().map(Into::into).collect());
        let new = Replacement { keep, ..successor(&new) };
        let kept = exchange(&store, &old, new, "what has the prefix is kept").await;
        equal("what has the prefix is kept", names(&kept), expected);
    }
}

/// `Keep::Everything`: what the new session brings itself is not overwritten.
async fn keeps_everything_but_what_the_new_session_has_itself<S: SessionStore>(store: Probe<S>) {
    let (old, new) = a_cart_and_a_new_session(&store).await;
    let new = Replacement { keep: Keep::Everything, ..successor(&new) };
    let kept = exchange(&store, &old, new, "everything is kept").await;
    equal("everything is kept", names(&kept), ["cart", "cart.1", "cart.2", "own", "planted"]);
    equal("the new session's own value counts", kept.attributes().value("cart.1"), Some(&b"7"[..]));
}

/// The change comes last: it adds to what is kept, removes it, or overrides it.
async fn applies_the_change_on_top_of_what_is_kept<S: SessionStore>(store: Probe<S>) {
    let (old, new) = a_cart_and_a_new_session(&store).await;
    let mut change = add("cart.2", 40);
    equal("an increment is taken", change.add("cart.1", 1), Ok(()));
    change.remove("planted");
    change.set("added", *b"1");
    change.touch(later(9));
    let new = Replacement { keep: Keep::Everything, change, ..successor(&new) };
    let kept = exchange(&store, &old, new, "the change is applied to what is kept").await;
    equal("a kept field is added to", kept.attributes().value("cart.2"), Some(&b"42"[..]));
    equal("an own field is added to", kept.attributes().value("cart.1"), Some(&b"8"[..]));
    equal("a kept field is removed", kept.attributes().value("planted"), None);
    equal("the window has moved", kept.last_seen_at(), later(9));
}

/// Logging in.
async fn makes_an_anonymous_session_a_users<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let (old, new) = (store.keep(anonymous()).await, session(&ada));
    exchange(&store, &old, successor(&new), "an anonymous session becomes a user's").await;
    equal("the user has one session", store.ids(&ada, NOW).await, [new.id()]);
}

/// Logging in as somebody else.
async fn makes_one_users_session_anothers<S: SessionStore>(store: Probe<S>) {
    let (ada, eve) = (user(), user());
    let (old, new) = (store.keep(session(&ada)).await, session(&eve));
    exchange(&store, &old, successor(&new), "one user's session becomes another's").await;
    equal("the first has no session any more", store.ids(&ada, NOW).await, []);
    equal("the second has one", store.ids(&eve, NOW).await, [new.id()]);
    equal("nothing of the first can be revoked", store.revoke_user(&ada, None, NOW).await, []);
    equal("the second's can", store.revoke_user(&eve, None, NOW).await, [new.id()]);
}

/// Logging out, with something to be kept.
async fn makes_a_users_session_anonymous<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let (old, new) = (store.keep(session(&ada)).await, anonymous());
    exchange(&store, &old, successor(&new), "a user's session becomes anonymous").await;
    equal("the user has no session any more", store.ids(&ada, NOW).await, []);
    equal("the session is not the user's any more", store.revoke_user(&ada, None, NOW).await, []);
    store.is_there("it lives on", &new, NOW).await;
}

/// A new session can be replaced in its turn, and carries on what it has kept.
async fn can_follow_itself<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let mut old = store.keep(after(session(&ada), &set("kept", *b"1"))).await;
    for _ in 0..5 {
        let new = Replacement { keep: Keep::Everything, change: add("n", 1), ..successor(&session(&ada)) };
        old = exchange(&store, &old, new, "one session follows the other").await;
    }
    equal("each has counted", old.attributes().value("n"), Some(&b"5"[..]));
    equal("one lives", store.ids(&ada, NOW).await, [old.id()]);
}

/// The old session's window has nothing to say any more.
async fn takes_the_new_sessions_end<S: SessionStore>(store: Probe<S>) {
    let old = store.keep(session(&user())).await;
    store.change(old.id(), &touch(later(9_000)), NOW).await;
    let new = session_at(&user(), later(5_000));
    exchange(&store, &old, successor(&new), "the new session is as it was given").await;
    let end = new.expires_at().as_millis() - NOW.as_millis();
    store.is_there("the new session has its own window", &new, later(end - 1)).await;
    store.is_gone("the new session has its own end", new.id(), later(end)).await;
}

/// Of a session whose user has to prove again who he is, he alone keeps anything, however little of a log-in the one who takes
/// its place knows of that.
async fn hides_from_others_what_waits_for_its_user<S: SessionStore>(store: Probe<S>) {
    let (ada, eve) = (user(), user());
    for (heir, expected) in [(session(&ada), Some(&b"1"[..])), (session(&eve), None), (anonymous(), None)] {
        let mut change = set("cart", *b"1");
        change.set(STEP_UP, *b"1");
        let old = store.keep(after(session(&ada), &change)).await;
        let new = Replacement { keep: Keep::Everything, ..successor(&heir) };
        let kept = exchange(&store, &old, new, "what is hidden is kept for its user").await;
        equal("what is hidden is kept for its user", kept.attributes().value("cart"), expected);
    }
}

/// An anonymous session with a cart, and a user's that is to follow it with fields of its own.
async fn a_cart_and_a_new_session<S: SessionStore>(store: &Probe<S>) -> (Record, Record) {
    let mut cart = Change::new();
    for (name, value) in [("cart", "0"), ("cart.1", "1"), ("cart.2", "2"), ("planted", "x")] {
        cart.set(name, value.as_bytes());
    }
    let mut own = Change::new();
    own.set("cart.1", *b"7");
    own.set("own", *b"");
    (store.keep(after(anonymous(), &cart)).await, after(session(&user()), &own))
}

/// Exchanges two sessions, and makes sure that one is dead and the other as it ought to be.
async fn exchange<S: SessionStore>(store: &Probe<S>, old: &Record, new: Replacement, promise: &str) -> Record {
    let now = new.record.created_at();
    let Some(present) = store.load(old.id(), now).await else { panic!("the old session is there") };
    let expected = must("the check's own replacement", new.clone().succeeding(&present));
    let replaced = store.replace(old.id(), &new, NO_LIMIT, now).await;
    equal(promise, replaced, Replaced::Done { record: expected.clone().into(), evicted: vec![] });
    store.is_there("a load finds what replace answered with", &expected, now).await;
    store.is_gone("the old session has ended", old.id(), now).await;
    expected
}

fn names(record: &Record) -> Vec<&str> {
    record.attributes().iter().map(|(name, _)| name).collect()
}
