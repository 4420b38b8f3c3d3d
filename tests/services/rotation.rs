//! How a service's secret follows another.

use std::time::Duration;

use countersign::{Clock, Config, Event, KeyRing, RefusalKind, ServiceStep, Sessions};
use tokio::task::JoinSet;

use crate::{
    help::refusal,
    support::{Backend, KEY, OTHER_KEY, World, on_every_store, on_stores, seconds},
};

/// P9.
#[tokio::test]
async fn the_old_secret_is_good_until_the_new_one_is_used_and_for_the_overlap_after_that() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let (one, two) = (world.sessions.services(), world.node().await.services());
        let old = one.register("orders", ["session.read"]).await.unwrap();
        let new = one.rotate("orders", seconds(60)).await.unwrap();
        world.pass(seconds(24 * 60 * 60));
        assert!(two.authenticate(&old).await.is_ok(), "nobody has used the new one yet");
        assert!(two.authenticate(&new).await.is_ok(), "first use, on another node than it was made on");
        world.pass(seconds(59));
        for services in [&one, &two] {
            assert!(services.authenticate(&old).await.is_ok() && services.authenticate(&new).await.is_ok());
        }
        world.pass(seconds(1));
        world.heard().await;
        for services in [&one, &two] {
            assert_eq!(refusal(services.authenticate(&old).await), RefusalKind::Reused);
            assert!(services.authenticate(&new).await.is_ok(), "the service does not end by that");
        }
        assert_eq!(one.list().await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_new_token_that_was_lost_is_followed_by_another_and_is_good_for_nothing() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let services = world.sessions.services();
        let old = services.register("orders", ["session.read"]).await.unwrap();
        let lost = services.rotate("orders", seconds(60)).await.unwrap();
        let new = services.rotate("orders", Duration::ZERO).await.unwrap();
        assert!(services.authenticate(&old).await.is_ok());
        assert_eq!(refusal(services.authenticate(&lost).await), RefusalKind::WrongSecret);
        assert!(services.authenticate(&new).await.is_ok());
        assert_eq!(refusal(services.authenticate(&old).await), RefusalKind::Reused, "without an overlap");
    })
    .await;
}

/// P3, for services.
#[tokio::test]
async fn a_signing_key_rotates_and_services_stay() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let old = world.sessions.services().register("orders", ["session.read"]).await.unwrap();
        let both = KeyRing::new(OTHER_KEY).unwrap().with_previous(KEY).unwrap();
        let services = world.node_with(both).await.services();
        assert!(services.authenticate(&old).await.is_ok());
        let new = services.rotate("orders", Duration::ZERO).await.unwrap();
        assert!(services.authenticate(&new).await.is_ok());

        let services = world.node_with(KeyRing::new(OTHER_KEY).unwrap()).await.services();
        assert_eq!(refusal(services.authenticate(&old).await), RefusalKind::Forged);
        // Where what is kept is sealed, its key must stay in the ring until it was written anew: the rotation did.
        assert!(services.authenticate(&new).await.is_ok());
    })
    .await;
}

/// On two nodes, with old and new tokens in flight at once, over three rotations: no call fails, and each rotation becomes final
/// once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_call_fails_while_a_secret_is_rotated_under_load() {
    on_stores(ENGINES, |backend| async move {
        let world = World::new(backend).await;
        let nodes = [world.sessions.services(), world.node().await.services()];
        let mut token = nodes[0].register("orders", ["session.read"]).await.unwrap();
        let mut calls = 0;
        for _ in 0..3 {
            let new = nodes[1].rotate("orders", seconds(60)).await.unwrap();
            let mut clients = JoinSet::new();
            for number in 0..32 {
                let (services, old, new) = (nodes[number % 2].clone(), token.clone(), new.clone());
                clients.spawn(async move {
                    for call in 0..12 {
                        // Each goes over to the new one at another moment.
                        let token = if call > number % 12 { &new } else { &old };
                        services.authenticate(token).await.unwrap();
                        tokio::task::yield_now().await;
                    }
                    12
                });
            }
            calls += clients.join_all().await.into_iter().sum::<usize>();
            token = new;
        }
        eprintln!("{backend:?}: {calls} calls over 3 rotations, none failed");
        assert_eq!(calls, 3 * 32 * 12);
    })
    .await;
}

/// Two who use a new secret first at the same moment tell it once: what must not race happens in the store's step.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_first_uses_at_once_one_begins_the_overlap() {
    let used = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let store = std::sync::Arc::new(countersign::MemoryStore::new());
    let clock = Clock::manual(std::time::UNIX_EPOCH + seconds(1_800_000_000));
    let node = || {
        let used = std::sync::Arc::clone(&used);
        let sessions = Sessions::builder(KeyRing::new(KEY).unwrap(), std::sync::Arc::clone(&store));
        let sessions = sessions.config(Config::production()).clock(clock.clone()).on_event(move |event| {
            if let Event::Service { step: ServiceStep::SecretUsed, .. } = event {
                used.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            }
        });
        sessions.build().unwrap().services()
    };
    let nodes = [node(), node()];
    nodes[0].register("orders", ["session.read"]).await.unwrap();
    for round in 1..=50 {
        let new = nodes[0].rotate("orders", seconds(60)).await.unwrap();
        let mut clients = JoinSet::new();
        for number in 0..8 {
            let (services, new) = (nodes[number % 2].clone(), new.clone());
            clients.spawn(async move { services.authenticate(&new).await.is_ok() });
        }
        assert!(clients.join_all().await.into_iter().all(|good| good));
        assert_eq!(used.load(std::sync::atomic::Ordering::SeqCst), round);
    }
}

/// What is put before a store makes no difference to this, but for the time that it takes.
const ENGINES: &[Backend] = Backend::ENGINES;
