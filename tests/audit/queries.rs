//! What is asked for is found: the same on every sink as among entries in memory, page by page.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use countersign::{
    DenialKind, Reason, RefusalKind, Timestamp,
    audit::{
        AnyTrail, AuditCursor, AuditEntry, AuditErrorKind, AuditEvent, AuditKind, AuditQuery, AuditSink, AuditTrail,
        EntryId, MemoryAudit,
    },
};

use crate::{all, clock, id, kept::on_every_kept};

/// Names that a collation, an escape or a cut might confuse.
fn names() -> Vec<String> {
    let long = "x".repeat(254);
    let mut names = ["ada", "Ada", "ada ", "a'da", "adä", "a\u{0}da", "%", "😀"].map(str::to_owned).to_vec();
    names.extend([format!("{long}1"), format!("{long}2"), long]);
    names
}

/// Numbers that look random, and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

/// Entries in the order in which they are told; often several in a millisecond.
fn entries(start: Timestamp) -> Vec<Arc<AuditEntry>> {
    let (mut numbers, names, mut at) = (Numbers(1), names(), start);
    let entry = |number: u64| {
        at = at.after(Duration::from_millis(numbers.below(3) as u64));
        let session = id(u8::try_from(numbers.below(30)).unwrap());
        // A session is one user's.
        let user = || names[usize::from(session.as_bytes()[0]) % names.len()].as_str().into();
        let event = match numbers.below(10) {
            0 => AuditEvent::LoggedIn { session, user: user() },
            1 => AuditEvent::Started { session },
            2 => AuditEvent::Ended { session, user: None, reason: Reason::ByOperator, by: Some("root".into()) },
            3 => AuditEvent::Ended { session, user: Some(user()), reason: Reason::LoggedOut, by: None },
            4 => AuditEvent::Refused { reason: RefusalKind::Gone },
            5 => AuditEvent::Denied { session: Some(session), reason: DenialKind::MissingRole },
            6 => {
                let instead_of = id(session.as_bytes()[0] ^ 1);
                AuditEvent::Renewed { session, instead_of, user: Some(user()) }
            }
            7 => AuditEvent::ServiceAccess {
                service: numbers.pick(&names).into(),
                session: Some(session),
                permission: "session.read".into(),
                allowed: true,
            },
            8 => AuditEvent::ServiceRevoked { service: numbers.pick(&names).into(), by: None },
            _ => AuditEvent::Refreshed { session },
        };
        Arc::new(AuditEntry::new(EntryId::new(7, number), at, event))
    };
    (1..=700).map(entry).collect()
}

fn query(numbers: &mut Numbers, start: Timestamp) -> AuditQuery {
    let names = names();
    let instant =
        |numbers: &mut Numbers| SystemTime::from(start.after(Duration::from_millis(numbers.below(700) as u64)));
    let mut query = AuditQuery::new().page_size(1 + numbers.below(60));
    if numbers.below(2) == 0 {
        query = query.user(numbers.pick(&names));
    }
    if numbers.below(3) == 0 {
        query = query.session(id(u8::try_from(numbers.below(30)).unwrap()));
    }
    if numbers.below(4) == 0 {
        query = query.service(numbers.pick(&names));
    }
    if numbers.below(3) == 0 {
        query = query.kinds((0..1 + numbers.below(3)).map(|_| numbers.pick(&AuditKind::ALL)).collect::<Vec<_>>());
    }
    if numbers.below(4) == 0 {
        query = query.since(instant(numbers));
    }
    if numbers.below(4) == 0 {
        query = query.until(instant(numbers));
    }
    if numbers.below(2) == 0 { query.oldest_first() } else { query }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_sink_finds_what_there_is_by_user_session_service_kind_and_time_page_by_page() {
    let start = clock().now();
    let (entries, model) = (entries(start), MemoryAudit::new(10_000));
    model.write(&entries).await.unwrap();
    let mut numbers = Numbers(2);
    let queries: Vec<AuditQuery> = (0..80).map(|_| query(&mut numbers, start)).chain([AuditQuery::new()]).collect();
    let mut found_some = 0;
    for query in &queries {
        // The model itself, by what the query says of an entry.
        let his: Vec<_> = entries.iter().filter(|entry| entry.event.user() == query.by_user()).collect();
        let his = his.iter().filter_map(|entry| entry.event.session()).collect();
        let mut expected: Vec<AuditEntry> =
            entries.iter().filter(|entry| query.matches(entry, &his)).map(|entry| (**entry).clone()).collect();
        if !query.is_oldest_first() {
            expected.reverse();
        }
        assert_eq!(all(&model, query.clone()).await, expected, "{query:?}");
        found_some += usize::from(!expected.is_empty());
    }
    assert!(found_some > 30, "{found_some} queries find something");

    on_every_kept(|kept| {
        let (entries, model, queries) = (&entries, &model, &queries);
        async move {
            for batch in entries.chunks(111) {
                kept.write(batch).await.unwrap();
            }
            let trail = AnyTrail::new(kept);
            for query in queries {
                let (found, expected) = (all(&trail, query.clone()).await, all(model, query.clone()).await);
                assert!(found == expected, "{query:?}: {} and not {}", found.len(), expected.len());
            }
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_no_index_keeps_whole_are_not_taken_for_each_other() {
    on_every_kept(|kept| async move {
        let at = clock().now();
        let [one, other] = ["ä1", "ä2"].map(|end| format!("{}{end}", "x".repeat(254)));
        for (number, user) in [(1, &one), (2, &other)] {
            let event = AuditEvent::LoggedIn { session: id(number), user: user.as_str().into() };
            kept.write(&[Arc::new(AuditEntry::new(EntryId::new(1, number.into()), at, event))]).await.unwrap();
        }
        for (number, user) in [(1, one), (2, other)] {
            let found = all(&kept, AuditQuery::new().user(user)).await;
            assert_eq!(found.iter().map(|entry| entry.event.session()).collect::<Vec<_>>(), [Some(id(number))]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_cursor_of_somebody_else_is_refused() {
    on_every_kept(|kept| async move {
        for wrong in ["", "1", "1.2", "1-", "-1", "+", "1.000000000000000000000000000000zz", "(1-1", "1-+1"] {
            let query = AuditQuery::new().after(AuditCursor::new(wrong));
            assert_eq!(kept.page(&query).await.unwrap_err().kind(), AuditErrorKind::Cursor, "{wrong:?}");
        }
    })
    .await;
}
