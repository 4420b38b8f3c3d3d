//! A mover that is stopped at each of its steps, and everybody else's commands as well.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use countersign::{Keep, store::Replacement};

use crate::*;

/// Polls a future so many times and drops it then. Whether it was done by then.
fn stopped_after(polls: usize, future: impl Future) -> bool {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    (0..polls).any(|_| matches!(future.as_mut().poll(&mut context), Poll::Ready(_)))
}

/// Plays a scene once for every step at which what it does can be stopped.
async fn at_every_step(scene: impl AsyncFn(usize) -> bool) {
    for polls in 0.. {
        if scene(polls).await {
            assert!(polls > 10, "there were steps to be stopped at");
            return;
        }
    }
}

async fn is_over(house: &House) {
    house.pace.set(Pause::No);
    let progress = house.node().run(&clock(), 3, |_| {}).await.unwrap();
    assert_eq!(progress.failed, 0);
    assert!(scanned(&house.old).await.is_empty(), "nothing is left behind");
    assert!(scanned(&house.new).await.iter().all(|record| !record.in_transit()));
}

#[tokio::test]
async fn a_stopped_mover_has_harmed_nobody_and_another_finishes() {
    at_every_step(async |polls| {
        let house = House::new();
        let mut ids = Vec::new();
        for user in ["ada", "ada", "eve"] {
            ids.push(house.keep(&session(user)).await);
        }
        let done = stopped_after(polls, house.node().run(&clock(), 2, |_| {}));
        let node = house.node();
        for (n, id) in ids.iter().enumerate() {
            assert_eq!(count(&load(&*node, *id).await.unwrap()), 0, "alive, after {polls}");
            if n > 0 {
                assert!(increment(&*node, *id).await);
            }
        }
        assert!(node.revoke(ids[1], NOW).await.unwrap());
        assert_eq!(all(&*node, "ada").await, [ids[0]]);
        assert!(load(&*node, ids[1]).await.is_none());
        is_over(&house).await;
        for (id, expected) in ids.iter().zip([Some(0), None, Some(1)]) {
            assert_eq!(load(&house.new, *id).await.map(|record| count(&record)), expected, "after {polls}");
        }
        done
    })
    .await;
}

/// One mover stands still at a step, another is stopped at a step; the session ends; then the first goes on.
#[tokio::test]
async fn a_mover_that_goes_on_after_a_revocation_brings_nobody_back() {
    let clock = clock();
    let mut played = 0;
    for first in 0..30 {
        for polls in 0..30 {
            let house = House::new();
            let id = house.keep(&session("ada")).await;
            let (one, two) = (house.node(), house.node());
            let mut late = pin!(one.run(&clock, 1, |_| {}));
            let mut context = Context::from_waker(Waker::noop());
            if (0..first).any(|_| late.as_mut().poll(&mut context).is_ready()) {
                continue;
            }
            stopped_after(polls, two.run(&clock, 1, |_| {}));
            assert!(two.revoke(id, NOW).await.unwrap(), "alive until now: {first}, {polls}");
            loop {
                assert!(load(&*two, id).await.is_none(), "{first}, {polls}");
                assert!(all(&*two, "ada").await.is_empty() && !increment(&*two, id).await, "{first}, {polls}");
                if late.as_mut().poll(&mut context).is_ready() {
                    break;
                }
            }
            is_over(&house).await;
            assert!(load(&house.new, id).await.is_none(), "{first}, {polls}");
            played += 1;
        }
    }
    assert!(played > 300, "{played}");
}

#[tokio::test]
async fn a_stopped_change_is_done_or_not() {
    at_every_step(async |polls| {
        let house = House::new();
        let id = house.keep(&session("ada")).await;
        // It lies frozen: whoever changes it has to finish its move.
        stopped_after(8, house.node().run(&clock(), 1, |_| {}));
        assert!(load(&house.old, id).await.unwrap().in_transit());
        let done = stopped_after(polls, house.node().change(id, add("n", 1), NOW));
        let found = count(&load(&*house.node(), id).await.unwrap());
        assert!(found == 1 || (found == 0 && !done));
        is_over(&house).await;
        assert_eq!(count(&load(&house.new, id).await.unwrap()), found);
        done
    })
    .await;
}

#[tokio::test]
async fn a_stopped_replacement_leaves_one_of_the_two() {
    at_every_step(async |polls| {
        let house = House::new();
        let id = house.keep(&session("ada")).await;
        let record = session("ada");
        let new = Replacement { record, keep: Keep::Nothing, change: Change::new(), expect: None };
        let new_id = new.record.id();
        let done = stopped_after(polls, house.node().replace(id, new, NO_LIMIT.into(), NOW));
        let found = all(&*house.node(), "ada").await;
        assert!(found == [new_id] || (found == [id] && !done), "{polls}");
        is_over(&house).await;
        assert_eq!(all(&house.new, "ada").await, found);
        done
    })
    .await;
}

#[tokio::test]
async fn a_stopped_revocation_has_ended_it_or_not() {
    at_every_step(async |polls| {
        let house = House::new();
        let id = house.keep(&session("ada")).await;
        stopped_after(polls / 2, house.node().run(&clock(), 1, |_| {}));
        let done = stopped_after(polls % 12, house.node().revoke(id, NOW));
        let alive = load(&*house.node(), id).await.is_some();
        assert!(!(alive && done), "{polls}");
        is_over(&house).await;
        assert_eq!(load(&house.new, id).await.is_some(), alive, "{polls}");
        polls > 120
    })
    .await;
}

/// It has arrived, been changed, and not left yet; then it ends, while somebody reads.
#[tokio::test]
async fn a_slow_reader_does_not_take_what_was_left_behind_for_the_truth() {
    let mut played = 0;
    for polls in 0..20 {
        let house = House::new();
        let id = house.keep(&session("ada")).await;
        let mover = house.node();
        let clock = clock();
        let mut run = pin!(mover.run(&clock, 1, |_| {}));
        let mut context = Context::from_waker(Waker::noop());
        while load(&house.new, id).await.is_none_or(|copy| copy.in_transit()) {
            assert!(run.as_mut().poll(&mut context).is_pending());
        }
        assert!(load(&house.old, id).await.unwrap().in_transit() && increment(&house.new, id).await);
        let reader = house.node();
        let mut reading = pin!(reader.load(id, NOW));
        let mut found = None;
        for _ in 0..polls {
            if let (None, Poll::Ready(read)) = (&found, reading.as_mut().poll(&mut context)) {
                found = Some(read);
                break;
            }
        }
        played += usize::from(found.is_none());
        assert!(house.node().revoke(id, NOW).await.unwrap());
        let found = match found {
            Some(found) => found,
            None => reading.await,
        };
        assert!(found.unwrap().is_none_or(|record| count(&record) == 1), "{polls}");
    }
    assert!(played > 3, "it was slow");
}
