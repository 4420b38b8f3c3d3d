//! Counts lie among the sessions, and are none.

use countersign::{ErrorKind, Reason, SessionId};
use serde_json::Value;

use crate::{
    help::{allowed, attempt, attempt_at, lock, world},
    support::{World, minutes, on_every_store},
};

#[tokio::test]
async fn counts_are_nobodys_sessions() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        lock(&world, "ada").await;
        assert!(world.sessions.list("ada").await.unwrap().is_empty(), "{backend:?}");
        assert!(world.sessions.revoke_user("ada", Reason::ByOperator).await.unwrap().is_empty());
        let holder = holders(&world).pop().unwrap();
        let error = world.sessions.log_in(holder).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidName, "no user is called so");
        assert_eq!(allowed(&world.sessions, "ada").await, 0, "and all that has not unlocked it");
    })
    .await;
}

#[tokio::test]
async fn to_end_a_count_as_if_it_were_a_session_does_no_harm() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        assert_eq!(allowed(&world.sessions, "ada").await, 3);
        for id in ids(&world) {
            assert!(world.sessions.revoke(id, Reason::ByOperator).await.unwrap());
        }
        assert_eq!(allowed(&world.sessions, "ada").await, 3, "{backend:?}");
    })
    .await;
}

#[tokio::test]
async fn counts_expire_and_are_swept() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        for number in 0..4 {
            attempt_at(&world.sessions, &format!("user-{number}"), "192.0.2.1").await.unwrap();
        }
        assert_eq!(world.live(ids(&world)).await.len(), 5, "four accounts and a network");
        world.pass(minutes(60));
        assert_eq!(world.live(ids(&world)).await.len(), 4);
        world.pass(minutes(24 * 60));
        assert!(world.live(ids(&world)).await.is_empty(), "{backend:?}");
        let swept = world.sessions.sweep().await.unwrap();
        assert_eq!(swept, if backend.expires_by_itself() { 0 } else { 5 }, "{backend:?}");
        attempt(&world.sessions, "user-1").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_expired_count_is_in_nobodys_way_before_it_is_swept() {
    on_every_store(|backend| async move {
        let world = world(backend).await;
        for _ in 0..3 {
            assert_eq!(allowed(&world.sessions, "ada").await, 3, "{backend:?}");
            world.pass(minutes(24 * 60));
        }
    })
    .await;
}

fn ids(world: &World) -> Vec<SessionId> {
    created(world).iter().map(|record| record["id"].as_str().unwrap().parse().unwrap()).collect()
}

fn holders(world: &World) -> Vec<String> {
    created(world).iter().map(|record| record["user"].as_str().unwrap().to_owned()).collect()
}

/// The records that the store was given, each once.
fn created(world: &World) -> Vec<Value> {
    let seen = world.calls.seen();
    let mut records: Vec<Value> = serde_json::Deserializer::from_slice(&seen).into_iter().map(Result::unwrap).collect();
    records.sort_by_key(|record: &Value| record["id"].to_string());
    records.dedup_by_key(|record| record["id"].to_string());
    records
}
