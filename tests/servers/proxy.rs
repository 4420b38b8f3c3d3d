//! The proxy's four modes, in front of a server that says everything back.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::support::servers::proxy::Proxy;

#[tokio::test]
async fn passes_bytes_both_ways_and_an_end_as_well() {
    let proxy = Proxy::to(echo().await);
    let mut client = connect(&proxy).await;
    let many = vec![7; 1_000_000];
    let (mut from, mut to) = client.split();
    let (sent, received) = tokio::join!(
        async {
            to.write_all(&many).await?;
            to.shutdown().await
        },
        async {
            let mut all = Vec::new();
            from.read_to_end(&mut all).await.map(|_| all)
        }
    );
    sent.unwrap();
    assert_eq!(received.unwrap(), many);
}

#[tokio::test]
async fn a_cut_closes_what_is_open_and_what_comes() {
    let proxy = Proxy::to(echo().await);
    let mut before = connect(&proxy).await;
    assert_eq!(said_back(&mut before).await, Some(*b"hello"));
    proxy.cut();
    assert_eq!(said_back(&mut before).await, None);
    assert_eq!(said_back(&mut connect(&proxy).await).await, None);
    proxy.pass();
    assert_eq!(said_back(&mut before).await, None);
    let mut after = connect(&proxy).await;
    assert_eq!(said_back(&mut after).await, Some(*b"hello"));
    proxy.cut();
    proxy.pass();
    assert_eq!(said_back(&mut after).await, None, "however short the cut was");
}

#[tokio::test]
async fn nothing_moves_while_frozen_and_all_of_it_afterwards() {
    let proxy = Proxy::to(echo().await);
    let mut before = connect(&proxy).await;
    assert_eq!(said_back(&mut before).await, Some(*b"hello"));
    proxy.freeze();
    let mut during = connect(&proxy).await;
    for client in [&mut before, &mut during] {
        client.write_all(b"hello").await.unwrap();
        assert!(timeout(WHILE, client.read_u8()).await.is_err(), "neither an answer nor an end");
    }
    proxy.pass();
    for client in [&mut before, &mut during] {
        let mut answer = [0; 5];
        client.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"hello");
    }
    proxy.freeze();
    proxy.cut();
    assert_eq!(said_back(&mut before).await, None, "a frozen connection can be cut");
}

#[tokio::test]
async fn a_slow_network_takes_its_time_each_way() {
    let proxy = Proxy::to(echo().await);
    let mut client = connect(&proxy).await;
    proxy.slow(WHILE);
    let start = Instant::now();
    assert_eq!(said_back(&mut client).await, Some(*b"hello"));
    assert!(start.elapsed() >= 2 * WHILE);
    proxy.pass();
    let start = Instant::now();
    assert_eq!(said_back(&mut client).await, Some(*b"hello"));
    assert!(start.elapsed() < 2 * WHILE);
}

#[tokio::test]
async fn a_server_that_is_not_there_ends_the_connection() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let proxy = Proxy::to(closed);
    assert_eq!(said_back(&mut connect(&proxy).await).await, None);
}

async fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    port
}

async fn connect(proxy: &Proxy) -> TcpStream {
    TcpStream::connect(("127.0.0.1", proxy.port())).await.unwrap()
}

/// What comes back for a word; `None` if the connection is closed.
async fn said_back(client: &mut TcpStream) -> Option<[u8; 5]> {
    let mut answer = [0; 5];
    client.write_all(b"hello").await.ok()?;
    timeout(PATIENCE, client.read_exact(&mut answer)).await.expect("an answer or an end by now").ok()?;
    Some(answer)
}

const WHILE: Duration = Duration::from_millis(100);

const PATIENCE: Duration = Duration::from_secs(10);
