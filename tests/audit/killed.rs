//! `kill -9` of a process that tells entries: what a flush has acknowledged is there, and what is missing is less than a queue and
//! a batch.

use std::time::Duration;

use countersign::audit::{AuditLog, AuditQuery};

use crate::{
    LIMIT, all,
    child::{Child, say},
    id,
    kept::{PLACES, open},
    numbered, numbers,
    support::Place,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_kill_all_that_was_acknowledged_is_there_and_at_most_a_queue_and_a_batch_is_missing() {
    for backend in PLACES {
        for kill in 0..KILLS {
            let place = Place::new(backend);
            let mut child = Child::start(&place.url());
            (0..2 + kill % 3).for_each(|_| child.wait_for("acknowledged"));
            tokio::time::sleep(Duration::from_micros(kill * 7_919 % 15_000)).await;
            let said = child.kill_9();
            let last = |word: &str| {
                let told = said.iter().rev().find_map(|line| line.strip_prefix(word)?.trim().parse::<u64>().ok());
                told.unwrap()
            };
            let (sent, acknowledged) = (last("sent"), last("acknowledged"));

            let found = numbers(&all(&open(&place.url()).await, AuditQuery::new().session(id(1)).oldest_first()).await);
            let kept = found.len() as u64;
            eprintln!(
                "{backend:?}: {sent} told, {acknowledged} acknowledged, {kept} found: {} lost",
                sent.saturating_sub(kept)
            );
            assert_eq!(found, (1..=kept).collect::<Vec<_>>(), "{backend:?}: all but the last, in order");
            assert!(kept >= acknowledged, "{backend:?}: {kept} of {acknowledged} that were acknowledged");
            assert!(kept <= sent + 1, "{backend:?}: no more than was told");
            assert!(sent.saturating_sub(kept) <= MOST_LOST, "{backend:?}: {kept} of {sent}");
        }
    }
}

/// What the child does. Between two flushes it tells fewer entries than its queue holds: nothing is dropped.
pub async fn tell_without_end(url: &str) {
    let log = AuditLog::builder().sink(open(url).await).queue(QUEUE).build().unwrap();
    for number in 1_u64.. {
        log.record(numbered(id(1), number));
        say(&format!("sent {number}"));
        if number.is_multiple_of(300) {
            log.flush(LIMIT).await.unwrap();
            say(&format!("acknowledged {number}"));
        }
    }
}

const KILLS: u64 = 4;
const QUEUE: usize = 512;
const MOST_LOST: u64 = QUEUE as u64 + 257;
