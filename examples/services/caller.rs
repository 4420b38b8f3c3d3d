//! A service behind the portal: its users are the portal's, and what it keeps in their sessions it asks the portal for.

use std::{env, error::Error};

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
    routing::get,
};
use countersign::{LoggedIn, ServiceToken, SessionLayer, Sessions};
use reqwest::{Client, RequestBuilder};

/// Where the portal is, and who asks it.
#[derive(Clone)]
pub(crate) struct Portal {
    client: Client,
    url: String,
    token: ServiceToken,
}

/// Nobody logs in here: a token of the portal's is a session here as well, as store and keys are the same.
pub(crate) fn app(sessions: Sessions, portal: Portal) -> Router {
    Router::new()
        .route("/me", get(|who: LoggedIn| async move { who.user().to_owned() }))
        .route("/last", get(last).put(set_last))
        .with_state(portal)
        .layer(SessionLayer::new(sessions))
}

async fn last(who: LoggedIn, State(portal): State<Portal>) -> Response {
    portal.ask(portal.client.get(portal.attribute_of(&who))).await
}

async fn set_last(who: LoggedIn, State(portal): State<Portal>, order: String) -> Response {
    portal.ask(portal.client.put(portal.attribute_of(&who)).body(order)).await
}

impl Portal {
    pub(crate) fn from_env() -> Result<Self, Box<dyn Error>> {
        let url = env::var("PORTAL").unwrap_or_else(|_| "http://127.0.0.1:3000".to_owned());
        let token =
            env::var("SERVICE_TOKEN").map_err(|_| "SERVICE_TOKEN is not set: `services register` prints one")?;
        let token = token.trim().parse().map_err(|error| format!("SERVICE_TOKEN: {error}"))?;
        Ok(Self { client: Client::new(), url, token })
    }

    fn attribute_of(&self, who: &LoggedIn) -> String {
        format!("{}/internal/sessions/{}/last_order", self.url, who.id())
    }

    /// What the portal says to it goes to the user, but for what is between the two services.
    async fn ask(&self, request: RequestBuilder) -> Response {
        let answer = match request.bearer_auth(&*self.token.reveal()).send().await {
            Ok(answer) if answer.status() == StatusCode::UNAUTHORIZED => {
                return (StatusCode::BAD_GATEWAY, "the portal does not know this service").into_response();
            }
            Ok(answer) => answer,
            Err(_) => return (StatusCode::BAD_GATEWAY, "the portal cannot be reached").into_response(),
        };
        let status = answer.status();
        let content_type = answer.headers().get(CONTENT_TYPE).cloned();
        let Ok(body) = answer.bytes().await else { return StatusCode::BAD_GATEWAY.into_response() };
        let mut response = (status, body).into_response();
        if let Some(content_type) = content_type {
            response.headers_mut().insert(CONTENT_TYPE, content_type);
        }
        response
    }
}
