//! What `list` promises while sessions begin and end.

use super::{
    material::{NO_LIMIT, NOW, holds, session, user},
    probe::Probe,
    together::{Task, together},
};
use crate::{
    record::{Record, SessionId},
    store::{Created, SessionStore},
};

promises!(races_list:
    misses_none_that_lives_from_the_first_page_to_the_last,
);

/// Page after page, while others begin and end: what was there before the first page and is there
/// after the last is on exactly one of them, and nothing is listed that never was.
async fn misses_none_that_lives_from_the_first_page_to_the_last<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let lasting = store.keep_all((0..24).map(|_| session(&ada))).await;
    let ending = store.keep_all((0..24).map(|_| session(&ada))).await;
    let beginning: Vec<_> = (0..24).map(|_| session(&ada)).collect();

    let pages: Task<Vec<SessionId>> = {
        let (store, ada) = (store.clone(), ada.clone());
        Box::pin(async move {
            let mut listed: Vec<SessionId> = Vec::new();
            loop {
                let page = store.page(&ada, listed.last().copied(), 5, NOW).await;
                listed.extend(page.iter().map(|record| record.id()));
                if page.len() < 5 {
                    return listed;
                }
            }
        })
    };
    let ends: Task<Vec<SessionId>> = {
        let (store, ids) = (store.clone(), ending.iter().map(Record::id).collect::<Vec<_>>());
        Box::pin(async move {
            for id in &ids {
                store.revoke(*id, NOW).await;
            }
            ids
        })
    };
    let begins: Task<Vec<SessionId>> = {
        let (store, records) = (store.clone(), beginning.clone());
        Box::pin(async move {
            for record in &records {
                let created = store.create(record, NO_LIMIT, NOW).await;
                holds("a session begins while others are listed", created == Created::Kept { evicted: vec![] });
            }
            records.iter().map(Record::id).collect()
        })
    };
    let answers = together([pages, ends, begins]).await;
    let (listed, known) = (&answers[0], [&answers[1][..], &answers[2][..]].concat());
    holds("pages follow each other by id, and name none twice", listed.is_sorted_by(|a, b| a < b));
    for record in &lasting {
        holds("what lives from the first page to the last is listed", listed.contains(&record.id()));
    }
    let lasting = |id: &SessionId| lasting.iter().any(|record| record.id() == *id);
    holds("nothing is listed that never was", listed.iter().all(|id| lasting(id) || known.contains(id)));
}
