//! How services come, change and go.

use std::{sync::Arc, time::UNIX_EPOCH};

use countersign::{
    Clock, Config, ErrorKind, KeyRing, Limit, MemoryStore, Reason, Record, RefusalKind, SecretHash, ServiceInfo,
    ServiceToken, SessionId, SessionStore, Sessions, WhenFull,
};
use tokio::task::JoinSet;

use crate::{
    help::{kind, refusal},
    support::{KEY, World, minutes, on_every_store, seconds},
};

#[tokio::test]
async fn a_registered_service_is_known_on_every_node_by_its_token_alone() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let token = world.sessions.services().register("orders", ["session.read", "orders.ship"]).await.unwrap();
        let node = world.node().await.services();
        let service = node.authenticate(&token).await.unwrap();
        assert_eq!(service.name(), "orders");
        assert_eq!(service.permissions().collect::<Vec<_>>(), ["session.read", "orders.ship"]);
        assert!(service.permits("orders.ship") && !service.permits("orders") && !service.permits("session.write"));

        // A read is one load, and no write.
        world.pass(seconds(1));
        node.authenticate(&token).await.unwrap();
        wait_for_last_use(&world, "orders").await;
        node.authenticate(&token).await.unwrap();
        world.calls.take();
        node.authenticate(&token).await.unwrap();
        let (loads, writes, _) = world.calls.take();
        assert_eq!((loads, writes), (1, 0));
    })
    .await;
}

#[tokio::test]
async fn of_many_who_register_one_name_at_once_on_two_nodes_one_succeeds() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let nodes = [world.sessions.services(), world.node().await.services()];
        let mut registering = JoinSet::new();
        for number in 0..16 {
            let services = nodes[number % 2].clone();
            registering.spawn(async move { services.register("orders", [format!("p{number}")]).await });
        }
        let (registered, refused): (Vec<_>, Vec<_>) = registering.join_all().await.into_iter().partition(Result::is_ok);
        assert_eq!(registered.len(), 1);
        assert!(refused.into_iter().all(|answer| kind(answer) == ErrorKind::ServiceExists));
        let token = registered.into_iter().next().unwrap().unwrap();
        assert!(nodes[1].authenticate(&token).await.is_ok());
        assert_eq!(nodes[0].list().await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn the_list_says_what_each_may_do_and_when_it_was_last_used() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let services = world.sessions.services();
        let created = world.clock.now();
        services.register("statistics", ["session.read"]).await.unwrap();
        let token = services.register("orders", [""; 0]).await.unwrap();
        world.pass(minutes(3));
        services.authenticate(&token).await.unwrap();
        wait_for_last_use(&world, "orders").await;
        services.rotate("statistics", seconds(1)).await.unwrap();

        let list = services.list().await.unwrap();
        let said = |info: &ServiceInfo| (info.name().to_owned(), info.permissions().count(), info.is_rotating());
        assert_eq!(
            list.iter().map(said).collect::<Vec<_>>(),
            [("orders".to_owned(), 0, false), ("statistics".to_owned(), 1, true)]
        );
        assert_eq!((list[0].created_at(), list[1].last_used()), (created, None));
        assert_eq!(list[0].last_used(), Some(world.clock.now()));
        let json = serde_json::to_string(&list).unwrap();
        assert!(json.contains(r#""permissions":["session.read"]"#), "{json}");
        assert!(!json.contains("hash") && !json.contains("current"), "{json}");
    })
    .await;
}

#[tokio::test]
async fn what_a_service_may_do_changes_on_every_node() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let services = world.sessions.services();
        let node = world.node().await.services();
        let token = services.register("orders", ["session.read"]).await.unwrap();
        assert!(node.authenticate(&token).await.unwrap().require("session.read").is_ok());
        services.set_permissions("orders", ["session.write"]).await.unwrap();
        world.heard().await;
        let service = node.authenticate(&token).await.unwrap();
        assert!(service.require("session.write").is_ok());
        assert_eq!(kind(service.require("session.read")), ErrorKind::NotPermitted);
    })
    .await;
}

/// P4, P5.
#[tokio::test]
async fn a_revoked_service_is_out_on_every_node_and_stays_out_when_its_name_is_registered_anew() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let services = world.sessions.services();
        let node = world.node().await.services();
        let first = services.register("orders", ["session.read"]).await.unwrap();
        node.authenticate(&first).await.unwrap();
        assert!(services.revoke("orders").await.unwrap());
        assert!(!services.revoke("orders").await.unwrap(), "to revoke it again is no error");
        assert_eq!(refusal(services.authenticate(&first).await), RefusalKind::Gone);
        world.heard().await;
        assert_eq!(refusal(node.authenticate(&first).await), RefusalKind::Gone);
        assert_eq!(services.list().await.unwrap().len(), 0);

        let second = node.register("orders", ["session.write"]).await.unwrap();
        for services in [&services, &node] {
            assert_eq!(refusal(services.authenticate(&first).await), RefusalKind::WrongSecret);
            assert!(services.authenticate(&second).await.unwrap().permits("session.write"));
        }
    })
    .await;
}

#[tokio::test]
async fn no_verb_of_sessions_reaches_a_service() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let (sessions, services) = (&world.sessions, world.sessions.services());
        let token = services.register("orders", ["session.read", "session.revoke"]).await.unwrap();
        let id = id_of(&token);
        let service = services.authenticate(&token).await.unwrap();
        assert!(!sessions.revoke(id, Reason::ByOperator).await.unwrap());
        let answer = sessions.revoke_of("\u{1}services", id, Reason::ByUser).await;
        assert_eq!(kind(answer), ErrorKind::NotFound);
        assert!(!service.revoke(id, Reason::ByOperator).await.unwrap());
        assert_eq!(kind(service.session(id).await), ErrorKind::NotFound);
        for error in [
            kind(sessions.list("\u{1}services").await),
            kind(sessions.revoke_user("\u{1}services", Reason::ByOperator).await),
            kind(sessions.log_in("\u{1}services").await),
        ] {
            assert_eq!(error, ErrorKind::InvalidName);
        }
        sessions.revoke_everyone(Reason::ByOperator).await.unwrap();
        assert!(services.authenticate(&token).await.is_ok(), "it is no session, and is there still");
        assert_eq!(services.list().await.unwrap().len(), 1);
    })
    .await;
}

/// Ids of services are used again, so between a look and the end of what was seen another may have come.
#[tokio::test]
async fn what_is_not_there_is_not_ended_as_a_service_of_that_id_may_come_in_the_next_moment() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let services = world.sessions.services();
        let token = services.register("orders", ["session.read"]).await.unwrap();
        assert!(services.revoke("orders").await.unwrap());
        world.calls.take();
        assert!(!world.sessions.revoke(id_of(&token), Reason::ByOperator).await.unwrap());
        let (loads, writes, _) = world.calls.take();
        assert_eq!((loads, writes), (1, 0));
    })
    .await;
}

#[tokio::test]
async fn a_session_whose_id_looks_like_a_services_ends_by_its_id() {
    let (store, clock) = (Arc::new(MemoryStore::new()), Clock::manual(UNIX_EPOCH + minutes(1)));
    let sessions = Sessions::builder(KeyRing::new(KEY).unwrap(), Arc::clone(&store));
    let sessions = sessions.clock(clock.clone()).build().unwrap();
    let token = sessions.services().register("orders", ["session.read"]).await.unwrap();
    let mut bytes = *id_of(&token).as_bytes();
    bytes[0] ^= 1;
    let id = SessionId::from_bytes(bytes);
    let record = Record::new(id, SecretHash::from_bytes([1; 32]), Config::production().lifetime, clock.now());
    let no_limit = Limit { max: 0, when_full: WhenFull::Reject };
    store.create(record, no_limit.into(), clock.now()).await.unwrap();
    assert!(sessions.revoke(id, Reason::ByOperator).await.unwrap());
    assert!(store.load(id, clock.now()).await.unwrap().is_none());
    assert!(sessions.services().authenticate(&token).await.is_ok());
}

/// P10: no request waits for it or fails by it, and a store in trouble is not given more to do.
#[tokio::test]
async fn a_last_use_that_cannot_be_noted_is_tried_once_a_minute_however_many_requests_come() {
    on_every_store(|backend| async move {
        let world = World::new(backend).await;
        let services = world.sessions.services();
        let token = services.register("orders", ["session.read"]).await.unwrap();
        world.pass(seconds(1));
        world.calls.break_writes(true);
        world.calls.take();
        for minute in 0..3 {
            for _ in 0..50 {
                services.authenticate(&token).await.unwrap();
                tokio::task::yield_now().await;
            }
            assert_eq!(world.calls.take().1, 1, "in minute {minute}");
            world.pass(minutes(1));
        }
        world.calls.break_writes(false);
        services.authenticate(&token).await.unwrap();
        wait_for_last_use(&world, "orders").await;
    })
    .await;
}

#[tokio::test]
async fn what_can_be_no_name_is_refused_by_an_error_that_names_it() {
    let services = countersign::Sessions::for_tests().services();
    for name in ["", "two\nlines", "\u{1}services", &"x".repeat(129)] {
        let error = services.register(name, ["session.read"]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidName);
        assert!(error.to_string().contains("a service's name"), "{error}");
    }
    let error = services.register("orders", ["session read"]).await.unwrap_err();
    assert!(error.to_string().contains("`session read`"), "{error}");
    for answer in
        [services.rotate("nobody", seconds(1)).await.map(drop), services.set_permissions("nobody", ["x"]).await]
    {
        assert_eq!(kind(answer), ErrorKind::NoSuchService);
    }
    assert_eq!(services.list().await.unwrap().len(), 0);
}

/// The id under which its record is kept.
fn id_of(token: &ServiceToken) -> SessionId {
    token.reveal().split('.').nth(1).unwrap().parse().unwrap()
}

/// It is noted on a task of its own.
async fn wait_for_last_use(world: &World, name: &str) {
    for _ in 0..1_000 {
        let list = world.sessions.services().list().await.unwrap();
        if list.iter().any(|info| info.name() == name && info.last_used().is_some()) {
            return world.heard().await;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("its last use was not noted");
}
