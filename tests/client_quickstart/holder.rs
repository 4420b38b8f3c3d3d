//! A program that holds a session of the quickstart, as its author would write it.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use countersign::client::{
    AccessToken, ClientLayer, ClientService, ClientSession, RefreshError, TokenManager, TokenManagerBuilder, TokenSet,
    WithoutTokens, with_tokens,
};
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};
use tower::{Layer, ServiceExt};

use crate::Failed;

type Plain = Client<HttpConnector, Full<Bytes>>;

#[derive(Clone)]
pub struct Holder {
    server: String,
    session: ClientSession,
    client: ClientService<Plain>,
    refreshes: Arc<AtomicUsize>,
}

#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub body: Bytes,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Holder {
    pub fn new(server: SocketAddr) -> Self {
        Self::holding(server, None)
    }

    fn holding(server: SocketAddr, tokens: Option<TokenSet>) -> Self {
        let server = format!("http://{server}");
        let plain = Client::builder(TokioExecutor::new()).build_http();
        let refreshes = Arc::new(AtomicUsize::new(0));
        let refresher = with_tokens({
            let (plain, url, refreshes) = (plain.clone(), format!("{server}/refresh"), Arc::clone(&refreshes));
            move |tokens: TokenSet| {
                refreshes.fetch_add(1, Ordering::SeqCst);
                renew(plain.clone(), url.clone(), tokens)
            }
        });
        let manager = TokenManager::builder(refresher);
        let manager = tokens.into_iter().fold(manager, TokenManagerBuilder::tokens);
        let session = ClientSession::new(manager.build().unwrap());
        let client = ClientLayer::new(&server, session.clone()).unwrap().layer(plain);
        Self { server, session, client, refreshes }
    }

    pub fn with_token(server: SocketAddr, token: &AccessToken) -> Self {
        let tokens = TokenSet::new(token.reveal()).unwrap();
        Self::holding(server, Some(tokens))
    }

    pub fn tokens(&self) -> &TokenManager {
        self.session.tokens()
    }

    /// How often the server was asked for another token.
    pub fn refreshes(&self) -> usize {
        self.refreshes.load(Ordering::SeqCst)
    }

    pub async fn log_in(&self, username: &str, password: &str) {
        let body = json!({ "username": username, "password": password }).to_string();
        let request = Request::post(format!("{}/login", self.server))
            .header(header::CONTENT_TYPE, "application/json")
            .extension(WithoutTokens)
            .body(Full::from(body))
            .unwrap();
        let reply = self.call(request).await.unwrap();
        assert_eq!(reply.status, StatusCode::OK);
        let tokens = TokenSet::from_response(&reply.body, SystemTime::now()).unwrap();
        self.session.log_in(tokens).await.unwrap();
    }

    /// At the server first.
    pub async fn log_out(&self) {
        let request = Request::post(format!("{}/logout", self.server)).body(Full::default()).unwrap();
        assert_eq!(self.call(request).await.unwrap().status, StatusCode::NO_CONTENT);
        self.session.clear().await.unwrap();
    }

    pub async fn get(&self, path: &str) -> Result<Reply, Failed> {
        self.send(Method::GET, path).await
    }

    pub async fn post(&self, path: &str) -> Result<Reply, Failed> {
        self.send(Method::POST, path).await
    }

    pub async fn send(&self, method: Method, path: &str) -> Result<Reply, Failed> {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.server));
        self.call(request.body(Full::default()).unwrap()).await
    }

    async fn call(&self, request: Request<Full<Bytes>>) -> Result<Reply, Failed> {
        let client = self.client.clone();
        let response = client.oneshot(request).await?;
        let status = response.status();
        Ok(Reply { status, body: response.into_body().collect().await.unwrap().to_bytes() })
    }
}

/// A countersign token is exchanged for its successor.
async fn renew(client: Plain, url: String, tokens: TokenSet) -> Result<TokenSet, RefreshError> {
    let request = Request::post(url).header(header::AUTHORIZATION, tokens.access_token().header());
    let request = request.body(Full::default()).map_err(RefreshError::try_again)?;
    let response = client.request(request).await.map_err(RefreshError::try_again)?;
    match response.status() {
        StatusCode::OK => {}
        status if status.is_client_error() => return Err(RefreshError::refused(status.to_string())),
        status => return Err(RefreshError::try_again(status.to_string())),
    }
    let body = response.into_body().collect().await.map_err(RefreshError::try_again)?.to_bytes();
    TokenSet::from_response(&body, SystemTime::now()).map_err(RefreshError::try_again)
}
