//! Users whose names look alike, or look like a query: each is somebody else, in every verb.

use super::{
    material::{NOW, anonymous, at_most, equal, holds, session, user},
    probe::{Probe, successor},
};
use crate::{
    config::WhenFull,
    record::{Record, SessionId},
    store::{Created, Replaced, SessionStore},
};

promises!(users:
    are_listed_by_the_letter,
    are_limited_by_the_letter,
    are_revoked_by_the_letter,
    may_have_an_empty_name,
);

/// A list shows the sessions of exactly this user.
async fn are_listed_by_the_letter<S: SessionStore>(store: Probe<S>) {
    let all = look_alikes(&store).await;
    for (name, record) in &all {
        equal(&format!("{name:?} has one session"), store.ids(name, NOW).await, [record.id()]);
        store.is_there("and it has the name that was given", record, NOW).await;
    }
}

/// A limit counts, and ends, the sessions of exactly this user.
async fn are_limited_by_the_letter<S: SessionStore>(store: Probe<S>) {
    for (name, record) in look_alikes(&store).await {
        let created = store.create(&session(&name), at_most(1, WhenFull::Reject), NOW).await;
        equal(&format!("{name:?} has his one session"), created, Created::LimitReached);
        let new = session(&name);
        let created = store.create(&new, at_most(1, WhenFull::EvictOldest), NOW).await;
        equal(&format!("{name:?} gives up his own"), created, Created::Kept { evicted: vec![record.id()] });
        let newer = session(&name);
        let replaced = store.replace(new.id(), &successor(&newer), at_most(1, WhenFull::Reject), NOW).await;
        let expected = Replaced::Done { record: newer.into(), evicted: vec![] };
        equal(&format!("{name:?} exchanges his own"), replaced, expected);
    }
}

/// To revoke a user's sessions ends those of exactly this user: each is still there in his turn.
async fn are_revoked_by_the_letter<S: SessionStore>(store: Probe<S>) {
    for (name, record) in look_alikes(&store).await.iter().rev() {
        equal(&format!("{name:?} had one session"), store.revoke_user(name, None, NOW).await, [record.id()]);
    }
}

/// No name is a name, and not the same as no user.
async fn may_have_an_empty_name<S: SessionStore>(store: Probe<S>) {
    let nobodys = store.keep(anonymous()).await;
    let nameless = store.keep(session("")).await;
    store.is_there("a user without a name is a user", &nameless, NOW).await;
    let mut listed: Vec<SessionId> = Vec::new();
    for _ in 0..1_000 {
        let page = store.page("", listed.last().copied(), 100, NOW).await;
        if page.is_empty() {
            break;
        }
        listed.extend(page.iter().map(|record| record.id()));
    }
    holds("his session is listed", listed.contains(&nameless.id()));
    holds("an anonymous session is not his", !listed.contains(&nobodys.id()));
    holds("it can be revoked", store.revoke(nameless.id(), NOW).await);
}

/// One session for each of many users that a careless comparison, escape or key would confuse.
async fn look_alikes<S: SessionStore>(store: &Probe<S>) -> Vec<(String, Record)> {
    let ada = user();
    let mut names = vec![ada.clone(), ada.to_uppercase(), ada[..ada.len() - 1].to_owned()];
    let suffixes = [
        "a",
        "A",
        "aa",
        "a%",
        "a_",
        "%",
        "_",
        "*",
        "?",
        "[a]",
        " ",
        "\t",
        "\n",
        "'",
        "''",
        "\"",
        "`",
        "\\",
        "\\%",
        ";--",
        "' OR '1'='1",
        "{a}",
        "}",
        ":",
        ":a",
        "/",
        "/..",
        "🦀",
        "é",
        "e\u{301}",
        "ß",
        "ss",
        "名",
        "\u{200b}",
    ];
    names.extend(suffixes.map(|suffix| format!("{ada}{suffix}")));
    names.extend(["a", "%", "_", " ", "'", "{", "🦀", "*"].map(|prefix| format!("{prefix}{ada}")));
    names.push(ada.clone() + &"x".repeat(300));
    names.push(ada + &"x".repeat(301));
    let mut all = Vec::new();
    for name in names {
        let record = store.keep(session(&name)).await;
        all.push((name, record));
    }
    all
}
