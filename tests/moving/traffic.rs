//! People come and go on two nodes while everything moves.

use std::sync::{
    Mutex,
    atomic::{AtomicBool, AtomicI64, Ordering::SeqCst},
};

use countersign::{
    Config, KeyRing, Reason, Sessions, SqliteStore, Token,
    store::{AnyStore, Created},
};

use crate::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn from_memory_to_memory() {
    for _ in 0..3 {
        everything_moves(AnyStore::new(MemoryStore::new()), AnyStore::new(MemoryStore::new())).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn from_memory_to_a_file_and_on_to_a_sealed_one() {
    let folder = tempfile::tempdir().unwrap();
    let open = async |name: &str| SqliteStore::open(folder.path().join(name)).await.unwrap();
    everything_moves(AnyStore::new(MemoryStore::new()), AnyStore::new(open("a.db").await)).await;
    let sealed = countersign::Sealed::new(open("c.db").await, &KeyRing::generate().unwrap());
    everything_moves(AnyStore::new(open("b.db").await), AnyStore::new(sealed)).await;
}

const FEW: usize = 24;
const MOST: u32 = 3;

async fn everything_moves(old: AnyStore, new: AnyStore) {
    let keys = KeyRing::generate().unwrap();
    let pace = Arc::new(Pace::default());
    pace.set(Pause::Yield);
    let mut config = Config::production();
    config.limit = Limit { max: MOST, when_full: WhenFull::EvictOldest };
    config.store_deadline = Duration::from_secs(60);
    let sessions =
        |store: AnyStore| Sessions::builder(keys.clone(), store).config(config.clone()).clock(clock()).build().unwrap();
    let nodes: Vec<AnyStore> = (0..2)
        .map(|_| {
            let slow = |store: &AnyStore| Paced::new(store.clone(), Arc::clone(&pace));
            AnyStore::new(Moving::new(slow(&old), slow(&new)))
        })
        .collect();

    // What lies in the old store before.
    let before = sessions(old.clone());
    let now = before.clock().now();
    let mut counted: Vec<(Token, AtomicI64)> = Vec::new();
    let mut doomed = Vec::new();
    for n in 0..FEW {
        counted.push((before.log_in(format!("counts-{n}")).await.unwrap().token().clone(), AtomicI64::new(0)));
        doomed.push(before.log_in(format!("doomed-{n}")).await.unwrap().token().clone());
        for _ in 0..MOST {
            before.log_in(format!("many-{}", n % 4)).await.unwrap();
        }
    }
    let (counted, doomed) = (Arc::new(counted), Arc::new(doomed));
    let dead: Arc<Mutex<Vec<Token>>> = Arc::default();
    let moved = Arc::new(AtomicBool::new(false));

    let mut tasks = Vec::new();
    for (at, store) in nodes.iter().enumerate() {
        let node = sessions(store.clone());
        let (moved, counted, dead, doomed) = (moved.clone(), counted.clone(), dead.clone(), doomed.clone());
        let (store, of_dead) = (store.clone(), Arc::clone(&dead));
        // Requests of those who are alive, and stay so.
        let (living, over) = (node.clone(), Arc::clone(&moved));
        tasks.push(tokio::spawn(async move {
            while !over.load(SeqCst) {
                for (token, count) in &*counted {
                    let at_least = count.load(SeqCst);
                    let session = living.authenticate(token).await.expect("no live session is refused");
                    let seen = session.info().get::<i64>("n").unwrap().unwrap_or(0);
                    assert!(seen >= at_least, "what was answered is seen");
                    assert!(increment(&store, token.id()).await, "no live session is refused");
                    count.fetch_add(1, SeqCst);
                }
            }
        }));
        // Log-outs, and what comes after them.
        let (ending, over) = (node.clone(), Arc::clone(&moved));
        tasks.push(tokio::spawn(async move {
            for token in doomed.iter().skip(at).step_by(2) {
                ending.authenticate(token).await.expect("alive until it is ended");
                assert!(ending.revoke(token.id(), Reason::LoggedOut).await.unwrap());
                dead.lock().unwrap().push(token.clone());
                tokio::task::yield_now().await;
            }
            while !over.load(SeqCst) {
                tokio::task::yield_now().await;
            }
        }));
        let (looking, over) = (node.clone(), Arc::clone(&moved));
        tasks.push(tokio::spawn(async move {
            while !over.load(SeqCst) {
                let all = of_dead.lock().unwrap().clone();
                for token in all {
                    let error = looking.authenticate(&token).await.expect_err("what was ended stays ended");
                    assert_eq!(error.kind().status(), 401);
                }
                tokio::task::yield_now().await;
            }
        }));
        // Log-ins at a limit, rotations, and log-outs everywhere.
        let over = Arc::clone(&moved);
        tasks.push(tokio::spawn(async move {
            for turn in 0.. {
                let user = format!("many-{}", turn % 4);
                let issued = node.log_in(&user).await.unwrap();
                let listed = node.list(&user).await.unwrap().len();
                assert!(listed <= MOST as usize, "{listed} sessions of at most {MOST}");
                if let Ok(session) = node.authenticate(issued.token()).await
                    && let Ok(rotated) = node.rotate(&session).await
                {
                    match node.authenticate(rotated.token()).await {
                        Ok(session) => assert_eq!(session.info().user(), user),
                        // The other node has evicted it.
                        Err(error) => assert_eq!(error.kind().status(), 401),
                    }
                }
                if turn % 7 == 0 {
                    node.revoke_user(&user, Reason::ByUser).await.unwrap();
                    assert!(node.authenticate(issued.token()).await.is_err());
                }
                if over.load(SeqCst) {
                    return;
                }
            }
        }));
    }
    // Two movers at once, one of which is stopped again and again. They take their time, so that much happens
    // meanwhile, and begin when others are at work.
    let total = || counted.iter().map(|(_, count)| count.load(SeqCst)).sum::<i64>();
    while total() == 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let (at_first, slowly) = (total(), Arc::new(Pace::default()));
    slowly.set(Pause::Sleep(Duration::from_millis(1)));
    let slow = || Moving::new(Paced::new(old.clone(), slowly.clone()), Paced::new(new.clone(), slowly.clone()));
    let (slow, other) = (slow(), slow());
    for _ in 0..10 {
        let _ = tokio::time::timeout(Duration::from_millis(9), slow.run(before.clock(), 3, |_| {})).await;
    }
    let (one, two) = tokio::join!(slow.run(before.clock(), 2, |_| {}), other.run(before.clock(), 1, |_| {}));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!((one.failed, two.failed), (0, 0));
    assert!(total() > at_first, "there was traffic meanwhile");
    tokio::time::sleep(Duration::from_millis(20)).await;
    moved.store(true, SeqCst);
    for task in tasks {
        task.await.unwrap();
    }

    assert!(all_of(&old, now).await.is_empty(), "the old store is empty");
    assert!(all_of(&new, now).await.iter().all(|record| !record.in_transit()));
    let after = sessions(new.clone());
    for (token, count) in &*counted {
        let session = after.authenticate(token).await.unwrap();
        assert_eq!(session.info().get::<i64>("n").unwrap(), Some(count.load(SeqCst)), "every increment counts");
    }
    for token in &*doomed {
        assert!(after.authenticate(token).await.is_err());
    }
    for n in 0..4 {
        assert!(after.list(&format!("many-{n}")).await.unwrap().len() <= MOST as usize);
    }
    let full = Limit { max: 1, when_full: WhenFull::Reject };
    let one_more = session("counts-0");
    assert_eq!(new.create(one_more, full.into(), now).await.unwrap(), Created::LimitReached);
}

async fn all_of(store: &AnyStore, now: Timestamp) -> Vec<Arc<Record>> {
    let (mut found, mut next) = (Vec::new(), None);
    loop {
        let part = store.scan(next, 50, now).await.unwrap();
        found.extend(part.records);
        next = part.next;
        if next.is_none() {
            return found;
        }
    }
}
