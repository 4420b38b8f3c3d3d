//! A node on a port of its own, and clients that are connected to it.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use countersign::Sessions;
use futures_util::{SinkExt, StreamExt};
use http::header::{AUTHORIZATION, USER_AGENT};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::routes;

/// An application that listens, while this lives.
pub struct Node {
    pub address: SocketAddr,
    server: JoinHandle<()>,
}

impl Node {
    pub async fn start(sessions: Sessions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, routes::app(sessions)).await.unwrap() });
        Self { address, server }
    }

    pub async fn socket(&self, token: &str) -> Socket {
        self.socket_as(token, "a program").await
    }

    /// The same, by this user agent.
    pub async fn socket_as(&self, token: &str, agent: &str) -> Socket {
        Socket::open(self.address, token, agent).await
    }

    /// A request that is made by its own connection.
    pub async fn post(&self, path: &str, token: &str) -> u16 {
        let answer = reqwest::Client::new().post(format!("http://{}{path}", self.address)).bearer_auth(token);
        answer.send().await.unwrap().status().as_u16()
    }

    pub async fn get(&self, path: &str, token: &str) -> reqwest::Response {
        reqwest::Client::new().get(format!("http://{}{path}", self.address)).bearer_auth(token).send().await.unwrap()
    }

    /// A stream of events that has begun.
    pub async fn events(&self, token: &str) -> Events {
        let answer = self.get("/events", token).await;
        assert_eq!(answer.status(), 200);
        let mut events = Events { stream: answer };
        assert!(events.next().await.unwrap().contains("data: 0"));
        events
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A client's end of a WebSocket.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Socket {
    pub async fn open(address: SocketAddr, token: &str, agent: &str) -> Self {
        let mut handshake = format!("ws://{address}/socket").into_client_request().unwrap();
        handshake.headers_mut().insert(AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        handshake.headers_mut().insert(USER_AGENT, agent.parse().unwrap());
        let (stream, _) = connect_async(handshake).await.unwrap();
        Self { stream }
    }

    pub async fn say(&mut self, text: &str) -> Option<String> {
        self.stream.send(Message::text(text)).await.ok()?;
        match timeout(PATIENCE, self.stream.next()).await.unwrap() {
            Some(Ok(Message::Text(answer))) => Some(answer.to_string()),
            _ => None,
        }
    }

    /// Says something to which the answer is the end.
    pub async fn say_last(&mut self, text: &str) -> (u16, String, Instant) {
        self.stream.send(Message::text(text)).await.unwrap();
        self.closed().await
    }

    /// Code and reason of the close frame, and when it came.
    pub async fn closed(&mut self) -> (u16, String, Instant) {
        loop {
            match timeout(PATIENCE, self.stream.next()).await.expect("the socket should close") {
                Some(Ok(Message::Close(Some(frame)))) => {
                    return (frame.code.into(), frame.reason.to_string(), Instant::now());
                }
                Some(Ok(Message::Text(_))) => {}
                other => panic!("no close frame: {other:?}"),
            }
        }
    }

    /// It is open, and stays so for a while.
    pub async fn stays_open(&mut self) {
        let heard = timeout(A_WHILE, self.stream.next()).await;
        assert!(heard.is_err(), "{heard:?}");
    }
}

/// A client's end of a stream of events.
pub struct Events {
    stream: reqwest::Response,
}

impl Events {
    pub async fn next(&mut self) -> Option<String> {
        let chunk = timeout(PATIENCE, self.stream.chunk()).await.expect("an event, or the end").unwrap()?;
        Some(String::from_utf8(chunk.to_vec()).unwrap())
    }

    /// Reads to the end, which should come.
    pub async fn ended(&mut self) {
        let mut events = 0;
        while self.next().await.is_some() {
            events += 1;
            assert!(events < 20, "the stream should end");
        }
    }
}

/// Waits for what comes in its own time.
pub async fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what}");
        sleep(Duration::from_millis(20)).await;
    }
}

pub const PATIENCE: Duration = Duration::from_secs(20);

/// Longer than between two looks at what is watched.
pub const A_WHILE: Duration = Duration::from_millis(1_200);
