//! Sessions before a server of gRPC: metadata carries `authorization: Bearer …`, and a method finds the session in its request's
//! extensions. Start it by `cargo run --example grpc`: a client logs in, asks who it is, watches, and its session ends.
//!
//! The layer stands before the server, and its own answers are those of HTTP. Clients of gRPC know what they mean (gRPC's own
//! mapping of HTTP statuses): 401 is UNAUTHENTICATED, 403 PERMISSION_DENIED, 503 UNAVAILABLE. A dead token is nobody's, as
//! everywhere: it is the method that refuses it. So is what it demands: guards (`Require`) answer with a text, which a client of gRPC
//! takes for a broken message.
#![allow(clippy::print_stdout, reason = "an example says what it does")]

mod client;
mod service;

use std::error::Error;

use countersign::{Carriers, Config, KeyRing, MemoryStore, Reason, SessionLayer, Sessions};
use tokio::net::TcpListener;
use tonic::transport::{Channel, Server, server::TcpIncoming};

use client::NotesClient;
use service::NotesServer;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut config = Config::production();
    config.carriers = Carriers::BearerOnly; // No browser calls this: no cookies are read or set.
    let sessions = Sessions::builder(KeyRing::generate()?, MemoryStore::new()).config(config).build()?;

    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = Server::builder().layer(SessionLayer::new(sessions.clone())).add_service(NotesServer);
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener)));

    let channel = Channel::from_shared(format!("http://{address}"))?.connect().await?;
    let mut client = NotesClient::new(channel);
    if let Err(status) = client.who_am_i().await {
        println!("without a token: {:?}, {}", status.code(), status.message());
    }
    let token = client.log_in("ada").await?.token;
    let mut client = client.with_token(&token)?;
    println!("with one: {}, who has {} note", client.who_am_i().await?.name, client.add("tea").await?.notes);

    let mut notes = client.watch().await?;
    println!("{}", notes.message().await?.unwrap_or_default().text);
    sessions.revoke_user("ada", Reason::ByOperator).await?;
    if let Err(status) = notes.message().await {
        println!("the stream: {:?}, {}", status.code(), status.message());
    }
    Ok(())
}
