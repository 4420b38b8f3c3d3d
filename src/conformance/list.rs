//! What `list` promises.

use std::sync::Arc;

use super::{
    material::{IDLE, NOW, anonymous, equal, holds, id_of, ids, later, session, session_at, set, touch, user},
    probe::Probe,
};
use crate::{
    record::{Record, SessionId},
    store::SessionStore,
};

promises!(list:
    shows_nothing_of_an_unknown_user,
    orders_by_id,
    shows_records_as_they_are_now,
    shows_the_living_alone,
    goes_through_all_pages_without_a_gap,
    starts_after_an_id_whether_it_is_there_or_not,
    takes_the_size_at_its_word,
);

/// A user who was never there has an empty list.
async fn shows_nothing_of_an_unknown_user<S: SessionStore>(store: Probe<S>) {
    store.keep(anonymous()).await;
    equal("an unknown user has no sessions", store.ids(&user(), NOW).await, []);
}

/// Ordered by id, byte by byte (which is not the order of their texts), however they came.
async fn orders_by_id<S: SessionStore>(store: Probe<S>) {
    let (ada, all) = forty(&store).await;
    equal("the list is ordered by the bytes of the ids", store.ids(&ada, NOW).await, ids(&all));
}

/// Each with all its fields, changes included.
async fn shows_records_as_they_are_now<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let record = store.keep(session(&ada)).await;
    for value in [b"1", b"2"] {
        store.change(record.id(), &set("theme", *value), NOW).await;
        let (loaded, listed) = (store.load(record.id(), NOW).await, store.list(&ada, NOW).await);
        equal("a list shows what a load finds", listed.first(), loaded.as_ref());
    }
}

/// Neither what has expired nor what was revoked, and all that was used meanwhile.
async fn shows_the_living_alone<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let old = store.keep_all([session(&ada), session(&ada), session(&ada)]).await;
    let young = store.keep_all([session_at(&ada, later(1)), session_at(&ada, later(1))]).await;
    store.change(old[1].id(), &touch(later(IDLE - 1)), later(IDLE - 1)).await;
    store.revoke(young[1].id(), later(1)).await;
    equal("before the end all are there but the revoked", store.ids(&ada, later(IDLE - 1)).await, {
        let mut living = old.clone();
        living.push(young[0].clone());
        ids(&living)
    });
    let living = ids(&[old[1].clone(), young[0].clone()]);
    equal("what has expired is not listed", store.ids(&ada, later(IDLE)).await, living.clone());
    let paged = store.page(&ada, None, 2, later(IDLE)).await;
    equal("what has expired takes no place on a page", ids_of(&paged), living);
}

/// Page after page, each session comes once.
async fn goes_through_all_pages_without_a_gap<S: SessionStore>(store: Probe<S>) {
    let (ada, all) = forty(&store).await;
    for size in [1, 7, 20, 39, 40, 41] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = ids_of(&store.page(&ada, after, size, NOW).await);
            let expected = size.min(all.len().saturating_sub(seen.len()));
            equal("a page is as full as it can be", page.len(), expected);
            after = page.last().copied();
            seen.extend(page);
            if after.is_none() {
                break;
            }
        }
        equal("all pages together show each session once, in order", seen, ids(&all));
    }
}

/// The id after which a page begins may have ended meanwhile, or never been there.
async fn starts_after_an_id_whether_it_is_there_or_not<S: SessionStore>(store: Probe<S>) {
    let (ada, all) = forty(&store).await;
    let order = ids(&all);
    let page = ids_of(&store.page(&ada, Some(order[9]), 5, NOW).await);
    equal("a page begins after the id", page, &order[10..15]);
    store.revoke(order[9], NOW).await;
    let page = ids_of(&store.page(&ada, Some(order[9]), 5, NOW).await);
    equal("it does so when that session has ended", page, &order[10..15]);
    let between = id_of(Some(&ada));
    let page = ids_of(&store.page(&ada, Some(between), 100, NOW).await);
    let expected: Vec<SessionId> = order.iter().copied().filter(|id| *id > between && *id != order[9]).collect();
    equal("it does so when there never was such a session", page, expected);
    for (after, expected) in [([0; 18], 39), ([255; 18], 0)] {
        let page = store.page(&ada, Some(SessionId::from_bytes(after)), 100, NOW).await;
        equal("the least id comes before all, the greatest after", page.len(), expected);
    }
    let page = store.page(&ada, order.last().copied(), 100, NOW).await;
    holds("after the last there is nothing", page.is_empty());
}

/// No session is no session, and the greatest number is just a number.
async fn takes_the_size_at_its_word<S: SessionStore>(store: Probe<S>) {
    let (ada, all) = forty(&store).await;
    holds("a page of 0 is empty", store.page(&ada, None, 0, NOW).await.is_empty());
    for size in [usize::MAX, usize::MAX / 2, u32::MAX as usize] {
        let page = ids_of(&store.page(&ada, None, size, NOW).await);
        equal("a page may be larger than the list", page, ids(&all));
    }
}

async fn forty<S: SessionStore>(store: &Probe<S>) -> (String, Vec<Record>) {
    let ada = user();
    let all = store.keep_all((0..40).map(|_| session(&ada))).await;
    (ada, all)
}

fn ids_of(page: &[Arc<Record>]) -> Vec<SessionId> {
    page.iter().map(|record| record.id()).collect()
}
