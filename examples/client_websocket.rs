//! A WebSocket whose handshake carries the token, renewed first if it is time.
//!
//! ```sh
//! cargo run --example client_websocket --features client
//! ```

#![allow(clippy::print_stdout, reason = "an example says what it does")]

use std::time::{Duration, SystemTime};

use countersign::client::{ClientLayer, RefreshError, RefreshToken, TokenManager, TokenSet};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpListener;
use tokio_tungstenite::{
    accept_hdr_async, connect_async,
    tungstenite::{
        Message,
        client::IntoClientRequest,
        handshake::server::{ErrorResponse, Request, Response},
    },
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.ok()?;
        let mut socket = accept_hdr_async(stream, let_in).await.ok()?;
        socket.send(Message::text("welcome")).await.ok()
    });

    // The token has expired. A program would ask its server for another.
    let refresh = |_: RefreshToken| async { TokenSet::new("new").map_err(RefreshError::try_again) };
    let tokens = TokenSet::new("old")?.with_refresh_token("first")?;
    let tokens = tokens.with_lifetime(Duration::ZERO, SystemTime::now());
    let manager = TokenManager::builder(refresh).tokens(tokens).build()?;

    let layer = ClientLayer::new(format!("http://{address}"), manager)?;
    let mut handshake = format!("ws://{address}/feed").into_client_request()?;
    layer.authorize(&mut handshake).await?;
    let (mut socket, _) = connect_async(handshake).await?;
    println!("{:?}", socket.next().await.transpose()?);
    Ok(())
}

#[allow(clippy::result_large_err, reason = "the shape is tungstenite's")]
fn let_in(request: &Request, response: Response) -> Result<Response, ErrorResponse> {
    match request.headers().get("authorization").is_some_and(|value| value == "Bearer new") {
        true => Ok(response),
        false => Err(Response::builder().status(401).body(None).unwrap_or_default()),
    }
}
