//! Handshakes of WebSockets get what requests get.

use std::sync::{Arc, Mutex};

use countersign::client::{ClientLayer, ErrorKind, NoRefresh, TokenManager};
use tokio::{net::TcpListener, sync::mpsc};
use tokio_tungstenite::{
    accept_hdr_async, connect_async,
    tungstenite::{
        client::IntoClientRequest,
        handshake::server::{Request, Response},
    },
};

use crate::help::{count, dead, fresh, manager};

/// The address of a server that hands over the `Authorization` of each handshake.
async fn listening() -> (String, mpsc::UnboundedReceiver<Option<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let seen = Arc::new(Mutex::new(None));
            let note = Arc::clone(&seen);
            #[allow(clippy::result_large_err, reason = "the shape is tungstenite's")]
            let look = move |request: &Request, response: Response| {
                let header = request.headers().get("authorization");
                *note.lock().unwrap() = header.map(|value| value.to_str().unwrap().to_owned());
                Ok(response)
            };
            accept_hdr_async(stream, look).await.unwrap();
            sender.send(seen.lock().unwrap().take()).unwrap();
        }
    });
    (address, receiver)
}

#[tokio::test]
async fn a_handshake_carries_the_token_renewed_first_to_its_origin_only() {
    let (ours, mut at_ours) = listening().await;
    let (other, mut at_other) = listening().await;
    let (tokens, refreshes) = manager(dead("old"), "new");
    let layer = ClientLayer::new(format!("http://{ours}"), tokens).unwrap();
    for address in [&ours, &other] {
        let mut handshake = format!("ws://{address}/feed").into_client_request().unwrap();
        layer.authorize(&mut handshake).await.unwrap();
        connect_async(handshake).await.unwrap();
    }
    assert_eq!(at_ours.recv().await.unwrap().as_deref(), Some("Bearer new"));
    assert_eq!(at_other.recv().await.unwrap(), None);
    assert_eq!(count(&refreshes), 1);
}

#[tokio::test]
async fn without_a_good_token_a_handshake_is_not_begun() {
    let tokens = TokenManager::builder(NoRefresh).tokens(dead("old")).build().unwrap();
    let layer = ClientLayer::new("https://api.example.com", tokens.clone()).unwrap();
    let mut handshake = "wss://api.example.com/feed".into_client_request().unwrap();
    assert_eq!(layer.authorize(&mut handshake).await.unwrap_err().kind(), ErrorKind::Expired);
    assert!(!handshake.headers().contains_key("authorization"));
    tokens.set(fresh("new")).await.unwrap();
    layer.authorize(&mut handshake).await.unwrap();
    assert_eq!(handshake.headers()["authorization"], "Bearer new");
}
