//! What holds while one user logs in many times at once: the limit.

use super::{
    material::{NOW, anonymous, at_most, equal, holds, session, sorted, user},
    probe::{Probe, successor},
    together::{Task, together},
};
use crate::{
    config::{Limit, WhenFull},
    record::{Record, SessionId},
    store::{Created, Replaced, SessionStore},
};

promises!(races:
    creates_keep_a_limit_that_evicts,
    creates_keep_a_limit_that_rejects,
    replacements_keep_a_limit_that_evicts,
    replacements_keep_a_limit_that_rejects,
    log_ins_of_both_kinds_keep_one_limit,
);

/// 64 log-ins at once, three allowed: three live, and every other was named once by who ended it.
async fn creates_keep_a_limit_that_evicts<S: SessionStore>(store: Probe<S>) {
    for limit in EVICTING {
        let ada = user();
        let answers = together((0..64).map(|_| create(&store, session(&ada), limit))).await;
        three_live(&store, &ada, &answers).await;
    }
}

/// 64 log-ins at once, three allowed: three succeed, 61 are refused.
async fn creates_keep_a_limit_that_rejects<S: SessionStore>(store: Probe<S>) {
    for _ in 0..3 {
        let ada = user();
        let answers = together((0..64).map(|_| create(&store, session(&ada), REJECTING))).await;
        three_succeeded(&store, &ada, &answers).await;
    }
}

/// The same where each log-in takes the place of an anonymous session.
async fn replacements_keep_a_limit_that_evicts<S: SessionStore>(store: Probe<S>) {
    for limit in EVICTING {
        let ada = user();
        let old = store.keep_all((0..64).map(|_| anonymous())).await;
        let answers = together(old.iter().map(|old| replace(&store, old.id(), session(&ada), limit))).await;
        three_live(&store, &ada, &answers).await;
        for old in old {
            store.is_gone("an anonymous session that was replaced has ended", old.id(), NOW).await;
        }
    }
}

/// The same where each log-in takes the place of an anonymous session: who is refused keeps his.
async fn replacements_keep_a_limit_that_rejects<S: SessionStore>(store: Probe<S>) {
    let ada = user();
    let old = store.keep_all((0..64).map(|_| anonymous())).await;
    let answers = together(old.iter().map(|old| replace(&store, old.id(), session(&ada), REJECTING))).await;
    three_succeeded(&store, &ada, &answers).await;
    for (old, (_, evicted)) in old.iter().zip(&answers) {
        let lives = store.load(old.id(), NOW).await.is_some();
        equal("an anonymous session lives on where its replacement was refused", lives, evicted.is_none());
    }
}

/// New sessions, log-ins, and exchanges of sessions that are there already, all at once.
async fn log_ins_of_both_kinds_keep_one_limit<S: SessionStore>(store: Probe<S>) {
    for limit in EVICTING {
        let ada = user();
        let before = store.keep_all((0..3).map(|_| session(&ada))).await;
        let visitors = store.keep_all((0..8).map(|_| anonymous())).await;
        let mut tasks: Vec<Task<LoggedIn>> = Vec::new();
        for old in visitors.iter().chain(&before) {
            tasks.push(Box::pin(replace(&store, old.id(), session(&ada), limit)));
            tasks.push(Box::pin(create(&store, session(&ada), limit)));
        }
        together(tasks).await;
        equal("as many live as the limit allows", store.ids(&ada, NOW).await.len(), 3);
    }
}

/// A session that was to begin, and who was evicted for it; `None` if it was refused.
type LoggedIn = (SessionId, Option<Vec<SessionId>>);

fn create<S: SessionStore>(
    store: &Probe<S>,
    record: Record,
    limit: Limit,
) -> impl Future<Output = LoggedIn> + Send + use<S> {
    let store = store.clone();
    async move {
        match store.create(&record, limit, NOW).await {
            Created::Kept { evicted } => (record.id(), Some(evicted)),
            Created::LimitReached => (record.id(), None),
            Created::IdTaken => panic!("a fresh id is not taken"),
            Created::EpochPassed => panic!("no epoch was named"),
        }
    }
}

fn replace<S: SessionStore>(
    store: &Probe<S>,
    old: SessionId,
    record: Record,
    limit: Limit,
) -> impl Future<Output = LoggedIn> + Send + use<S> {
    let store = store.clone();
    async move {
        match store.replace(old, &successor(&record), limit, NOW).await {
            Replaced::Done { evicted, .. } => (record.id(), Some(evicted)),
            // Among the sessions that are exchanged here, some are evicted before it is their turn.
            Replaced::LimitReached | Replaced::Gone => (record.id(), None),
            refused => panic!("a session is replaced, or the limit reached\n      answered: {refused:?}"),
        }
    }
}

async fn three_live<S: SessionStore>(store: &Probe<S>, user: &str, answers: &[LoggedIn]) {
    let evicted = sorted(answers.iter().filter_map(|(_, evicted)| evicted.clone()).flatten());
    let all = sorted(answers.iter().map(|(id, _)| *id));
    holds("nobody is refused where others make room", answers.iter().all(|(_, evicted)| evicted.is_some()));
    let live: Vec<SessionId> = all.into_iter().filter(|id| !evicted.contains(id)).collect();
    equal("three live", store.ids(user, NOW).await.len(), 3);
    equal("61 were evicted, each named once", evicted.len(), answers.len() - 3);
    equal("who was not evicted lives", store.ids(user, NOW).await, live);
    for id in evicted {
        store.is_gone("who was evicted has ended", id, NOW).await;
    }
}

async fn three_succeeded<S: SessionStore>(store: &Probe<S>, user: &str, answers: &[LoggedIn]) {
    let kept = sorted(answers.iter().filter(|(_, evicted)| evicted.is_some()).map(|(id, _)| *id));
    equal("three succeed, 61 are refused", kept.len(), 3);
    holds("nobody is evicted", answers.iter().filter_map(|(_, evicted)| evicted.as_ref()).all(Vec::is_empty));
    equal("who succeeded lives", store.ids(user, NOW).await, kept);
}

const REJECTING: Limit = at_most(3, WhenFull::Reject);
const EVICTING: [Limit; 2] = [at_most(3, WhenFull::EvictOldest), at_most(3, WhenFull::EvictLeastRecentlyUsed)];
