//! A node that is cut off: nothing ends for that (P10), and what has ended meanwhile is noticed when it can be.

use std::time::{Duration, Instant};

use countersign::{EndReason, KeyRing, Reason, Sessions, store};
use tokio::time::{sleep, timeout};

use crate::{
    client::{A_WHILE, Node, PATIENCE},
    support::{Backend, KEY, Place, World, minutes, on_every_store, servers::proxy::Proxy},
};

/// The engines that are reached by a network, of one server.
const SERVERS: &[Backend] = &[
    #[cfg(feature = "postgres")]
    Backend::Postgres,
    #[cfg(feature = "mysql")]
    Backend::MariaDb,
    #[cfg(feature = "redis")]
    Backend::Redis,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p10_a_network_that_breaks_ends_nothing_and_what_was_missed_ends_when_it_is_back() {
    for backend in SERVERS {
        for fail in [Proxy::cut as fn(&Proxy), Proxy::freeze] {
            let place = Place::new(*backend);
            let proxy = Proxy::to(place.port());
            let keys = KeyRing::new(KEY).unwrap();
            let a = Sessions::new(keys.clone(), place.engine().await);
            let b = Sessions::new(keys, store::open(&place.url_at(proxy.port())).await.unwrap());
            let node = Node::start(b).await;
            let (ada, grace) = (a.log_in("ada").await.unwrap(), a.log_in("grace").await.unwrap());
            let mut of_ada = node.socket(&ada.token().reveal()).await;
            let mut of_grace = node.socket(&grace.token().reveal()).await;
            assert!(of_ada.say("hello").await.is_some() && of_grace.say("hello").await.is_some());
            sleep(Duration::from_millis(300)).await;

            fail(&proxy);
            a.revoke(ada.session_id(), Reason::ByOperator).await.unwrap();
            of_ada.stays_open().await;
            of_grace.stays_open().await;
            proxy.pass();
            let back = Instant::now();
            let (code, _, at) = of_ada.closed().await;
            assert_eq!(code, 1008, "{backend:?}");
            eprintln!("| {backend:?} | closed {:.0?} after the network was back |", at.duration_since(back));
            assert_eq!(of_grace.say("hello").await.as_deref(), Some("grace: hello"), "{backend:?}");
            of_grace.stays_open().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p10_a_store_that_fails_ends_nothing_before_the_absolute_limit() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let node = Node::start(world.sessions.clone()).await;
        let issued = world.sessions.log_in("ada").await.unwrap();
        let mut socket = node.socket(&issued.token().reveal()).await;
        socket.stays_open().await;
        world.calls.break_store(true);
        // It would have expired, had nobody used it elsewhere: nobody knows.
        world.pass(minutes(31));
        socket.stays_open().await;
        assert_eq!(socket.say("hello").await.as_deref(), Some("try again"));
        world.pass(minutes(8 * 60));
        let (code, reason, _) = socket.closed().await;
        assert_eq!((code, &*reason), (1008, "the session has expired"), "{backend:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_ended_while_the_store_failed_ends_when_it_answers_again() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let node = Node::start(world.sessions.clone()).await;
        let (ada, grace) = (world.sessions.log_in("ada").await.unwrap(), world.sessions.log_in("grace").await.unwrap());
        let mut of_ada = node.socket(&ada.token().reveal()).await;
        let mut of_grace = node.socket(&grace.token().reveal()).await;
        of_ada.stays_open().await;
        let elsewhere = world.sound_node().await;
        // It is announced, and the store does not say what has become of it.
        world.calls.break_store(true);
        elsewhere.revoke(ada.session_id(), Reason::ByOperator).await.unwrap();
        of_ada.stays_open().await;
        world.calls.break_store(false);
        assert_eq!(of_ada.closed().await.0, 1008, "{backend:?}");
        of_grace.stays_open().await;
    })
    .await;
}

/// A node has many sockets, and its store is slow: it is not asked for all of them at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_sessions_are_asked_for_a_few_at_a_time() {
    let world = World::new(Backend::Memory).await;
    let mut ended = Vec::new();
    for number in 0..300 {
        let issued = world.sessions.log_in(format!("user {number}")).await.unwrap();
        ended.push(tokio::spawn(world.sessions.ended(issued.session_id())));
    }
    sleep(A_WHILE).await;
    assert!(ended.iter().all(|ended| !ended.is_finished()));
    let elsewhere = world.sound_node().await;
    world.calls.take();
    world.calls.hang(true);
    for number in 0..300 {
        elsewhere.revoke_user(&format!("user {number}"), Reason::ByOperator).await.unwrap();
    }
    sleep(world.config.store_deadline / 2).await;
    let (asked, ..) = world.calls.take();
    assert!((1..=16).contains(&asked), "{asked} at once");
    world.calls.hang(false);
    for ended in ended {
        assert_eq!(timeout(PATIENCE, ended).await.unwrap().unwrap().reason(), EndReason::Revoked);
    }
}
