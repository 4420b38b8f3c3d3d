//! Thousands of orders in which the steps of several nodes can fall, each of them repeatable by its number.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, Waker},
};

use countersign::{
    Device, Keep,
    store::{Created, Replaced, Replacement},
};

use crate::*;

type Task<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// Polls the tasks in an order that the seed decides, until all are done. Some of them may be given up.
async fn in_some_order(seed: u64, mut tasks: Vec<Task<'_>>, mut given_up: Vec<Task<'_>>) {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut context = Context::from_waker(Waker::noop());
    let mut left = random.below(120);
    // Some are favoured, so that others are overtaken by far.
    let mut favour = 0;
    while !tasks.is_empty() {
        if random.below(12) == 0 {
            favour = random.below(tasks.len() + given_up.len());
        }
        let any = random.below(tasks.len() + given_up.len());
        let at = if random.below(3) == 0 { any } else { favour.min(tasks.len() + given_up.len() - 1) };
        if at < tasks.len() {
            if let Poll::Ready(()) = tasks[at].as_mut().poll(&mut context) {
                drop(tasks.swap_remove(at));
            }
        } else {
            let at = at - tasks.len();
            let done = matches!(given_up[at].as_mut().poll(&mut context), Poll::Ready(()));
            if done || left == 0 {
                drop(given_up.swap_remove(at));
            }
            left = left.saturating_sub(1);
        }
    }
}

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end.max(1)
    }
}

const ORDERS: u64 = 3_000;

async fn moves(node: &impl Mover) {
    node.moves().await;
}

/// A node that moves everything.
trait Mover {
    fn moves(&self) -> impl Future<Output = ()>;
}

impl<A: SessionStore, B: SessionStore> Mover for Moving<A, B> {
    async fn moves(&self) {
        let progress = self.run(&clock(), 2, |_| {}).await.unwrap();
        assert_eq!((progress.failed, progress.done), (0, 1.0));
    }
}

/// When all is over: the old store is empty, and nothing is on its way in the new one.
async fn is_over(house: &House, seed: u64) {
    house.pace.set(Pause::No);
    moves(&*house.node()).await;
    assert!(scanned(&house.old).await.is_empty(), "seed {seed}: something was left behind");
    assert!(scanned(&house.new).await.iter().all(|record| !record.in_transit()), "seed {seed}: something is marked");
}

#[tokio::test]
async fn who_is_alive_stays_alive_and_every_increment_counts() {
    for seed in 0..ORDERS {
        let house = House::new();
        let id = house.keep(&session("ada")).await;
        let (one, two) = (house.node(), house.node());
        let merged = Cell::new(0);
        let counting = async |node: &Moving<Slow, Slow>| {
            for _ in 0..3 {
                assert!(increment(node, id).await, "seed {seed}: it is alive");
                merged.set(merged.get() + 1);
            }
        };
        let reading = async |node: &Moving<Slow, Slow>| {
            let mut last = (0, 0);
            for turn in 0..6 {
                let at_least = merged.get();
                let record = if turn % 2 == 0 { load(node, id).await } else { node.load_fresh(id, NOW).await.unwrap() };
                let record = record.unwrap_or_else(|| panic!("seed {seed}: it is alive"));
                assert!(count(&record) >= at_least, "seed {seed}: what was answered is seen");
                let seen = (record.revision(), count(&record));
                assert!(seen >= last && !record.in_transit(), "seed {seed}: {seen:?} after {last:?}");
                last = seen;
                assert_eq!(all(node, "ada").await, [id], "seed {seed}: a list shows it once");
                assert!(scanned(node).await.iter().any(|record| record.id() == id), "seed {seed}: it is scanned");
            }
        };
        let tasks: Vec<Task<'_>> = vec![
            Box::pin(moves(&*one)),
            Box::pin(counting(&one)),
            Box::pin(counting(&two)),
            Box::pin(reading(&one)),
            Box::pin(reading(&two)),
        ];
        in_some_order(seed, tasks, vec![Box::pin(moves(&*two)), Box::pin(moves(&*one))]).await;
        is_over(&house, seed).await;
        assert_eq!(count(&load(&house.new, id).await.unwrap()), 6, "seed {seed}");
    }
}

#[tokio::test]
async fn what_was_ended_stays_ended_at_every_moment_after() {
    for seed in 0..ORDERS {
        let house = House::new();
        let device = Device { id: Some("laptop".into()), ..Device::default() };
        let id = house.keep(&session("ada").with_origin(device, None)).await;
        let (one, two) = (house.node(), house.node());
        let ended = Cell::new(false);
        let alive = Cell::new(0);
        let ending = async |node: &Moving<Slow, Slow>, how: u64| {
            let found = match how % 3 {
                0 => usize::from(node.revoke(id, NOW).await.unwrap()),
                1 => node.revoke_user("ada", None, NOW).await.unwrap().len(),
                _ => node.revoke_device("ada", "laptop", NOW).await.unwrap().len(),
            };
            alive.set(alive.get() + found);
            ended.set(true);
        };
        let looking = async |node: &Moving<Slow, Slow>| {
            for _ in 0..8 {
                let was_ended = ended.get();
                let found = load(node, id).await.is_some() | node.load_fresh(id, NOW).await.unwrap().is_some();
                let found = found | increment(node, id).await;
                let found = found | all(node, "ada").await.contains(&id);
                assert!(!(was_ended && found), "seed {seed}: it is back");
            }
        };
        let tasks: Vec<Task<'_>> = vec![
            Box::pin(ending(&one, seed)),
            Box::pin(ending(&two, seed + 1)),
            Box::pin(looking(&one)),
            Box::pin(looking(&two)),
        ];
        in_some_order(seed, tasks, vec![Box::pin(moves(&*two)), Box::pin(moves(&*one)), Box::pin(moves(&*two))]).await;
        assert!(load(&*one, id).await.is_none() && alive.get() >= 1, "seed {seed}");
        is_over(&house, seed).await;
        assert!(load(&house.new, id).await.is_none(), "seed {seed}: it is back in the new store");
    }
}

#[tokio::test]
async fn limits_hold_at_every_moment() {
    const TWO: u32 = 2;
    for seed in 0..ORDERS {
        let house = House::new();
        let (began, ended) = (RefCell::new(BTreeSet::new()), RefCell::new(BTreeSet::new()));
        for _ in 0..TWO {
            let id = house.keep(&session("ada")).await;
            began.borrow_mut().insert(id);
        }
        let (one, two) = (house.node(), house.node());
        let when_full = [WhenFull::Reject, WhenFull::EvictOldest][(seed % 2) as usize];
        let logging_in = async |node: &Moving<Slow, Slow>| {
            for _ in 0..2 {
                let record = session("ada");
                let id = record.id();
                match node.create(record, Limit { max: TWO, when_full }.into(), NOW).await.unwrap() {
                    Created::Kept { evicted } => {
                        assert!(when_full == WhenFull::EvictOldest && !evicted.is_empty(), "seed {seed}");
                        // A late mover's copy of one that is dead may be among them.
                        began.borrow_mut().insert(id);
                        ended.borrow_mut().extend(evicted);
                    }
                    Created::LimitReached => assert_eq!(when_full, WhenFull::Reject, "seed {seed}"),
                    other => panic!("seed {seed}: {other:?}"),
                }
            }
        };
        let looking = async |node: &Moving<Slow, Slow>| {
            for _ in 0..6 {
                let listed = all(node, "ada").await.len();
                assert!(listed <= TWO as usize, "seed {seed}: {listed}");
                assert!(listed == TWO as usize || when_full == WhenFull::EvictOldest, "seed {seed}: {listed}");
            }
        };
        let tasks: Vec<Task<'_>> = vec![
            Box::pin(logging_in(&one)),
            Box::pin(logging_in(&two)),
            Box::pin(looking(&one)),
            Box::pin(looking(&two)),
        ];
        in_some_order(seed, tasks, vec![Box::pin(moves(&*two)), Box::pin(moves(&*one))]).await;
        is_over(&house, seed).await;
        assert_eq!(
            all(&house.new, "ada").await,
            Vec::from_iter(&began.into_inner() - &ended.into_inner()),
            "seed {seed}"
        );
    }
}

#[tokio::test]
async fn one_of_many_takes_the_place_of_a_session_with_all_that_was_counted() {
    for seed in 0..ORDERS {
        let house = House::new();
        let id = match seed % 2 {
            0 => house.keep(&session("ada")).await,
            // A log-in.
            _ => house.keep(&anonymous()).await,
        };
        let (one, two) = (house.node(), house.node());
        let (merged, done) = (Cell::new(0), Rc::new(RefCell::new(Vec::new())));
        let counting = async |node: &Moving<Slow, Slow>| {
            for _ in 0..3 {
                let counted = i64::from(increment(node, id).await);
                merged.set(merged.get() + counted);
            }
        };
        let replacing = async |node: &Moving<Slow, Slow>| {
            let record = session("ada");
            let new = Replacement { record, keep: Keep::Everything, change: Change::new(), expect: None };
            match node.replace(id, new, NO_LIMIT.into(), NOW).await.unwrap() {
                Replaced::Done { record, .. } => done.borrow_mut().push(record),
                Replaced::Gone => {}
                other => panic!("seed {seed}: {other:?}"),
            }
        };
        let looking = async |node: &Moving<Slow, Slow>| {
            for _ in 0..6 {
                let gone = !done.borrow().is_empty();
                assert!(!(load(node, id).await.is_some() && gone), "seed {seed}: it is back");
            }
        };
        let tasks: Vec<Task<'_>> = vec![
            Box::pin(counting(&one)),
            Box::pin(counting(&two)),
            Box::pin(replacing(&one)),
            Box::pin(replacing(&two)),
            Box::pin(looking(&one)),
        ];
        in_some_order(seed, tasks, vec![Box::pin(moves(&*two)), Box::pin(moves(&*one))]).await;
        is_over(&house, seed).await;
        let done = done.take();
        assert_eq!((done.len(), count(&done[0])), (1, merged.get()), "seed {seed}");
        assert_eq!(all(&house.new, "ada").await, [done[0].id()], "seed {seed}");
    }
}
