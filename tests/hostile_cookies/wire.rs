use std::net::SocketAddr;

use axum::{Router, body::Body};
use http::{HeaderValue, Request, Response, header};
use http_body_util::BodyExt;
use hyper::{
    body::Incoming,
    client::conn::http2::{self as client, SendRequest},
    server::conn::{http1, http2},
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, duplex},
    net::{TcpListener, TcpStream},
};
use tower::ServiceExt;

/// What a client sees.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) status: u16,
    pub(crate) clears_cookie: bool,
    pub(crate) body: String,
}

const CLEARED: &str = "__Host-sid=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0";

pub(crate) async fn without_wire(app: &Router, cookies: &[Vec<u8>]) -> Seen {
    Seen::of(app.clone().oneshot(request(cookies)).await.unwrap().map(Body::new)).await
}

/// A server on a port of its own, and clients that write byte by byte.
pub(crate) struct Http1 {
    address: SocketAddr,
}

impl Http1 {
    pub(crate) async fn serve(app: &Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = TowerToHyperService::new(app.clone());
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let connection =
                    http1::Builder::new().max_buf_size(ROOM).serve_connection(TokioIo::new(socket), service.clone());
                tokio::spawn(connection);
            }
        });
        Self { address }
    }

    pub(crate) async fn send(&self, cookies: &[Vec<u8>]) -> Seen {
        let lines: Vec<Vec<u8>> = cookies.iter().map(|cookie| [b"cookie: ", &cookie[..]].concat()).collect();
        self.send_lines(&lines.join(&b"\r\n"[..])).await
    }

    /// Sends these lines of a head as they are.
    pub(crate) async fn send_lines(&self, lines: &[u8]) -> Seen {
        let mut socket = TcpStream::connect(self.address).await.unwrap();
        let head = b"GET /peek HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
        socket.write_all(&[head, lines, b"\r\n\r\n"].concat()).await.unwrap();
        let mut answer = String::new();
        socket.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        Seen {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            clears_cookie: clears_cookie(head.lines().filter_map(|line| line.strip_prefix("set-cookie: "))),
            body: body.to_owned(),
        }
    }
}

/// A server and a client that share one connection, in memory.
pub(crate) struct Http2 {
    client: SendRequest<Body>,
}

impl Http2 {
    pub(crate) async fn serve(app: &Router) -> Self {
        let (near, far) = duplex(64 * 1024);
        let most = u32::try_from(ROOM).unwrap();
        let mut server = http2::Builder::new(TokioExecutor::new());
        let service = TowerToHyperService::new(app.clone());
        tokio::spawn(server.max_header_list_size(most).serve_connection(TokioIo::new(far), service));
        let (client, connection) = client::handshake(TokioExecutor::new(), TokioIo::new(near)).await.unwrap();
        tokio::spawn(connection);
        Self { client }
    }

    pub(crate) async fn send(&mut self, cookies: &[Vec<u8>]) -> Seen {
        let response: Response<Incoming> = self.client.send_request(request(cookies)).await.unwrap();
        Seen::of(response.map(Body::new)).await
    }
}

impl Seen {
    async fn of(response: Response<Body>) -> Self {
        let cookies = response.headers().get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap());
        Self {
            status: response.status().as_u16(),
            clears_cookie: clears_cookie(cookies),
            body: String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap(),
        }
    }
}

/// Nothing but that is ever set here.
fn clears_cookie<'a>(set_cookies: impl Iterator<Item = &'a str>) -> bool {
    let set: Vec<&str> = set_cookies.collect();
    assert!(set.is_empty() || set == [CLEARED], "{set:?}");
    !set.is_empty()
}

fn request(cookies: &[Vec<u8>]) -> Request<Body> {
    let mut request = Request::get("http://localhost/peek").body(Body::empty()).unwrap();
    for cookie in cookies {
        request.headers_mut().append(header::COOKIE, HeaderValue::from_bytes(cookie).unwrap());
    }
    request
}

/// For heads of far more than 64 KiB.
const ROOM: usize = 512 * 1024;
