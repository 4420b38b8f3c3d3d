//! Old entries go, and new ones stay.

use std::{sync::Arc, time::Duration};

use countersign::audit::{AuditEntry, AuditLog, AuditQuery, AuditSink, EntryId, RedisAudit};

use crate::{
    LIMIT, all, clock, id,
    kept::{Kept, on_every_kept},
    numbered, numbers,
    support::{Backend, Place},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_older_than_the_retention_goes_and_nothing_else() {
    on_every_kept(|kept| async move {
        let clock = clock();
        let entry = |number| Arc::new(AuditEntry::new(EntryId::new(1, number), clock.now(), numbered(id(1), number)));
        // More than one batch of a sweep.
        let old: Vec<_> = (0..2_300).map(entry).collect();
        for batch in old.chunks(256) {
            kept.write(batch).await.unwrap();
        }
        assert_eq!(all(&kept, AuditQuery::new()).await.len(), 2_300);
        clock.advance(Duration::from_secs(2 * 60 * 60));
        // A stream goes by the clock of its server, to which all of these are of the same time.
        let is_a_stream = matches!(kept, Kept::Redis(_));
        if !is_a_stream {
            kept.write(
                &(10_000..10_040)
                    .map(|number| {
                        Arc::new(AuditEntry::new(EntryId::new(1, number), clock.now(), numbered(id(1), number)))
                    })
                    .collect::<Vec<_>>(),
            )
            .await
            .unwrap();
        }
        let age = Duration::from_secs(60 * 60);
        let log = AuditLog::builder().sink(kept.clone()).retention(age).clock(clock.clone()).build().unwrap();
        let deadline = tokio::time::Instant::now() + LIMIT;
        loop {
            let left = numbers(&all(&kept, AuditQuery::new().oldest_first()).await);
            let done = if is_a_stream { left.len() <= 100 } else { left == (10_000..10_040).collect::<Vec<_>>() };
            if done {
                break;
            }
            assert!(tokio::time::Instant::now() < deadline, "{} are left", left.len());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        drop(log);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_keeps_about_as_many_as_it_is_told_to() {
    let place = Place::new(Backend::Redis);
    let stream = RedisAudit::open(&place.url()).await.unwrap().length(500);
    let log = AuditLog::builder().sink(stream.clone()).build().unwrap();
    (0..3_000).for_each(|number| log.record(numbered(id(1), number)));
    log.flush(LIMIT).await.unwrap();
    let left = numbers(&all(&stream, AuditQuery::new().oldest_first()).await);
    assert!((500..=600).contains(&left.len()), "{} are left", left.len());
    assert_eq!(left, (3_000 - left.len() as u64..3_000).collect::<Vec<_>>(), "the newest");
}
