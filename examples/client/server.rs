//! The quickstart, as this program calls it.

use std::{error::Error, time::SystemTime};

use countersign::client::{ClientLayer, ClientService, ClientSession, RefreshError, TokenSet, WithoutTokens};
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tower::{Layer, ServiceExt};

type Http = Client<HttpConnector, Full<Bytes>>;

pub(crate) struct Server {
    url: String,
    client: ClientService<Http>,
}

impl Server {
    pub(crate) fn new(url: String, session: ClientSession) -> Result<Self, Box<dyn Error>> {
        let client = ClientLayer::new(&url, session)?.layer(http());
        Ok(Self { url, client })
    }

    /// The token, as JSON.
    pub(crate) async fn log_in(&self, username: &str, password: &str) -> Result<Bytes, Box<dyn Error>> {
        let body = serde_json::json!({ "username": username, "password": password }).to_string();
        let request = Request::post(format!("{}/login", self.url))
            .header(header::CONTENT_TYPE, "application/json")
            .extension(WithoutTokens)
            .body(Full::from(body))?;
        let (status, body) = self.send(request).await?;
        match status {
            StatusCode::OK => Ok(body),
            StatusCode::UNAUTHORIZED => Err("wrong name or password".into()),
            status => Err(unexpected(status, &body)),
        }
    }

    /// Carries the token, renews it if it is time, and tries once more after a 401.
    pub(crate) async fn call(&self, method: Method, path: &str) -> Result<String, Box<dyn Error>> {
        let request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        let (status, body) = self.send(request.body(Full::default())?).await?;
        match status {
            StatusCode::OK => Ok(String::from_utf8_lossy(&body).into_owned()),
            StatusCode::UNAUTHORIZED => Err("log in first: login NAME PASSWORD".into()),
            status => Err(unexpected(status, &body)),
        }
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<(StatusCode, Bytes), Box<dyn Error>> {
        let response = self.client.clone().oneshot(request).await?;
        Ok((response.status(), response.into_body().collect().await?.to_bytes()))
    }
}

/// Exchanges a token for its successor.
pub(crate) async fn renew(url: String, tokens: TokenSet) -> Result<TokenSet, RefreshError> {
    let request = Request::post(format!("{url}/refresh")).header(header::AUTHORIZATION, tokens.access_token().header());
    let request = request.body(Full::<Bytes>::default()).map_err(RefreshError::try_again)?;
    let response = http().request(request).await.map_err(RefreshError::try_again)?;
    match response.status() {
        StatusCode::OK => {}
        // Ended, or followed by another token already: no use to ask again.
        status @ (StatusCode::UNAUTHORIZED | StatusCode::CONFLICT) => {
            return Err(RefreshError::refused(status.to_string()));
        }
        status => return Err(RefreshError::try_again(status.to_string())),
    }
    let body = response.into_body().collect().await.map_err(RefreshError::try_again)?.to_bytes();
    TokenSet::from_response(&body, SystemTime::now()).map_err(RefreshError::try_again)
}

/// Ends the session at the server.
pub(crate) async fn log_out(url: String, tokens: TokenSet) -> Result<(), Box<dyn Error + Send + Sync>> {
    let request = Request::post(format!("{url}/logout")).header(header::AUTHORIZATION, tokens.access_token().header());
    let response = http().request(request.body(Full::default())?).await?;
    if response.status().is_success() { Ok(()) } else { Err(response.status().to_string().into()) }
}

fn unexpected(status: StatusCode, body: &[u8]) -> Box<dyn Error> {
    format!("{status}: {}", String::from_utf8_lossy(body)).into()
}

fn http() -> Http {
    Client::builder(TokioExecutor::new()).build_http()
}
