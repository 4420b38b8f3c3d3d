//! The layer before a server of gRPC, by the example's service and client.

#![allow(
    dead_code,
    unreachable_pub,
    missing_debug_implementations,
    clippy::unwrap_used,
    reason = "tests unwrap what they expect, and share modules of which each uses a part"
)]

#[path = "../../examples/grpc/client.rs"]
mod client;
#[path = "../../examples/grpc/service.rs"]
mod service;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use client::NotesClient;
use countersign::{Carriers, Reason, SessionLayer, Sessions};
use service::NotesServer;
use support::{Backend, World, minutes};
use tokio::{net::TcpListener, task::JoinSet, time::timeout};
use tonic::{
    Code,
    transport::{Channel, Server, server::TcpIncoming},
};

async fn world() -> World {
    World::with(Backend::Memory, |config| config.carriers = Carriers::BearerOnly).await
}

/// A client of a server with these sessions, over a real connection.
async fn served(sessions: Sessions) -> NotesClient {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let channel = Channel::from_shared(format!("http://{}", listener.local_addr().unwrap())).unwrap().connect_lazy();
    let server = Server::builder().layer(SessionLayer::new(sessions)).add_service(NotesServer);
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));
    NotesClient::new(channel)
}

#[tokio::test]
async fn metadata_carries_the_token_and_the_method_finds_the_session() {
    let world = world().await;
    let client = served(world.sessions.clone()).await;
    let token = client.clone().log_in("ada").await.unwrap().token;
    let mut ada = client.with_token(&token).unwrap();
    assert_eq!(ada.who_am_i().await.unwrap().name, "ada");
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let mut ada = ada.clone();
        calls.spawn(async move { ada.add("tea").await.unwrap().notes });
    }
    let mut counts = calls.join_all().await;
    counts.sort_unstable();
    counts.dedup();
    assert_eq!((counts.len(), counts.last()), (20, Some(&20)), "each counts, and is told so");
}

#[tokio::test]
async fn without_a_good_token_a_call_is_unauthenticated() {
    let world = world().await;
    let client = served(world.sessions.clone()).await;
    let token = client.clone().log_in("ada").await.unwrap().token;
    let forged = format!("A{}", &token[1..]);
    let mut callers = vec![client.clone()];
    for bad in ["", "no token", if forged == token { "B" } else { &forged }] {
        callers.push(client.clone().with_token(bad).unwrap());
    }
    for caller in &mut callers {
        let status = caller.who_am_i().await.unwrap_err();
        assert_eq!((status.code(), status.message()), (Code::Unauthenticated, "log in first"));
        assert_eq!(caller.add("tea").await.unwrap_err().code(), Code::Unauthenticated);
    }
    let mut ada = client.with_token(&token).unwrap();
    assert!(ada.who_am_i().await.is_ok());
    world.pass(minutes(31));
    assert_eq!(ada.who_am_i().await.unwrap_err().code(), Code::Unauthenticated, "expired");
}

/// P10: an outage makes nobody anonymous, and says that it passes.
#[tokio::test]
async fn p10_while_the_store_is_out_a_call_is_unavailable() {
    let world = world().await;
    let client = served(world.sessions.clone()).await;
    let token = client.clone().log_in("ada").await.unwrap().token;
    let mut ada = client.clone().with_token(&token).unwrap();
    world.calls.break_store(true);
    let status = ada.who_am_i().await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert_eq!(status.metadata().get("retry-after").unwrap(), "2");
    assert_eq!(client.clone().log_in("grace").await.unwrap_err().code(), Code::Unavailable);
    world.calls.break_store(false);
    assert_eq!(ada.who_am_i().await.unwrap().name, "ada", "nobody was logged out");
    world.calls.break_writes(true);
    assert_eq!(ada.add("tea").await.unwrap_err().code(), Code::Unavailable, "P13");
}

#[tokio::test]
async fn a_stream_ends_with_its_session_and_says_why() {
    let world = world().await;
    let elsewhere = world.node().await;
    let client = served(world.sessions.clone()).await;
    let token = client.clone().log_in("ada").await.unwrap().token;
    let mut notes = client.with_token(&token).unwrap().watch().await.unwrap();
    assert_eq!(notes.message().await.unwrap().unwrap().text, "note 0 for ada");
    elsewhere.revoke_user("ada", Reason::PasswordChanged).await.unwrap();
    let last = timeout(Duration::from_secs(20), async {
        loop {
            match notes.message().await {
                Ok(Some(_)) => {}
                other => return other,
            }
        }
    });
    assert_eq!(last.await.unwrap().unwrap_err().code(), Code::Unauthenticated);
}
