//! hyper-util's client that carries its tokens: renewed once for all tasks, and a 401 is healed.
//!
//! ```sh
//! cargo run --example client_hyper --features client
//! ```

#![allow(clippy::print_stdout, reason = "an example says what it does")]

#[path = "client_support/mod.rs"]
mod support;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use countersign::client::{ClientLayer, RefreshError, RefreshToken, TokenManager, TokenSet, WithoutTokens};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tower::{Service, ServiceBuilder, ServiceExt};

type Hyper = Client<HttpConnector, Full<Bytes>>;

/// The call that renews tokens: by the bare client, so that it needs none itself.
async fn refresh(http: Hyper, origin: String, token: RefreshToken) -> Result<TokenSet, RefreshError> {
    let body = format!("grant_type=refresh_token&refresh_token={}", token.reveal());
    let request = Request::post(origin + "/tokens").extension(WithoutTokens).body(body.into());
    let response = http.request(request.map_err(RefreshError::try_again)?).await.map_err(RefreshError::try_again)?;
    match response.status().as_u16() {
        200 => {
            let body = response.into_body().collect().await.map_err(RefreshError::try_again)?.to_bytes();
            TokenSet::from_response(&body, SystemTime::now()).map_err(RefreshError::try_again)
        }
        400 | 401 => Err(RefreshError::refused("the refresh token is no good any more")),
        status => Err(RefreshError::try_again(format!("status {status}"))),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let origin = support::api().await?;
    let http: Hyper = Client::builder(TokioExecutor::new()).build_http();

    let tokens = TokenSet::new("old")?.with_refresh_token("first")?;
    let tokens = tokens.with_lifetime(Duration::from_secs(3600), SystemTime::now());
    let (bare, issuer) = (http.clone(), origin.clone());
    let manager =
        TokenManager::builder(move |token| refresh(bare.clone(), issuer.clone(), token)).tokens(tokens).build()?;
    let mut client = ServiceBuilder::new().layer(ClientLayer::new(&origin, manager)?).service(http);

    let request = Request::post(format!("{origin}/notes")).body(Full::from("a note"))?;
    let response = client.ready().await?.call(request).await?;
    println!("{}: {:?}", response.status(), response.into_body().collect().await?.to_bytes());
    Ok(())
}
