//! A server that restarts, forgets its scripts, or does not answer.

use std::time::{Duration, Instant};

use countersign::{
    SessionStore, StoreErrorKind,
    store::{Changed, Invalidation},
};

use crate::{
    NO_LIMIT, NOW, add, eventually, fresh, kept, session, set,
    support::servers::{self, proxy::Proxy, redis::Standalone},
    works,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn after_a_restart_the_next_command_works() {
    let server = Standalone::start();
    let (_, builder) = fresh();
    let store = builder.open(&server.url()).await.unwrap();
    let record = kept(&store, Some("ada")).await;
    for _ in 0..2 {
        server.server().kill_9();
        let error = store.load(record.id(), NOW).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        assert!(store.change(record.id(), add("n", 1), NOW).await.is_err());
        server.server().restart();
        assert!(works(&store, &record).await, "at once, and with the scripts that the new server does not know");
    }
    // Nobody has noticed that the server was away: a write is not lost for that either.
    server.server().restart();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(matches!(store.change(record.id(), set("a", "1"), NOW).await, Ok(Changed::Merged(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_has_forgotten_the_scripts_is_told_them_again() {
    let server = Standalone::start();
    let (_, builder) = fresh();
    let store = builder.open(&server.url()).await.unwrap();
    let record = kept(&store, Some("ada")).await;
    for round in 1..=3 {
        server.say(&["SCRIPT", "FLUSH"]).unwrap();
        let Changed::Merged(changed) = store.change(record.id(), add("n", 1), NOW).await.unwrap() else { panic!() };
        assert_eq!(changed.attributes().value("n"), Some(round.to_string().as_bytes()), "once each");
    }
    server.say(&["SCRIPT", "FLUSH"]).unwrap();
    store.create(session(Some("ada")), NO_LIMIT.into(), NOW).await.unwrap();
    assert_eq!(store.revoke_user("ada", None, NOW).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nobody_waits_longer_than_the_deadline() {
    let server = Standalone::start();
    let (_, builder) = fresh();
    let store = builder.command_timeout(Duration::from_millis(200)).open(&server.url()).await.unwrap();
    let record = kept(&store, Some("ada")).await;
    server.server().stop_cont(true);
    let start = Instant::now();
    let error = store.load(record.id(), NOW).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Timeout);
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    server.server().stop_cont(false);
    eventually("it works again", || works(&store, &record)).await;
}

/// The network breaks while increments are under way: each that was told to have counted has, and none twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_may_have_been_done_is_not_done_again() {
    let proxy = Proxy::to(servers::redis().server().port());
    let (_, builder) = fresh();
    let store = builder
        .command_timeout(Duration::from_millis(300))
        .open(&format!("redis://127.0.0.1:{}", proxy.port()))
        .await
        .unwrap();
    let record = kept(&store, Some("ada")).await;
    let (mut counted, mut unknown) = (0_u64, 0_u64);
    for round in 0..60_u64 {
        let change = store.change(record.id(), add("n", 1), NOW);
        let cut = async {
            if round % 3 == 0 {
                tokio::time::sleep(Duration::from_micros(round * 20)).await;
                proxy.cut();
                proxy.pass();
            }
        };
        match tokio::join!(change, cut).0 {
            Ok(Changed::Merged(_)) => counted += 1,
            Ok(other) => panic!("{other:?}"),
            Err(_) => unknown += 1,
        }
    }
    let mut found = None;
    for _ in 0..20 {
        found = found.or(store.load(record.id(), NOW).await.ok().flatten());
    }
    let found = found.unwrap();
    let sum: u64 = std::str::from_utf8(found.attributes().value("n").unwrap()).unwrap().parse().unwrap();
    assert!((counted..=counted + unknown).contains(&sum), "{counted} counted, {unknown} unknown, {sum} found");
    assert!(counted >= 30, "most get through: {counted}, {unknown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_listener_that_is_cut_off_is_told_so() {
    let (_, builder) = fresh();
    let proxy = Proxy::to(servers::redis().server().port());
    let url = format!("redis://127.0.0.1:{}", proxy.port());
    let store = builder.command_timeout(Duration::from_millis(300)).open(&url).await.unwrap();
    let beat = Duration::from_millis(50);
    let mut heard = store.invalidations(beat).await.unwrap();
    assert_eq!(heard.next().await, Some(Invalidation::Heartbeat));
    let record = kept(&store, Some("ada")).await;
    store.revoke(record.id(), NOW).await.unwrap();
    while heard.next().await.unwrap() != Invalidation::Ended(record.id()) {}
    proxy.cut();
    let ended = tokio::time::timeout(Duration::from_secs(5), async { while heard.next().await.is_some() {} }).await;
    assert!(ended.is_ok(), "the stream ends with the connection");

    proxy.pass();
    let mut heard = store.invalidations(beat).await.unwrap();
    assert_eq!(heard.next().await, Some(Invalidation::Heartbeat));
    // Nothing is closed, and nothing comes: no heartbeat either.
    proxy.freeze();
    tokio::time::sleep(beat).await;
    let ended = tokio::time::timeout(Duration::from_secs(5), async { while heard.next().await.is_some() {} }).await;
    assert!(ended.is_ok(), "the stream ends for want of heartbeats");
}
