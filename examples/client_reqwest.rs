//! reqwest that carries its tokens, and follows redirects outside of the layer: each hop gets what its own URI is entitled
//! to, and a stranger gets nothing.
//!
//! ```sh
//! cargo run --example client_reqwest --features client
//! ```

#![allow(clippy::print_stdout, reason = "an example says what it does")]

#[path = "client_support/mod.rs"]
mod support;

use std::time::{Duration, SystemTime};

use countersign::client::{ClientLayer, RefreshError, RefreshToken, TokenManager, TokenSet};
use http::{Request, Response};
use http_body_util::BodyExt;
use reqwest::{Body, redirect};
use tower::{BoxError, ServiceBuilder, ServiceExt};
use tower_http::follow_redirect::FollowRedirectLayer;

async fn refresh(http: reqwest::Client, origin: String, token: RefreshToken) -> Result<TokenSet, RefreshError> {
    let body = format!("grant_type=refresh_token&refresh_token={}", token.reveal());
    let response = http.post(origin + "/tokens").body(body).send().await.map_err(RefreshError::try_again)?;
    match response.status().as_u16() {
        200 => {
            let body = response.bytes().await.map_err(RefreshError::try_again)?;
            TokenSet::from_response(&body, SystemTime::now()).map_err(RefreshError::try_again)
        }
        400 | 401 => Err(RefreshError::refused("the refresh token is no good any more")),
        status => Err(RefreshError::try_again(format!("status {status}"))),
    }
}

/// What is whole in memory is copied; what streams is sent once.
fn copy(body: &Body) -> Option<Body> {
    body.as_bytes().map(|bytes| bytes.to_vec().into())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let origin = support::api().await?;
    let http = reqwest::Client::builder().redirect(redirect::Policy::none()).build()?;

    let tokens = TokenSet::new("old")?.with_refresh_token("first")?;
    let tokens = tokens.with_lifetime(Duration::from_secs(3600), SystemTime::now());
    let (bare, issuer) = (http.clone(), origin.clone());
    let manager =
        TokenManager::builder(move |token| refresh(bare.clone(), issuer.clone(), token)).tokens(tokens).build()?;
    let client = ServiceBuilder::new()
        .layer(FollowRedirectLayer::new())
        .layer(ClientLayer::new(&origin, manager)?.replay_with(copy))
        .map_response(|response: reqwest::Response| Response::<Body>::from(response))
        .service(tower::service_fn(move |request: Request<Body>| {
            let http = http.clone();
            async move { Ok::<_, BoxError>(http.execute(request.try_into()?).await?) }
        }));

    let request = Request::post(format!("{origin}/notes")).body(Body::from("a note"))?;
    let response = client.oneshot(request).await.map_err(|error| error.to_string())?;
    println!("{}: {:?}", response.status(), response.into_body().collect().await?.to_bytes());
    Ok(())
}
