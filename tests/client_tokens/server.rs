//! A real server that hands out tokens: refresh tokens are good for one use, and one that is used again ends the
//! whole family (RFC 9700, section 4.14.2).

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, StatusCode, body::Incoming};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, sync::Barrier};

use countersign::{
    Clock,
    client::{RefreshError, RefreshToken, TokenSet},
};

use crate::{LIFE, http_server::serve};

pub struct Server {
    pub address: SocketAddr,
    family: Arc<Mutex<Family>>,
}

/// The tokens of one log-in.
#[derive(Clone, Debug, Default)]
pub struct Family {
    /// The only generation that is honoured.
    pub generation: usize,
    pub refreshes: usize,
    pub ended: bool,
    /// Requests with any other access token.
    pub dead_tokens: usize,
    /// Refreshes so far, at the end of each round.
    pub rounds: Vec<usize>,
}

impl Server {
    /// A server that lets its clients start their rounds together, so many at once.
    pub async fn start(clients: usize) -> Self {
        let family = Arc::new(Mutex::new(Family::default()));
        let (state, barrier) = (Arc::clone(&family), Arc::new(Barrier::new(clients)));
        let answer = move |request| answer(Arc::clone(&state), Arc::clone(&barrier), request);
        let (address, _) = serve("127.0.0.1:0", answer).await;
        Self { address, family }
    }

    pub fn family(&self) -> Family {
        self.family.lock().unwrap().clone()
    }
}

async fn answer(state: Arc<Mutex<Family>>, barrier: Arc<Barrier>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_owned();
    let body = String::from_utf8(request.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap();
    if path == "/round" && barrier.wait().await.is_leader() {
        let mut family = state.lock().unwrap();
        let refreshes = family.refreshes;
        family.rounds.push(refreshes);
    }
    if path == "/round" {
        // Nobody goes on before the round is noted.
        barrier.wait().await;
    }
    let (status, text) = state.lock().unwrap().answer(&path, &body);
    Response::builder().status(status).body(Full::from(text)).unwrap()
}

impl Family {
    fn answer(&mut self, path: &str, token: &str) -> (StatusCode, String) {
        match path {
            "/refresh" => {
                self.refreshes += 1;
                if self.ended || token != format!("refresh-{}", self.generation) {
                    self.ended = true;
                    return (StatusCode::BAD_REQUEST, r#"{"error":"invalid_grant"}"#.to_owned());
                }
                self.generation += 1;
                let (n, life) = (self.generation, LIFE.as_secs());
                let text = format!(
                    r#"{{"access_token":"access-{n}","refresh_token":"refresh-{n}","token_type":"Bearer","expires_in":{life}}}"#
                );
                (StatusCode::OK, text)
            }
            "/use" if !self.ended && token == format!("access-{}", self.generation) => (StatusCode::OK, String::new()),
            "/use" => {
                self.dead_tokens += 1;
                (StatusCode::UNAUTHORIZED, String::new())
            }
            _ => (StatusCode::OK, String::new()),
        }
    }
}

/// One request on a connection of its own.
pub async fn post(address: SocketAddr, path: &str, body: &str) -> (StatusCode, Bytes) {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let request = Request::post(path).header("host", "example.com").body(Full::<Bytes>::from(body.to_owned())).unwrap();
    let response = sender.send_request(request).await.unwrap();
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    connection.abort();
    (status, body)
}

/// A refresher that asks this server.
pub fn refresher(
    address: SocketAddr,
    clock: Clock,
) -> impl Fn(RefreshToken) -> std::pin::Pin<Box<dyn Future<Output = Result<TokenSet, RefreshError>> + Send>> + Send + Sync
{
    move |token| {
        let clock = clock.clone();
        Box::pin(async move {
            let (status, body) = post(address, "/refresh", token.reveal()).await;
            if status != StatusCode::OK {
                return Err(RefreshError::refused("invalid_grant"));
            }
            TokenSet::from_response(&body, clock.now()).map_err(RefreshError::refused)
        })
    }
}
